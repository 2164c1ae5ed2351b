"""The ledger's table of notes: what people wrote about a date, a run or a retraining decision."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from storage.db.model_tables import metadata
from storage.db.types import Day, Moment

notes = Table(
    "notes",
    metadata,
    Column("note_id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),  # date, run, decision
    Column("subject", String(80), nullable=False),  # the date, the id of the run, the monitoring date of the decision
    Column("day", Day, nullable=False),  # where charts draw it
    Column("words", Text, nullable=False),
    Column("who", String(80), nullable=False),
    Column("at", Moment, nullable=False),
    Column("removed_at", Moment),
    Column("removed_by", String(80)),
    Index("notes_by_day", "day"),
    Index("notes_by_subject", "kind", "subject"),
)
