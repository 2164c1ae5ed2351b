"""Migrates a ledger to the newest schema, within the caller's transaction. Imported only when a migration is due."""

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

FIRST_RELEASE = "0001"


def upgrade(connection: Connection, version: str = "head") -> list[str]:
    """The versions that were applied up to `version`, in their order; none when another process was faster.

    The first release stored no version, so a ledger that has its tables without a version counts as that release.
    """
    scripts = ScriptDirectory(str(Path(__file__).parent))
    context = MigrationContext.configure(connection)
    stored = context.get_current_revision()
    if stored is None and inspect(connection).has_table("runs"):
        context.stamp(scripts, FIRST_RELEASE)
        stored = FIRST_RELEASE
    steps = [step for step in scripts.iterate_revisions(version, stored) if step.revision != stored][::-1]
    with Operations.context(context):
        for step in steps:
            step.module.upgrade()
            context.stamp(scripts, step.revision)
    return [step.revision for step in steps]
