"""The ledger's tables, in SQLAlchemy Core: the same on SQLite and PostgreSQL. Models and alerts have modules."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.db import alert_tables, file_tables, model_tables, note_tables, report_tables, store_tables
from storage.db.types import Day, Moment, unique_where

ACTIVE_STATES = ("queued", "running")
RUN_STATES = (*ACTIVE_STATES, "succeeded", "failed", "cancelled", "crashed", "skipped")
OPEN_TASK_STATES = ("queued", "running", "retrying")

metadata = model_tables.metadata  # every table of the ledger
alerts = alert_tables.alerts
notes = note_tables.notes
reports = report_tables.reports
checked_files = file_tables.checked_files
STORE_TABLES = (store_tables.deployments, store_tables.removed_files, store_tables.leftovers)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(80), primary_key=True),
    Column("pipeline", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("as_of", Day, nullable=False),
    Column("params", JSON, nullable=False),
    Column("force", Boolean, nullable=False),
    Column("cause", String(20), nullable=False),  # manual, schedule, governance, resume, replay
    Column("cause_run_id", String(80), ForeignKey("runs.run_id")),
    Column("cause_detail", JSON, nullable=False),
    Column("parent_run_id", String(80), ForeignKey("runs.run_id")),
    Column("slot", String(80), unique=True),
    Column("request_key", String(80), unique=True),
    Column("requested_by", String(80), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("error", JSON),
    Column("owner", String(120)),
    Column("epoch", Integer, nullable=False, default=0),
    Column("heartbeat_at", Moment),
    Column("cancel_requested_at", Moment),
    Column("snapshot", JSON, nullable=False),  # what was current when the run started
    Index("runs_by_pipeline", "pipeline", "requested_at"),
    Index("runs_by_time", "requested_at"),
)

# A pipeline has one active run at most, however many processes request one at the same time.
IS_ACTIVE = text(f"state IN {ACTIVE_STATES}")
unique_where(IS_ACTIVE, "one_active_run", runs.c.pipeline)

tasks = Table(
    "tasks",
    metadata,
    Column("run_id", String(80), ForeignKey("runs.run_id"), primary_key=True),
    Column("task", String(60), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("parts_done", Integer, nullable=False, default=0),
    Column("parts_total", Integer, nullable=False, default=1),
    Column("rows_in", BigInteger),
    Column("rows_out", BigInteger),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("error", JSON),
    Column("failed_upstream", String(60)),  # for upstream_failed: the task that failed
    Column("cache_key", String(64)),
    Column("key_after", String(64)),  # the key of the same task once its own result is published
    Column("cached_from", String(80)),  # the run whose result was used
    Column("outcome", JSON),
    Index("tasks_by_key", "cache_key"),
    Index("tasks_by_key_after", "key_after"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("run_id", String(80), ForeignKey("runs.run_id"), primary_key=True),
    Column("task", String(60), primary_key=True),
    Column("part", String(120), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("error", JSON),
)

logs = Table(
    "logs",
    metadata,
    Column("log_id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(80), nullable=False),
    Column("task", String(60), nullable=False),
    Column("at", Moment, nullable=False),
    Column("level", String(10), nullable=False),
    Column("message", Text, nullable=False),
    Index("logs_by_run", "run_id", "log_id"),
)

table_versions = Table(
    "table_versions",
    metadata,
    Column("table_name", String(80), primary_key=True),
    Column("version", String(80), primary_key=True),
    Column("run_id", String(80), ForeignKey("runs.run_id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content", JSON, nullable=False),  # parts, dates, sources
    Column("removed_at", Moment),
)

publications = Table(
    "publications",
    metadata,
    Column("publication_id", Integer, primary_key=True, autoincrement=True),
    Column("table_name", String(80), nullable=False),
    Column("version", String(80), nullable=False),
    Column("run_id", String(80), ForeignKey("runs.run_id"), nullable=False),
    Column("published_at", Moment, nullable=False),
    Index("publications_by_table", "table_name", "publication_id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(80), ForeignKey("runs.run_id"), nullable=False),
    Column("monitoring_date", Day, nullable=False),
    Column("status", String(16), nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("action", String(20), nullable=False),  # none, requested, suppressed, escalated
    Column("reason", Text, nullable=False),
    Column("requested_run_id", String(80), ForeignKey("runs.run_id")),
    Column("decided_at", Moment, nullable=False),
)

source_digests = Table(
    "source_digests",
    metadata,
    Column("path", Text, nullable=False),
    Column("stamp", String(120), nullable=False),  # size and times of the file when it was read
    Column("sha256", String(64), nullable=False),
    Column("lines", JSON),  # lines before each range of a large file
    UniqueConstraint("path", "stamp"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("dataset", String(80), primary_key=True),
    Column("delivery", String(64), primary_key=True),  # SHA-256 over the digests of the extract files
    Column("run_id", String(80), ForeignKey("runs.run_id"), nullable=False),  # the first that read it
    Column("as_of", Day, nullable=False),  # of that run
    Column("read_at", Moment, nullable=False),
    Column("last_read_at", Moment, nullable=False),
    Column("rejected", Text),  # the sentence that says why it was not used
    Column("profile", JSON, nullable=False),
)

processes = Table(
    "processes",
    metadata,
    Column("process_id", String(120), primary_key=True),  # host, boot, pid and start time
    Column("kind", String(20), nullable=False),  # worker, scheduler, console
    Column("host", String(80), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("heartbeat_at", Moment, nullable=False),
    Column("stopped_at", Moment),
    Column("detail", JSON, nullable=False),  # of a worker: Ray's address, state and CPUs
    Index("processes_by_kind", "kind", "heartbeat_at"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("pipeline", String(40), primary_key=True),
    Column("through", Moment, nullable=False),  # every slot up to this time is processed
    Column("paused_at", Moment),
    Column("paused_by", String(80)),
    Column("pause_reason", Text),
    Column("paused_until", Moment),  # none for a pause that a person ends
)

slots = Table(
    "slots",
    metadata,
    Column("slot", String(80), primary_key=True),  # training@2026-11-29T02:00, in the deployment's zone
    Column("pipeline", String(40), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("outcome", String(16), nullable=False),  # requested, waiting, skipped, missed, paused
    Column("reason", Text, nullable=False),
    Column("run_id", String(80), ForeignKey("runs.run_id")),
    Column("recorded_at", Moment, nullable=False),
    Index("slots_by_pipeline", "pipeline", "due_at"),
)

actions = Table(
    "actions",
    metadata,
    Column("action_id", Integer, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("who", String(80), nullable=False),
    Column("action", String(40), nullable=False),  # run, resume, cancel, pause, promote, ...
    Column("subject", String(120), nullable=False),  # the run, pipeline or model
    Column("reason", Text, nullable=False),
    Column("changes", JSON(none_as_null=True)),  # by name the value before and the value after
    Index("actions_by_time", "at"),
    Index("actions_by_subject", "subject"),
)
