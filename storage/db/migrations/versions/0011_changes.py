"""What an action changed: by name the value before and the value after."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the column and the index of the actions on a subject."""
    op.add_column("actions", sa.Column("changes", sa.JSON))
    op.create_index("actions_by_subject", "actions", ["subject"])
