"""Champion history: who was champion when, by logical date."""

from collections.abc import Iterator, Sequence

import pandas as pd
from markupsafe import Markup

from engine.report.drawing import figure as drawing
from engine.report.facts import Facts, Parts
from engine.report.markup import Text, day, join, note, paragraph, table
from engine.report.sections.words import day_and_time
from jobs.charts.champions import champion_timeline

HEADS = ("Version", "From", "To", "Who", "Why", "Recorded")
RULE = (
    "The logical date of what a run did is its as-of date. What a person did belongs to the day on which it was done; "
    "in a home whose runs replay the past, to the as-of date of the run that had ended last."
)


def _champions(facts: Facts) -> Markup:
    if not facts.history.champions:
        return paragraph("No model was champion up to this date.")
    shown = table("Champions, newest first", HEADS, reversed(list(_rows(facts))), stacked=True)
    return join([_timeline(facts), shown, note(RULE)])


def _ends(facts: Facts) -> list[str]:
    """The end of the period that begins with each event; '' for the present one."""
    return [*(str(one.day) for one in facts.history.champions[1:]), ""]


def _rows(facts: Facts) -> Iterator[Sequence[Text]]:
    for one, end in zip(facts.history.champions, _ends(facts), strict=True):
        version = Markup("<strong>{}</strong>").format(one.subject) if one.subject == facts.version else one.subject
        yield version, day(one.day), day(end or "champion"), one.who, one.why, day_and_time(one.at)


def _timeline(facts: Facts) -> Markup:
    rows = [
        {
            "version": one.subject,
            "since": pd.Timestamp(one.day),
            "until": pd.Timestamp(end or facts.as_of),
            "role": "past" if end else "champion",
            "for": "",
        }
        for one, end in zip(facts.history.champions, _ends(facts), strict=True)
    ]
    frame = pd.DataFrame(rows)
    if len(rows) < 2 or frame["since"].min() == frame["until"].max():
        return Markup()
    words = f"{len(rows)} periods of champions from {facts.history.champions[0].day} to {facts.as_of}."
    chart = champion_timeline(frame).properties(title="Champions by logical date")
    return join([drawing(chart, words, None)])


PARTS: Parts = {
    "": _champions,
}
