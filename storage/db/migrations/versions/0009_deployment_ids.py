"""The id of the deployment that a ledger belongs to, and what its cleaning has to remember."""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Makes the tables, and the id."""
    made = op.create_table(
        "deployments",
        sa.Column("deployment_id", sa.String(40), primary_key=True),
        sa.Column("created_at", sa.String(32), nullable=False),
    )
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    op.bulk_insert(made, [{"deployment_id": str(uuid.uuid4()), "created_at": now}])
    op.create_table(
        "removed_files",
        sa.Column("name", sa.String(240), primary_key=True),
        sa.Column("removed_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "leftovers",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seen_at", sa.String(32), nullable=False),
    )
