"""Segments and expected loss: how the model judges groups of borrowers, and what its risk costs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from engine.documents.validation import (
    CONCENTRATION,
    LOANS_OF,
    SEGMENTS,
    concentration_cells,
    losses_in_words,
    segment_cells,
    segments_in_words,
)
from engine.report.facts import Facts, Parts
from engine.report.markup import Text, items, join, light, note, paragraph, quiet, table
from jobs.accounting.flagged import flagged_numbers

NUMBERS = tuple(name for name in SEGMENTS if name not in ("Group", "Light"))
FOUR_FIFTHS = (
    "Approved is the share of loans below the cut-off; the last column has it over that of the highest group of the "
    "segment. Below four fifths is a rule of thumb for adverse impact."
)


def _segments(facts: Facts) -> Markup:
    found = facts.monitored.validation
    if found is None:
        return paragraph("No segments are known: this model was not monitored, or an earlier release monitored it.")
    rows = found["segments"]
    if not rows:
        return paragraph("The book declares no segments.")
    shown = table(f"Groups on {facts.monitored.day}", SEGMENTS, _rows(facts, rows), numbers=NUMBERS)
    return join([paragraph(segments_in_words(rows)), shown, note(FOUR_FIFTHS), items(facts.costs)])


def _rows(facts: Facts, rows: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Text]]:
    name = None
    for row in rows:
        if row["segment"] != name:
            name = row["segment"]
            yield (facts.book.plain_name(name),)
        whole, apart = segment_cells(row)
        yield _with_light(whole)
        if apart:
            yield quiet(_with_light(apart))


def _with_light(cells: Sequence[str]) -> Sequence[Text]:
    at = SEGMENTS.index("Light")
    return (*cells[:at], light(cells[at]), *cells[at + 1 :])


def _losses(facts: Facts) -> Markup:
    found = facts.monitored.validation
    if found is None:
        return paragraph("No expected loss is known: this model was not monitored, or an earlier release monitored it.")
    losses = found["losses"]
    if losses is None:
        return paragraph("The book names no exposure, so there is no expected loss.")
    pairs = [pair for what in LOANS_OF for pair in concentration_cells(what, losses[what])]
    rows = [row for whole, apart in pairs for row in ([whole, quiet(apart)] if apart else [whole])]
    shown = table("Concentration of the riskiest loans", CONCENTRATION, rows, numbers=CONCENTRATION[1:])
    words = losses_in_words(losses, flagged_numbers(facts.monitored.row or {}))
    return join([*map(paragraph, words), shown])


PARTS: Parts = {
    "Segments": _segments,
    "Expected loss": _losses,
}
