"""A new ledger: the tables of this release, made without Alembic, whose import takes half a second."""

import uuid
from datetime import UTC, datetime

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect

from storage.db.migrations.version import NEWEST, VERSIONS
from storage.db.schema import metadata
from storage.db.store_tables import deployments

VERSION_TABLE = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def is_new(connection: Connection) -> bool:
    """Whether the database has no ledger of any release."""
    inspected = inspect(connection)
    return not any(inspected.has_table(name) for name in ("runs", VERSION_TABLE.name))


def make_ledger(connection: Connection) -> list[str]:
    """Makes the tables and the id of the deployment. Returns the versions, as if each had been applied.

    Raises OperationalError or ProgrammingError when the database has a table of one of these names.
    """
    VERSION_TABLE.create(connection, checkfirst=False)
    connection.execute(insert(VERSION_TABLE).values(version_num=NEWEST))
    metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(deployments).values(deployment_id=str(uuid.uuid4()), created_at=datetime.now(UTC)))
    return list(VERSIONS)
