"""The candidates of a training: a table and their confidence intervals, the best one first."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from console.components.elements import Text, figure, join, note, note_html, sign_html
from console.components.table import columns, table
from console.components.theme import drawn
from console.models.query import Metrics
from engine.documents.candidates import (
    FIGURES,
    arrears_note,
    by_rank,
    figure_text,
    interval_text,
    measures_note,
)
from jobs.charts.candidates import SELECTED, interval_chart, interval_frame, interval_words

MEASURES = ("Test AUC", "95% interval", *FIGURES.values())
NOT_IN_ARREARS = "not in arrears"


def show_candidates(
    candidates: dict[str, Metrics], selected: str, threshold: float, cut_off: Mapping[str, Any] | None
) -> None:
    """Shows the candidates as a table beside a chart of their intervals. `cut_off` is the selected one's."""
    ranked = by_rank(candidates)
    rows = [row for name in ranked for row in candidate_rows(name, candidates[name], selected)]
    left, right = st.columns([2, 1], gap="large")
    with left:
        heads = columns("Candidate", *MEASURES, numbers=MEASURES)
        table("The candidates of this training", heads, rows, strong=[0])
        note(measures_note(cut_off))
        if told := arrears_note(candidates.get(selected, {})):
            note(told)
    frame = interval_frame({name: candidates[name] for name in ranked}, selected)
    with right:
        show_intervals(frame, threshold)


def show_intervals(frame: pd.DataFrame, threshold: float) -> None:
    """Shows the chart of intervals; nothing for an empty frame."""
    if frame.empty:
        return
    chart = drawn(interval_chart(frame, threshold).properties(width="container"), plain=True)
    st.altair_chart(chart, width="stretch", theme=None, alt=interval_words(frame, threshold))


def candidate_rows(name: str, metrics: Metrics, selected: str) -> Iterator[list[Text]]:
    """The row of a candidate, and under it in quiet letters that of the test loans not in arrears, if others were."""
    yield [join([name, sign_html("✓", "good", SELECTED) if name == selected else ""], " "), *_numbers(metrics)]
    apart, late = metrics.get("not_in_arrears"), metrics.get("in_arrears")
    if apart and late and late["loans"]:
        numbers = _numbers(apart, [key for key in FIGURES if key in apart])
        yield [note_html(NOT_IN_ARREARS), *map(note_html, numbers)]


def _numbers(metrics: Metrics, keys: Iterable[str] = tuple(FIGURES)) -> list[str]:
    """AUC with interval and the FIGURES; '' for those that are not among `keys`, which test loans do not have."""
    figures = (figure_text(metrics, key) if key in keys else "" for key in FIGURES)
    return [figure(metrics.get("test_auc")), interval_text(metrics), *figures]
