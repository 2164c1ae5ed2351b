"""The extracts: the last delivery of every dataset, its rows against the usual number, and which are stale."""

from collections.abc import Sequence
from datetime import date, datetime

from console.app.delivered import delivery_html
from console.app.deployment import deployment, ledger
from console.app.navigation import page_link, run_link
from console.components.elements import (
    Text,
    callout,
    count,
    empty,
    join,
    note,
    note_html,
    sign_html,
    state_html,
    with_code,
)
from console.components.table import columns, table
from console.components.times import day, time_html
from engine.documents.extracts import extracts_document
from engine.documents.profiles import datasets_document, rows_sentence
from engine.documents.values import Document

HEADS = columns("Dataset", "Last delivery", "Rows", "Newest row", "State", "Columns")
MOST_FILES = 3  # that are named


def show_extracts() -> None:
    """Shows a line for each dataset, and what to do about one that was rejected or is stale."""
    with ledger().reading() as connection:
        ages = {one["dataset"]: one for one in extracts_document(connection, deployment())}
        delivered = {one["dataset"]: one for one in datasets_document(connection)}
    known = [name for name in deployment().book.by_dataset if name in ages or name in delivered]
    if not known:
        empty(
            "No extracts yet",
            "The last delivery of every dataset, its rows against the usual number, and its age will be here.",
            "Put the extracts into the home's `data` folder, then type `python -m engine run training`.",
        )
        return
    rows = [_cells(name, delivered.get(name), ages.get(name)) for name in known]
    table("The last delivery of every dataset, its rows and its age", HEADS, rows, stacked=True)
    for name in known:
        if why := _rejected(delivered.get(name), ages.get(name)):
            replaced = name in ages and not ages[name]["refused"]
            callout("warn" if replaced else "bad", f"The last delivery of {name} was rejected", why)
    for one in ages.values():
        if one["advice"]:
            note(with_code(one["advice"]))
    told = "The usual number of rows is the median of the deliveries before that were used."
    note(f"{told}{ages_words(list(ages.values()))}")


def ages_words(ages: Sequence[Document]) -> str:
    """The days up to which the ages of datasets count: the newest as-of date, or the newest loan; '' without ages."""
    if not ages:
        return ""
    counted = ages[0]["as_of"]
    words = f" Ages count up to {day(date.fromisoformat(counted))}, the newest as-of date of a successful run"
    until = {one["dataset"]: one["until"] for one in ages if one["days"] is not None and one["until"] != counted}
    if not until:
        return f"{words}."
    newest = day(date.fromisoformat(max(until.values())))
    return f"{words}; of {_listed(list(until))} (rows of new loans only) up to {newest}, the newest loan."


def _listed(names: Sequence[str]) -> str:
    """The names as a list in a sentence."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _cells(name: str, delivered: Document | None, age: Document | None) -> list[Text]:
    if delivered is None:
        return [name, "-", "-", _newest(age), _state(None, age), "-"]
    read = datetime.fromisoformat(delivered["read_at"])
    files = delivered["files"]
    named = ", ".join(files) if len(files) <= MOST_FILES else f"{count(len(files))} files"
    words = f"{delivered['changes']} changed" if delivered["changes"] else "profile"
    return [
        name,
        join([time_html(read, ledger().clock()), run_link(delivered["run_id"], named)], " "),
        rows_sentence(delivered),
        _newest(age),
        _state(delivered, age),
        page_link("data", words, view="Columns", dataset=name),
    ]


def _newest(age: Document | None) -> Text:
    if age is None or not age["newest"]:
        return "-"
    newest = day(date.fromisoformat(age["newest"]))
    if age["days"] is None:
        return newest
    until = day(date.fromisoformat(age["until"]))
    expected = note_html(f"expected within {count(age['cadence'])} days")
    return join([f"{newest}, {count(age['days'])} days before {until}", expected], " ")


def _rejected(delivered: Document | None, age: Document | None) -> str:
    """Why the last delivery is not in use; '' when it is."""
    refused = age and age["refused"]
    return str((refused and refused["reason"]) or (delivered and delivered["rejected"]) or "")


def _state(delivered: Document | None, age: Document | None) -> Text:
    if age is not None and age["refused"]:
        return delivery_html(age, ledger().clock())
    rejected = delivered is not None and delivered["rejected"]
    if age is None:
        return state_html("failed", "rejected") if rejected else state_html("unknown")
    # A delivery that a trial rejected leaves the one that is in use as it was.
    after = sign_html("!", "warn", "last delivery rejected") if rejected else ""
    return join([state_html(age["state"]), after], " ")
