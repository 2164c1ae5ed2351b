"""Processes that beat, schedules and their slots, and what people did."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.String(32)


def upgrade() -> None:
    """Makes the four tables and their indexes."""
    _processes()
    _schedules()
    _actions()


def _processes() -> None:
    op.create_table(
        "processes",
        sa.Column("process_id", sa.String(120), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("host", sa.String(80), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("heartbeat_at", MOMENT, nullable=False),
        sa.Column("stopped_at", MOMENT),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("processes_by_kind", "processes", ["kind", "heartbeat_at"])


def _schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("pipeline", sa.String(40), primary_key=True),
        sa.Column("through", MOMENT, nullable=False),
        sa.Column("paused_at", MOMENT),
        sa.Column("paused_by", sa.String(80)),
        sa.Column("pause_reason", sa.Text),
    )
    op.create_table(
        "slots",
        sa.Column("slot", sa.String(80), primary_key=True),
        sa.Column("pipeline", sa.String(40), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(80), sa.ForeignKey("runs.run_id")),
        sa.Column("recorded_at", MOMENT, nullable=False),
    )
    op.create_index("slots_by_pipeline", "slots", ["pipeline", "due_at"])


def _actions() -> None:
    op.create_table(
        "actions",
        sa.Column("action_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("actions_by_time", "actions", ["at"])
