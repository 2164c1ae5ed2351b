"""The ledger's tables about the stores: which deployment they belong to, what was removed, what waits for it."""

from sqlalchemy import Column, String, Table, Text

from storage.db.model_tables import metadata
from storage.db.types import Moment

deployments = Table(  # one row, of the time when the ledger was made or got this table
    "deployments",
    metadata,
    Column("deployment_id", String(40), primary_key=True),
    Column("created_at", Moment, nullable=False),
)

removed_files = Table(
    "removed_files",
    metadata,
    Column("name", String(240), primary_key=True),  # under the root of the models
    Column("removed_at", Moment, nullable=False),
)

leftovers = Table(
    "leftovers",
    metadata,
    Column("name", Text, primary_key=True),  # the store, a colon, and the name of a draft or the id of an upload
    Column("seen_at", Moment, nullable=False),  # first, by the ledger's clock, which is the same for all hosts
)
