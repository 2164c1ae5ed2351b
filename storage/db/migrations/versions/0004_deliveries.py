"""Deliveries: what each extract held, each time that it was another."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "deliveries",
        sa.Column("dataset", sa.String(80), primary_key=True),
        sa.Column("delivery", sa.String(64), primary_key=True),
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("as_of", sa.String(10), nullable=False),
        sa.Column("read_at", sa.String(32), nullable=False),
        sa.Column("last_read_at", sa.String(32), nullable=False),
        sa.Column("rejected", sa.Text),
        sa.Column("profile", sa.JSON, nullable=False),
    )
