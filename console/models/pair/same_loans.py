"""Two versions on the same loans: ROC, calibration and score distributions over each other."""

from functools import partial

import streamlit as st

from console.app.deployment import deployment, ledger
from console.app.queries import version_of
from console.components.chart_panel import PANEL_SHEET, Panel, show_panel
from console.components.elements import callout, count, note, write_html
from console.components.theme import drawn
from engine.documents.champions.pair import pair_document, pair_sentences
from engine.documents.values import Document
from jobs.charts.pair import (
    calibration_frame,
    calibration_pair,
    difference_chart,
    difference_frame,
    roc_frame,
    roc_pair,
    score_frame,
    score_pair,
)
from storage.errors import LoanwatchError
from storage.lake.names import TRAINING_DATA

KEPT_PAIRS = 32
SCORED_AT_ONCE = 100_000  # loans that two models score in a few seconds; more are scored on a click
HEIGHT = 300


def same_loans(a: str, b: str) -> Document | None:
    """How two versions judge the same loans, which neither learned from; None where the page says why not."""
    data = version_of(TRAINING_DATA)
    if data is None:
        note("There is no training data on which both could be compared.")
        return None
    if data.rows > SCORED_AT_ONCE and not _requested(data.rows, a, b):
        return None
    try:
        with st.spinner("Scoring the same loans with both models", show_time=True):
            return _pair(a, b, data.version)
    except LoanwatchError as error:
        callout("warn", "The two can't be compared on the same loans", str(error))
        return None


def show_same_loans(document: Document) -> None:
    """Shows the difference of both AUCs with its interval, and both models' curves over each other."""
    both = [document[side]["version"] for side in ("a", "b")]
    frame = difference_frame(document)
    if not frame.empty:
        chart = drawn(difference_chart(frame).properties(width="container"), plain=True)
        st.altair_chart(chart, width="stretch", theme=None, alt=" ".join(pair_sentences(document)))
    write_html(PANEL_SHEET)
    panels = _panels(document, (*both, document["training_data"]))
    for place, panel in zip(st.columns(3, gap="medium"), panels, strict=True):
        with place:
            show_panel(panel)


def _panels(document: Document, key: tuple[str, ...]) -> list[Panel]:
    both = [document["a"], document["b"]]
    roc, bins, scores = roc_frame(both), calibration_frame(both), score_frame(both)
    names = " and ".join(one["version"] for one in both)
    first = pair_sentences(document)[0]
    return [
        Panel("roc-pair", key, partial(roc_pair, roc), f"ROC curves of {names}. {first}", roc, height=HEIGHT),
        Panel(
            "calibration-pair",
            key,
            partial(calibration_pair, bins),
            f"Bad rate by mean score of {names}, in {len(bins)} bins.",
            bins,
            height=HEIGHT,
        ),
        Panel(
            "scores-pair",
            key,
            partial(score_pair, scores),
            f"Share of the loans by score of {names}.",
            scores,
            height=HEIGHT,
        ),
    ]


def _requested(rows: int, a: str, b: str) -> bool:
    key = f"models-pair-{a}-{b}"
    if not st.session_state.get(key):
        st.session_state[key] = st.button(f"Score {count(rows)} loans with both models", key="models-pair")
    return bool(st.session_state[key])


@st.cache_data(max_entries=KEPT_PAIRS, show_spinner=False)
def _pair(a: str, b: str, data: str) -> Document:  # noqa: ARG001 - part of the key
    with ledger().reading() as connection:
        return pair_document(connection, deployment(), a, b)
