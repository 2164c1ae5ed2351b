"""The section "Does it rank?": AUC, KS and Gini with and without arrears, ROC, and the scores at the cut-off."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from console.components.chart_panel import Panel, kept, show_panel
from console.components.elements import Text, note, note_html
from console.components.table import columns, table
from console.drift.curves import precision_recall_panel, roc_panel
from console.drift.panels import at_threshold_panel, auc_by, auc_panel, confusion_panel
from console.drift.query import View
from console.drift.sections.heading import open_section
from engine.documents.drift.ranking import RANKING, ranking_of_run, ranking_texts
from engine.documents.validation import NOT_IN_ARREARS
from engine.documents.values import Document
from jobs.governance.sentences import auc_loans
from jobs.monitoring.curves import Curves


def show_ranks(view: View, question: Document, curves: Curves | None) -> None:
    """Shows the section; without `curves`, without ROC and precision against recall."""
    open_section(question)
    left, right = st.columns(2, gap="large")
    with left:
        _show_figures(view)
        if curves is None:
            show_panel(_kept(view, confusion_panel))
    with right:
        show_panel(_kept(view, at_threshold_panel) if curves is None else _kept_curve(view, curves, roc_panel))
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(kept(f"auc by {auc_by(view)}", view.identity, partial(auc_panel, view)))
    if curves is None:
        return
    with right:
        show_panel(_kept(view, at_threshold_panel))
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(_kept_curve(view, curves, precision_recall_panel))
    with right:
        show_panel(_kept(view, confusion_panel))


def _show_figures(view: View) -> None:
    """The table of AUC, KS and Gini."""
    heads = columns(*RANKING, numbers=RANKING[1:])
    rows = ranking_of_run({**view.monitoring_run.values, "row": view.row})
    table("How well it ranks", heads, [_row(cells) for cells in ranking_texts(rows)])
    note(f"The retraining rule judges the AUC of the newest mature cohorts: {auc_loans(view.row)}.")
    note("Loans in arrears at scoring are easy to rank, so the rows without them say what the score adds.")


def _kept(view: View, panel: Callable[[View], Panel]) -> Panel:
    return kept(panel.__name__, view.identity, partial(panel, view))


def _kept_curve(view: View, curves: Curves, panel: Callable[[View, Curves], Panel]) -> Panel:
    return kept(panel.__name__, view.identity, partial(panel, view, curves))


def _row(cells: tuple[str, ...]) -> tuple[Text, ...]:
    return tuple(note_html(cell) for cell in cells) if cells[0] == NOT_IN_ARREARS else cells
