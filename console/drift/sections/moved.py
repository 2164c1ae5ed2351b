"""The section "Has the population moved?": PSI, the scores, the drivers with their direction, and each feature."""

from dataclasses import asdict
from functools import partial

import streamlit as st

from console.app.deployment import plain_name
from console.components.chart_panel import Panel, kept, show_panel
from console.components.elements import note
from console.components.times import day
from console.drift.features import choose_feature, show_features
from console.drift.movement import drivers
from console.drift.panels import psi_panel, scores_panel
from console.drift.query import View
from console.drift.sections.heading import open_section
from console.drift.sections.inputs import show_inputs
from engine.documents.movement import Moved, since_words
from engine.documents.values import Document
from jobs.charts.importance import drivers_chart, drivers_frame, drivers_words


def show_moved(view: View, question: Document, moved: Moved) -> None:
    """Shows the section."""
    open_section(question)
    if named := drivers(view.features, moved):
        note(named)
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(kept("psi", view.identity, partial(psi_panel, view)))
    with right:
        show_panel(kept("scores", view.identity, partial(scores_panel, view)))
    show_features(kept("drivers", view.identity, partial(drivers_panel, view, moved)), view, moved)
    show_inputs(view, moved)


def drivers_panel(view: View, moved: Moved) -> Panel:
    """The features by change times importance, with their direction; a click selects one."""
    rows = [asdict(one) for one in moved.features]
    frame = drivers_frame(rows, {row["feature"]: plain_name(row["feature"]) for row in rows})
    since = since_words(moved.since, day)
    make = partial(drivers_chart, frame, since, weighted=moved.weighted)
    numbers = frame.drop(columns=["name", "beyond"], errors="ignore")
    words = drivers_words(frame, since)
    return Panel("drivers", view.identity, make, words, numbers, choose_feature, plain_name=plain_name)
