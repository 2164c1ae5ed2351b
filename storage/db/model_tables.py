"""The ledger's tables about models: the registry, the events of its aliases, requests for approval."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from storage.db.types import Moment

metadata = MetaData()

models = Table(
    "models",
    metadata,
    Column("version", String(40), primary_key=True),
    Column("model_name", String(60), nullable=False),
    Column("run_id", String(80), ForeignKey("runs.run_id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("files", JSON, nullable=False),  # name, bytes and SHA-256 of the pickles and the metadata
    Column("summary", JSON, nullable=False),  # for lists and comparisons; the rest is in model_metadata
    Column("trained_on", JSON, nullable=False),  # table name to version
)

alias_events = Table(
    "alias_events",
    metadata,
    Column("event_id", Integer, primary_key=True, autoincrement=True),
    Column("alias", String(40), nullable=False),
    Column("version", String(40), ForeignKey("models.version"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", String(80), nullable=False),
    Column("why", Text, nullable=False),
    Column("run_id", String(80), ForeignKey("runs.run_id")),
    Index("alias_events_by_alias", "alias", "event_id"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("event_id", Integer, primary_key=True, autoincrement=True),
    Column("version", String(40), ForeignKey("models.version"), nullable=False),
    Column("event", String(16), nullable=False),  # requested, approved, rejected, superseded
    Column("champion", String(40), ForeignKey("models.version")),  # at the request
    Column("who", String(80), nullable=False),
    Column("why", Text, nullable=False),
    Column("run_id", String(80), ForeignKey("runs.run_id")),
    Column("at", Moment, nullable=False),
    Index("approvals_by_version", "version", "event_id"),
)
