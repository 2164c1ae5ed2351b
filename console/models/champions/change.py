"""Why a champion replaced the one before: breach, retraining, promotion test, and who promoted it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from console.app.navigation import page_link, run_link
from console.components.elements import Text, join, note, note_html, state_html, write_html
from console.components.steps import STEPS_SHEET, steps_html
from console.components.times import day
from engine.documents.champions.changes import Step, steps
from engine.documents.values import Document


def change_html(change: Mapping[str, Any]) -> Markup:
    """The steps that led to a champion, with links to the runs."""
    return steps_html(f"Why {change['version']} became champion", [(step.name, _words(step)) for step in steps(change)])


def role_html(changes: Sequence[Document], version: str) -> Markup:
    """Whether a version is champion, was champion, or never was. `changes` come newest first."""
    last = next((change for change in changes if change["version"] == version), None)
    if last is None:
        return note_html("registered, never champion")
    if last["until"] is None:
        return state_html("champion")
    return note_html(f"past champion, replaced on {day_of(last['until'])}")


def show_champion_events(changes: list[Document], version: str) -> None:
    """Shows when a version became champion, and why."""
    own = [change for change in changes if change["version"] == version]
    if not own:
        note("It was never champion.")
    for change in own:
        write_html(join([STEPS_SHEET, Markup("<div>{}</div>").format(period(change)), change_html(change)]))


def period(change: Mapping[str, Any]) -> str:
    """The logical dates of a champion: `Champion from 1 Feb 2025 to 1 Apr 2025`."""
    first = day_of(change["day"])
    if change["until"] is None:
        return f"Champion since {first}."
    if change["until"] == change["day"]:
        return f"Champion on {first}, and replaced on the same date."
    return f"Champion from {first} to {day_of(change['until'])}."


def change_link(change: Mapping[str, Any], words: str = "") -> Markup:
    """A link to why a champion replaced the one before; its words are the logical date or others."""
    where = {"view": "Champions over time", "champion-on": change["day"]}
    return page_link("models", words or day_of(change["day"]), **where)


def day_of(text: str) -> str:
    """A logical date of a change as people write it."""
    return day(date.fromisoformat(text))


def _words(step: Step) -> Text:
    return join([step.words, run_link(step.run_id, "Open the run")], " ")
