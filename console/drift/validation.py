"""Backtest by cohort, segments, and expected loss of the date in view.

Under the figures of all loans stand those of the loans not in arrears at scoring.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
from markupsafe import Markup

from console.app.deployment import deployment, ledger, plain_name
from console.components.chart_panel import Panel
from console.components.elements import (
    Text,
    note,
    note_html,
    with_code,
    write_html,
)
from console.components.table import columns, table
from console.drift.query import View
from engine.documents.models import cost_in_words, left_out_costs
from engine.documents.validation import (
    CONCENTRATION,
    LOANS_OF,
    SEGMENTS,
    backtest_in_words,
    concentration_cells,
    losses_in_words,
    segment_cells,
    segments_in_words,
)
from jobs.charts.backtest import backtest_by_cohort
from jobs.modelling.candidates import word_for_every_set

Document = Mapping[str, Any]
SIGNS = {"green": "●", "amber": "◆", "red": "▲"}


def backtest_panel(view: View, rows: Sequence[Document]) -> Panel:
    """The bad rate of each cohort against its mean PD."""
    cohorts = pd.DataFrame([row for row in rows if row["cohort"] is not None])
    return Panel(
        "backtest", view.identity, partial(backtest_by_cohort, cohorts), backtest_in_words(rows), flat_cohorts(rows)
    )


def flat_cohorts(rows: Sequence[Document]) -> pd.DataFrame:
    """The cohorts with the backtest of the loans not in arrears at scoring in columns of their own."""
    found = []
    for row in rows:
        apart = row.get("not_in_arrears") or {}
        whole = {name: value for name, value in row.items() if name != "not_in_arrears"}
        if row["cohort"] is not None:
            found.append({**whole, **{f"{name}_not_in_arrears": value for name, value in apart.items()}})
    return pd.DataFrame(found)


def show_losses(losses: Document | None, flagged: Document) -> None:
    """Shows the expected losses, and what the riskiest loans carry."""
    write_html(_heading("Expected loss"))
    if losses is None:
        note("The book names no exposure; declare `exposure` to see the expected loss.")
        return
    for sentence in losses_in_words(losses, flagged):
        note(sentence)
    pairs = [pair for what in LOANS_OF for pair in concentration_cells(what, losses[what])]
    heads = columns(*CONCENTRATION, numbers=CONCENTRATION[1:])
    table("Concentration of the riskiest loans", heads, [row for pair in pairs for row in two_rows(*pair)])


def show_segments(segments: Sequence[Document]) -> None:
    """Shows the groups of the book's segments."""
    write_html(_heading("Segments"))
    if not segments:
        note("The book declares no segments.")
        return
    note(segments_in_words(segments))
    for cost in _costs():
        note(with_code(cost))
    heads = columns(*SEGMENTS, numbers=set(SEGMENTS) - {"Group", "Light"})
    table("Segments", heads, _segment_rows(segments))


def _costs() -> list[str]:
    """What leaving features out costs, for each of the book's smaller feature sets."""
    book = deployment().book
    with ledger().reading() as connection:
        found = left_out_costs(connection, book)
    return [cost_in_words(cost, word_for_every_set(book), plain_name) for cost in found]


def _segment_rows(segments: Sequence[Document]) -> Iterator[tuple[Text, ...]]:
    name = None
    for row in segments:
        if row["segment"] != name:
            name = row["segment"]
            yield (plain_name(name),)
        whole, apart = segment_cells(row)
        yield from two_rows(_with_light(whole), _with_light(apart) if apart else None)


def _with_light(cells: Sequence[str]) -> tuple[Text, ...]:
    at = SEGMENTS.index("Light")
    return (*cells[:at], light_html(cells[at]), *cells[at + 1 :])


def two_rows(whole: Sequence[Text], apart: Sequence[Text] | None) -> Iterator[tuple[Text, ...]]:
    """The row of all loans, and under it in quiet letters the one of the loans not in arrears, if there is one."""
    yield tuple(whole)
    if apart is not None:
        yield tuple(note_html(cell) if cell else "" for cell in apart)


def light_html(light: str) -> Text:
    """A traffic light: its sign and its word, on one line."""
    if light not in SIGNS:
        return light
    return Markup('<span aria-hidden="true">{}</span>&nbsp;{}').format(SIGNS[light], light)


def _heading(text: str) -> Markup:
    return Markup('<div class="lw-title"><h2 class="lw-head lw-of-table">{}</h2></div>').format(text)
