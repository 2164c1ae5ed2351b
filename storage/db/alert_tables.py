"""The ledger's tables about alerts: what is wrong, what was told about it by which channel, and what is silenced."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from storage.db import model_tables
from storage.db.types import Moment, unique_where

ENDED = "resolved"
metadata = model_tables.metadata

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Integer, primary_key=True, autoincrement=True),
    Column("rule", String(40), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("state", String(16), nullable=False),  # open, acknowledged, resolved
    Column("summary", Text, nullable=False),  # one sentence: what is wrong
    Column("advice", Text, nullable=False),
    Column("run_id", String(80)),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("count", Integer, nullable=False),  # of occurrences
    Column("told_at", Moment),  # when the last messages about it were made, None before the first
    Column("silence_id", Integer, ForeignKey("alert_silences.silence_id")),  # the silence that keeps it from being told
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", String(80)),
    Column("note", Text),
    Column("resolved_at", Moment),
)
# However many processes look at the same time, a subject has one alert of a rule that has not ended.
unique_where(text(f"state <> '{ENDED}'"), "one_alert", alerts.c.rule, alerts.c.subject)

alert_occurrences = Table(
    "alert_occurrences",
    metadata,
    Column("rule", String(40), primary_key=True),
    Column("subject", String(120), primary_key=True),
    Column("occurrence", String(120), primary_key=True),  # a run, a slot, a decision, a time
    Column("alert_id", Integer, ForeignKey("alerts.alert_id"), nullable=False),
    Column("seen_at", Moment, nullable=False),
)

alert_messages = Table(
    "alert_messages",
    metadata,
    Column("message_id", Integer, primary_key=True, autoincrement=True),
    Column("delivery", String(40), nullable=False, unique=True),  # the key by which a receiver knows a repetition
    Column("channel", String(16), nullable=False),  # command, webhook, smtp
    Column("state", String(16), nullable=False),  # pending, sending, sent, failed
    Column("attempts", Integer, nullable=False),
    Column("repeated", Boolean, nullable=False),  # whether an earlier attempt may have delivered it
    Column("content", JSON),  # set by the first attempt and never changed, so that every attempt says the same
    Column("created_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),  # of the next attempt; of one under way, when it counts as cut off
    Column("sent_at", Moment),
    Column("sender", String(120)),  # the process of the last attempt
    Column("error", Text),
    Index("alert_messages_by_state", "state", "next_at"),
)

alert_notices = Table(
    "alert_notices",
    metadata,
    Column("message_id", Integer, ForeignKey("alert_messages.message_id"), primary_key=True),
    Column("alert_id", Integer, ForeignKey("alerts.alert_id"), primary_key=True),
    Column("reason", String(16), nullable=False),  # raised, repeated, resolved
    Index("alert_notices_by_alert", "alert_id"),
)

alert_silences = Table(
    "alert_silences",
    metadata,
    Column("silence_id", Integer, primary_key=True, autoincrement=True),
    Column("rule", String(40), nullable=False),
    Column("subject", String(120)),  # None for every subject
    Column("until", Moment, nullable=False),
    Column("who", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", String(80)),
)

alert_watch = Table(
    "alert_watch",
    metadata,
    Column("watch_id", Integer, primary_key=True, autoincrement=False),  # 1: there is one row
    Column("since", Moment, nullable=False),  # what ended earlier is not alerted
)
