"""Approvals: requests for the approval of a model by a second person, and their decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "approvals",
        sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("version", sa.String(40), sa.ForeignKey("models.version"), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("champion", sa.String(40), sa.ForeignKey("models.version")),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id")),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_index("approvals_by_version", "approvals", ["version", "event_id"])
