"""The document of the notes on dates, runs and retraining decisions."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from engine.documents.values import Document
from storage.db.ledger import LedgerRow
from storage.ledger.operation.notes import notes_between


def notes_document(connection: Connection, first: date | None = None, last: date | None = None) -> list[Document]:
    """The notes of a period, by the day on which charts draw them."""
    return [note_document(row) for row in notes_between(connection, first, last)]


def notes_on(connection: Connection, first: date, last: date) -> list[Document]:
    """The notes of a period as charts draw them: each with what it is `on` in words."""
    return [{**note, "on": about(note) or "the date"} for note in notes_document(connection, first, last)]


def note_document(row: LedgerRow) -> Document:
    """A note with its id, what it is on (`kind`, `subject`), its day, its words, and who wrote it when."""
    return {
        "id": row.note_id,
        "kind": row.kind,
        "subject": row.subject,
        "day": row.day.isoformat(),
        "words": row.words,
        "who": row.who,
        "at": row.at.isoformat(),
    }


def about(note: Document) -> str:
    """What a note is on, in words: `run training-...`, `decision of 2025-01-01`; '' for a note on its date alone."""
    return {"run": f"run {note['subject']}", "decision": f"decision of {note['subject']}"}.get(note["kind"], "")


def in_words(notes: Sequence[Document]) -> str:
    """The notes in one text, for those who can't see where a chart draws them."""
    told = [f"{note['day']}{f' ({about(note)})' if about(note) else ''}: {note['words']}" for note in notes]
    return f" Notes: {'; '.join(told)}." if told else ""
