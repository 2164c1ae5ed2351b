"""What people write about a date, a run or a retraining decision. Every note and its removal is in the audit log."""

from datetime import date

from sqlalchemy import Connection

from engine.control.runs import who
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from storage.db.ledger import LedgerRow
from storage.ledger.audit import Action, record_action
from storage.ledger.decisions import decision_for
from storage.ledger.operation.notes import Note, add_note, note_row, remove_note
from storage.ledger.runs import run_row

MOST_WORDS = 500  # characters of a note: it stands in a chart's tooltip


def write_note(deployment: Deployment, kind: str, subject: str, words: str, by: str | None = None) -> LedgerRow:
    """The new note on a subject: a date, a run (its id, or `latest`) or the decision about a monitoring date.

    Raises UnusableRequest for an empty or long note, a date that is none, and one without a decision; UnknownRun.
    """
    person, text = by or who(), checked_words(words)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        name, day = _subject(connection, kind, subject)
        record_action(connection, Action(person, "note", f"{kind} {name}", text), now)
        return add_note(connection, Note(kind, name, day, text, person), now)


def take_back(deployment: Deployment, note_id: int, by: str | None = None) -> LedgerRow:
    """The note that is shown no more; the ledger keeps it.

    Raises UnusableRequest when there is no such note, and Refused when it is removed already.
    """
    person = by or who()
    with deployment.ledger.writing() as connection:
        now, note = deployment.ledger.now(connection), note_row(connection, note_id)
        if note is None:
            raise UnusableRequest(f"There is no note {note_id}; `python -m engine notes` lists the notes.")
        if not remove_note(connection, note_id, person, now):
            raise Refused(f"Note {note_id} was removed by {note.removed_by} already.")
        record_action(connection, Action(person, "remove note", f"{note.kind} {note.subject}", note.words), now)
    return note


def checked_words(words: str) -> str:
    """The words of a note on one line. Raises UnusableRequest when there are none or too many."""
    text = " ".join(words.split())
    if not text:
        raise UnusableRequest("The note is empty; write what people should know.")
    if len(text) > MOST_WORDS:
        raise UnusableRequest(f"The note has {len(text)} characters; write at most {MOST_WORDS}.")
    return text


def _subject(connection: Connection, kind: str, subject: str) -> tuple[str, date]:
    """(the subject's name, the day on which charts draw a note on it)."""
    if kind == "run":
        run = run_row(connection, subject)
        return run.run_id, run.as_of
    try:
        day = date.fromisoformat(subject)
    except ValueError:
        raise UnusableRequest(f"{subject!r} is not a date; write it as YYYY-MM-DD.") from None
    if kind == "decision" and decision_for(connection, day) is None:
        raise UnusableRequest(f"There is no retraining decision about {day}; write the note on the date, or on a run.")
    return day.isoformat(), day
