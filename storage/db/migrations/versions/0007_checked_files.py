"""Checked files: stored files whose bytes were read and found intact."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "checked_files",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("stamp", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("table_name", sa.String(80), nullable=False),
        sa.Column("version", sa.String(80), nullable=False),
    )
    op.create_index("checked_files_by_version", "checked_files", ["table_name", "version"])
