"""Where the ranges of a large extract begin, in lines."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Adds the line counts; none for a file that is read in one piece, and for one that an earlier release hashed."""
    op.add_column("source_digests", sa.Column("lines", sa.JSON))
