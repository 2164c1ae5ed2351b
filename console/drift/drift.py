"""The Drift page: is the model still good, and why not?"""

import streamlit as st
from markupsafe import Markup

from console.app import queries
from console.components.chart_panel import PANEL_SHEET
from console.components.elements import empty, write_html
from console.components.times import day
from console.drift.curves import curves_in_view
from console.drift.downloads import show_downloads
from console.drift.filters import selected_filters
from console.drift.movement import moved_of
from console.drift.notes import show_notes, show_notes_of_day
from console.drift.query import View, view_of
from console.drift.sections.levels import show_levels
from console.drift.sections.moved import show_moved
from console.drift.sections.ranks import show_ranks
from console.drift.verdict import show_verdict
from engine.documents.drift.questions import questions_of
from engine.documents.movement import Moved, score_sentence

DRIFT_SHEET = Markup("""<style>
.lw-verdict-sentence { font-size: 1.12rem; line-height: 1.5; margin: 0 0 0.3rem; max-width: 62rem; }
.lw-verdict .lw-note { margin: 0 0 0.2rem; max-width: 62rem; }
.lw-section-sentence { font-size: 1.02rem; line-height: 1.5; margin: 0 0 0.4rem; max-width: 62rem; }
.st-key-drift h2:not(.lw-head) { padding: 1.4rem 0 0.1rem; }
.st-key-drift-downloads { gap: 0.4rem; }
@media (max-width: 640px) {
  .st-key-drift [data-testid="stHorizontalBlock"] { row-gap: 0.6rem; }
  [class*="st-key-head-auc-"] > div > [data-testid="stHorizontalBlock"] { flex-wrap: wrap; row-gap: 0; }
  [class*="st-key-head-auc-"] > div > [data-testid="stHorizontalBlock"] > :first-child { flex-basis: 100%; }
}
</style>""")


def show() -> None:
    """The page."""
    write_html(PANEL_SHEET + DRIFT_SHEET)
    history = queries.monitoring()
    if history.empty:
        st.title("Drift", anchor=False)
        _nothing_yet()
        return
    with st.container(key="drift"):
        title, downloads = st.columns([1, 2], vertical_alignment="bottom")
        title.title("Drift", anchor=False)
        verdict = st.container(key="drift-verdict")
        view = view_of(selected_filters(history), history)
        with downloads:
            show_downloads(view)
        show_notes(view)
        moved = moved_of(view)
        with verdict:
            show_verdict(view)
            show_notes_of_day(view)
        show_sections(view, moved)


def show_sections(view: View, moved: Moved) -> None:
    """Shows the three sections."""
    values = {**view.monitoring_run.values, "row": view.row}
    ranks, population, levels = questions_of(values, view.thresholds, score_sentence(moved, day))
    place = st.container(key="drift-ranks")
    with st.container(key="drift-curves-place"):
        curves = curves_in_view(view)
    with place:
        show_ranks(view, ranks, curves)
    show_moved(view, population, moved)
    show_levels(view, levels, curves)


def _nothing_yet() -> None:
    champion = queries.champion()
    if champion is None:
        empty(
            "No monitoring yet",
            "This page shows the AUC of the champion, and the drift of its scores and inputs.",
            "There is no model yet: run `python -m engine run training`, then `inference`, then `monitoring`.",
        )
        return
    empty(
        "No monitoring yet",
        f"Model {champion.version} is champion and has not been monitored.",
        "Run `python -m engine run inference`, then `python -m engine run monitoring`.",
    )


show()
