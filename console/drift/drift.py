"""The Drift page: is the model still good, and why not?"""

import streamlit as st
from markupsafe import Markup

from console.app import queries
from console.components.chart_panel import PANEL_SHEET, show_panel
from console.components.elements import empty, write_html
from console.drift.curves import show_curves
from console.drift.downloads import show_downloads
from console.drift.features import show_features
from console.drift.filters import selected_filters
from console.drift.movement import moved_of
from console.drift.panels import at_threshold_panel, auc_panel, confusion_panel, psi_panel, scores_panel
from console.drift.query import View, view_of
from console.drift.validation import show_validation
from console.drift.verdict import show_verdict

DRIFT_SHEET = Markup("""<style>
.lw-verdict-sentence { font-size: 1.12rem; line-height: 1.5; margin: 0 0 0.3rem; max-width: 62rem; }
.lw-verdict .lw-note { margin: 0 0 0.2rem; max-width: 62rem; }
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
        with verdict:
            moved = moved_of(view)
            show_verdict(view, moved)
        outcome_panels(view)
        show_features(scores_panel(view), view, moved)
        show_curves(view)
        show_validation(view)


def outcome_panels(view: View) -> None:
    """Shows the panels of AUC, PSI, precision and recall, and the confusion matrix, in two columns."""
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(auc_panel(view))
    with right:
        show_panel(psi_panel(view))
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(at_threshold_panel(view))
    with right:
        show_panel(confusion_panel(view))


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
