"""Published reports: which run's copy people read under the name of a report."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "reports",
        sa.Column("publication_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("file", sa.String(330), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("published_at", sa.String(32), nullable=False),
        sa.Column("placed_at", sa.String(32)),
    )
    op.create_index("reports_by_name", "reports", ["name", "publication_id"])
