"""The schema of the first release: runs and what happens in them, table versions, models, decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.String(32)
DAY = sa.String(10)
ACTIVE = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    """Makes the first release's tables and indexes."""
    _runs()
    _tasks()
    _attempts_and_logs()
    _table_versions()
    _models()
    _decisions()
    _source_digests()


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(80), primary_key=True),
        sa.Column("pipeline", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("as_of", DAY, nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("force", sa.Boolean, nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("cause_run_id", sa.String(80), sa.ForeignKey("runs.run_id")),
        sa.Column("cause_detail", sa.JSON, nullable=False),
        sa.Column("parent_run_id", sa.String(80), sa.ForeignKey("runs.run_id")),
        sa.Column("slot", sa.String(80), unique=True),
        sa.Column("request_key", sa.String(80), unique=True),
        sa.Column("requested_by", sa.String(80), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("error", sa.JSON),
        sa.Column("owner", sa.String(120)),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("heartbeat_at", MOMENT),
        sa.Column("cancel_requested_at", MOMENT),
        sa.Column("pins", sa.JSON, nullable=False),
    )
    op.create_index("runs_by_pipeline", "runs", ["pipeline", "requested_at"])
    op.create_index("runs_by_time", "runs", ["requested_at"])
    op.create_index("one_active_run", "runs", ["pipeline"], unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE)


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("task", sa.String(60), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("parts_done", sa.Integer, nullable=False),
        sa.Column("parts_total", sa.Integer, nullable=False),
        sa.Column("rows_in", sa.BigInteger),
        sa.Column("rows_out", sa.BigInteger),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("error", sa.JSON),
        sa.Column("blamed", sa.String(60)),
        sa.Column("cache_key", sa.String(64)),
        sa.Column("key_after", sa.String(64)),
        sa.Column("cached_from", sa.String(80)),
        sa.Column("outcome", sa.JSON),
    )
    op.create_index("tasks_by_key", "tasks", ["cache_key"])
    op.create_index("tasks_by_key_after", "tasks", ["key_after"])


def _attempts_and_logs() -> None:
    op.create_table(
        "attempts",
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("task", sa.String(60), primary_key=True),
        sa.Column("part", sa.String(120), primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("error", sa.JSON),
    )
    op.create_table(
        "logs",
        sa.Column("log_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(80), nullable=False),
        sa.Column("task", sa.String(60), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("level", sa.String(10), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_index("logs_by_run", "logs", ["run_id", "log_id"])


def _table_versions() -> None:
    op.create_table(
        "table_versions",
        sa.Column("table_name", sa.String(80), primary_key=True),
        sa.Column("version", sa.String(80), primary_key=True),
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("removed_at", MOMENT),
    )
    op.create_table(
        "publications",
        sa.Column("publication_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("table_name", sa.String(80), nullable=False),
        sa.Column("version", sa.String(80), nullable=False),
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
    )
    op.create_index("publications_by_table", "publications", ["table_name", "publication_id"])


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("version", sa.String(40), primary_key=True),
        sa.Column("model_name", sa.String(60), nullable=False),
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("summary", sa.JSON, nullable=False),
        sa.Column("trained_on", sa.JSON, nullable=False),
    )
    op.create_table(
        "alias_events",
        sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("alias", sa.String(40), nullable=False),
        sa.Column("version", sa.String(40), sa.ForeignKey("models.version"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id")),
    )
    op.create_index("alias_events_by_alias", "alias_events", ["alias", "event_id"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("monitoring_date", DAY, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("numbers", sa.JSON, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("requested_run_id", sa.String(80), sa.ForeignKey("runs.run_id")),
        sa.Column("decided_at", MOMENT, nullable=False),
    )


def _source_digests() -> None:
    op.create_table(
        "source_digests",
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("stamp", sa.String(120), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.UniqueConstraint("path", "stamp"),
    )
