"""Columns by the names that the code has for them: a run's snapshot, and the failed task upstream of a task."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Renames two columns. SQLite and PostgreSQL share the statement; Alembic would copy the tables on SQLite."""
    op.execute("ALTER TABLE runs RENAME COLUMN pins TO snapshot")
    op.execute("ALTER TABLE tasks RENAME COLUMN blamed TO failed_upstream")
