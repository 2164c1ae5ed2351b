"""Commands about notes: `notes`, and `notes add`, `notes remove`."""

from typing import Annotated

import typer

from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, day_of, deployment_at, print_outcome
from engine.control.notes import take_back, write_note
from engine.documents.drift.notes import note_document, notes_document
from engine.errors import UnusableRequest

app = typer.Typer()
notes = typer.Typer(
    help="List notes on dates, runs and retraining decisions. The charts of the console draw them.",
    invoke_without_command=True,
)
app.add_typer(notes, name="notes")

COLUMNS = ("id", "day", "kind", "subject", "words", "who")
First = Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="From this day on.")]
Last = Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Up to this day.")]
OnDate = Annotated[str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="Write it on this date.")]
OnRun = Annotated[str | None, typer.Option("--run", metavar="RUN", help="Write it on this run, or on `latest`.")]
OnDecision = Annotated[
    str | None, typer.Option("--decision", metavar="YYYY-MM-DD", help="Write it on the decision of this date.")
]


@notes.callback()
def listed(
    context: typer.Context, first: First = None, last: Last = None, home: Home = None, as_json: Json = False
) -> None:
    """List the notes by the day on which charts draw them."""
    if context.invoked_subcommand is not None:
        if home is not None or as_json:
            command = context.invoked_subcommand
            raise UnusableRequest(f"--home and --json stand behind the command, as in `notes {command} --home DIR`.")
        return
    bounds = day_of(first, "--from"), day_of(last, "--to")
    with deployment_at(home).ledger.reading() as connection:
        rows = notes_document(connection, *bounds)
    if as_json:
        print_json(rows)
    elif rows:
        console_for().print(listing(rows, COLUMNS))
    else:
        console_for().print("No notes. `python -m engine notes add TEXT --date YYYY-MM-DD` writes one.")


@notes.command()
def add(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What people should know.")],
    date: OnDate = None,
    run: OnRun = None,
    decision: OnDecision = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write a note on a date, a run or a retraining decision."""
    given = {"date": date, "run": run, "decision": decision}
    named = [(kind, subject) for kind, subject in given.items() if subject is not None]
    if len(named) != 1:
        raise UnusableRequest("Name one of --date, --run and --decision; the note is written on it.")
    kind, subject = named[0]
    note = note_document(write_note(deployment_at(home), kind, subject, text))
    print_outcome(f"Note {note['id']} is written on {note['kind']} {note['subject']}.", note, as_json=as_json)


@notes.command()
def remove(
    note_id: Annotated[int, typer.Argument(metavar="ID", help="The id of a note, from the list of `notes`.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Remove a note. It is shown no more; ledger and audit log keep it."""
    note = note_document(take_back(deployment_at(home), note_id))
    print_outcome(f"Note {note['id']} is removed.", note, as_json=as_json)
