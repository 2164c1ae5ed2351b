"""Alerts, their occurrences, the messages about them, and silences."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

MOMENT = sa.String(32)


def upgrade() -> None:
    """Makes the six tables and their indexes."""
    _silences()
    _alerts()
    _messages()


def _silences() -> None:
    op.create_table(
        "alert_silences",
        sa.Column("silence_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120)),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by", sa.String(80)),
    )
    op.create_table(
        "alert_watch",
        sa.Column("watch_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("since", MOMENT, nullable=False),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("advice", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(80)),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("last_seen", MOMENT, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("told_at", MOMENT),
        sa.Column("silence_id", sa.Integer, sa.ForeignKey("alert_silences.silence_id")),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("acknowledged_by", sa.String(80)),
        sa.Column("note", sa.Text),
        sa.Column("resolved_at", MOMENT),
    )
    unresolved = sa.text("state <> 'resolved'")
    columns = ["rule", "subject"]
    op.create_index("one_alert", "alerts", columns, unique=True, sqlite_where=unresolved, postgresql_where=unresolved)
    op.create_table(
        "alert_occurrences",
        sa.Column("rule", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(120), primary_key=True),
        sa.Column("occurrence", sa.String(120), primary_key=True),
        sa.Column("alert_id", sa.Integer, sa.ForeignKey("alerts.alert_id"), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
    )


def _messages() -> None:
    op.create_table(
        "alert_messages",
        sa.Column("message_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("delivery", sa.String(40), nullable=False, unique=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("repeated", sa.Boolean, nullable=False),
        sa.Column("content", sa.JSON),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("sender", sa.String(120)),
        sa.Column("error", sa.Text),
    )
    op.create_index("alert_messages_by_state", "alert_messages", ["state", "next_at"])
    op.create_table(
        "alert_notices",
        sa.Column("message_id", sa.Integer, sa.ForeignKey("alert_messages.message_id"), primary_key=True),
        sa.Column("alert_id", sa.Integer, sa.ForeignKey("alerts.alert_id"), primary_key=True),
        sa.Column("reason", sa.String(16), nullable=False),
    )
    op.create_index("alert_notices_by_alert", "alert_notices", ["alert_id"])
