"""The importance of each feature of a version: a table beside a chart of the intervals; the stability of reasons."""

from collections.abc import Iterator
from typing import Any

import streamlit as st

from console.app.deployment import plain_name
from console.components.elements import Text, empty, figure, named_html, note, note_html
from console.components.table import columns, table
from console.components.theme import drawn
from console.models.candidates import NOT_IN_ARREARS
from console.models.query import ModelView
from jobs.charts.importance import importance_chart, importance_frame, importance_words
from jobs.modelling.explanation.words import importance_in_words, stability_in_words

HEADS = ("Feature", "Loss of AUC", "95% interval")


def show_importance(view: ModelView) -> None:
    """Shows by how much the AUC falls on the test loans when a feature's values are permuted among them."""
    found: list[dict[str, Any]] = view.details.get("importance", [])
    if not found:
        empty(
            "No importance is known", "An earlier release trained this version; run the training again to measure it."
        )
        return
    left, right = st.columns(2, gap="large")
    with left:
        rows = [row for one in found for row in importance_rows(one)]
        table("The features by their importance", columns(*HEADS, numbers=HEADS[1:]), rows)
        note(importance_in_words(view.details))
        note(stability_in_words(view.details.get("reason_stability")))
    with right:
        frame = importance_frame(found, plain_name)
        chart = drawn(importance_chart(frame).properties(width="container"), plain=True)
        st.altair_chart(chart, width="stretch", theme=None, alt=importance_words(frame))


def importance_rows(one: dict[str, Any]) -> Iterator[list[Text]]:
    """The row of a feature, and under it in quiet letters that of the test loans not in arrears, where it is known."""
    yield [named_html(plain_name(one["feature"]), one["feature"]), *_numbers(one)]
    if apart := one.get("not_in_arrears"):
        yield [note_html(text) for text in (NOT_IN_ARREARS, *_numbers(apart))]


def _numbers(found: dict[str, Any]) -> list[str]:
    interval = "-" if found["low"] is None else f"{found['low']:.4f} to {found['high']:.4f}"
    return [figure(found["importance"], 4), interval]
