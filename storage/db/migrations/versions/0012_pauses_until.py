"""When a pause of a schedule ends by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Adds the time; none for a pause that a person ends."""
    op.add_column("schedules", sa.Column("paused_until", sa.String(32)))
