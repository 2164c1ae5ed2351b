"""The candidates of a training: a table and their confidence intervals, the best one first."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from console.components.elements import Text, figure, join, note, sign_html
from console.components.table import columns, table
from console.components.theme import drawn
from console.models.query import Metrics
from engine.documents.candidates import (
    FIGURES,
    arrears_note,
    auc_without_arrears,
    by_rank,
    interval_text,
    measures_note,
)
from jobs.charts.candidates import SELECTED, interval_chart, interval_frame, interval_words

MEASURES = ("Test AUC", "95% interval", "Test AUC, not in arrears", *FIGURES.values())


def show_candidates(
    candidates: dict[str, Metrics], selected: str, threshold: float, cut_off: Mapping[str, Any] | None
) -> None:
    """Shows the candidates as a table beside a chart of their intervals. `cut_off` is the selected one's."""
    ranked = by_rank(candidates)
    rows = [_row(name, candidates[name], selected) for name in ranked]
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


def _row(name: str, metrics: Metrics, selected: str) -> list[Text]:
    return [
        join([name, sign_html("✓", "good", SELECTED) if name == selected else ""], " "),
        figure(metrics.get("test_auc")),
        interval_text(metrics),
        auc_without_arrears(metrics),
        *(figure(metrics.get(key)) for key in FIGURES),
    ]
