"""The Models page: versions and candidates, two side by side, champions over time, promotion, approval, rollback."""

from collections.abc import Mapping
from datetime import datetime

import streamlit as st
from markupsafe import Markup

from console.app.deployment import ledger
from console.app.queries import model_of_row
from console.app.report import report_button
from console.components.elements import callout, empty, figure, note_html, plain_markdown, state_html, write_html
from console.components.keyboard import row_choice
from console.components.table import chosen_page
from console.components.times import time_html
from console.models.card import show_card, show_segments
from console.models.champions.champions import show_history
from console.models.champions.change import change_link, day_of, show_champion_events
from console.models.detail import show_candidates_and_comparisons, show_contents, show_promotion_test, show_summary
from console.models.explanation import show_explanation
from console.models.importance import show_importance
from console.models.lineage import show_lineage
from console.models.pair.comparison import compare, show_comparison
from console.models.promotion import approval_buttons, promote_button, rollback_button, show_approval, show_waiting
from console.models.query import (
    PAGE,
    ModelView,
    approvals,
    changes_of_champion,
    last_champions,
    model_view,
    registry_page,
    selected_metrics,
    version_count,
    version_names,
)
from console.models.version_list import page_of, version_list
from engine.documents.candidates import interval_text
from engine.documents.values import Document
from storage.ledger.approvals import Approval
from storage.ledger.models import ModelVersion

VIEWS = ["Versions", "Compare two", "Champions over time", "Explain a loan"]
PARTS = ["Candidates", "Model card", "Segments", "Importance", "Lineage", "Features, parameters, files"]
SHOWN = (show_candidates_and_comparisons, show_card, show_segments, show_importance, show_lineage, show_contents)
CHAMPION_LINE = Markup(
    '<div class="lw-pair">{}<span class="lw-figure">{}</span><span>{}, test AUC {} ({})</span>{}</div>'
)


def models_page() -> None:
    """Shows the whole page."""
    st.title("Models")
    names = version_names()
    if not names:
        empty(
            "No models yet",
            "This page lists each trained version and each champion.",
            "Run the training on the Overview page, or type `python -m engine run training`.",
        )
        return
    champions = last_champions()
    champion = champions[0].version if champions else None
    changes = changes_of_champion()
    _champion_line(champions, changes)
    decisions = approvals()
    show_waiting([one for one in decisions.values() if one.state == "waiting"], champions)
    views = st.tabs(VIEWS, key="view", bind="query-params", default=_view_of_address())
    shown = model_view(st.query_params.get("version") or champion or names[0])
    if views[0].open:
        with views[0]:
            _versions(names, shown, champions, decisions, changes)
    elif views[1].open:
        with views[1]:
            show_comparison(names, champion)
    elif views[2].open:
        with views[2]:
            show_history()
    else:
        with views[3]:
            show_explanation()


def _view_of_address() -> str:
    """The view that an address without `view` opens: what else it names tells which."""
    if "loan" in st.query_params:
        return VIEWS[3]
    return VIEWS[1] if "a" in st.query_params or "b" in st.query_params else VIEWS[0]


def _champion_line(champions: list[ModelVersion], changes: list[Document]) -> None:
    """The champion with its AUC and the start of its period, and the rollback button."""
    left, right = st.columns([5, 1], vertical_alignment="center")
    if not champions:
        with left:
            callout("warn", "There is no champion", "Inference needs a champion: promote a version below.")
        return
    model = champions[0]
    metrics = selected_metrics(model.summary, model.model_name)
    change = changes[0]
    recorded = time_html(datetime.fromisoformat(change["at"]), ledger().clock(), day_of(change["day"]))
    why = f"why it replaced {change['replaced']}" if change["replaced"] else "why it is champion"
    since = Markup("since {}, by {}: {}").format(recorded, change["who"], change_link(change, why))
    auc, interval = figure(metrics.get("test_auc")), interval_text(metrics)
    with left:
        write_html(
            CHAMPION_LINE.format(
                state_html("champion"), model.version, model.model_name, auc, interval, note_html(since)
            )
        )
    with right.container(horizontal=True, horizontal_alignment="right"):
        rollback_button(champions)


def _versions(
    names: list[str],
    shown: ModelView | None,
    champions: list[ModelVersion],
    decisions: Mapping[str, Approval],
    changes: list[Document],
) -> None:
    """The list of versions, and below it the version that the address names."""
    row_choice("Go to a version", "version", names)
    place = st.container()
    page = chosen_page(version_count(), PAGE, page_of(names, st.query_params.get("version")))
    with place:
        version_list(registry_page(page), shown.version if shown else None)
    if shown is None:
        version = st.query_params.get("version")
        callout("warn", "There is no such version", f"No model is registered as {version}; choose one of the list.")
        return
    approval = decisions.get(shown.version)
    _heading(shown, champions, approval)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Summary")
        show_summary(shown, changes)
        st.subheader("As champion")
        show_champion_events(changes, shown.version)
    with right:
        st.subheader("Promotion test")
        show_promotion_test(shown.details, approval)
        if approval is not None:
            show_approval(approval)
    _parts(shown)


def _heading(shown: ModelView, champions: list[ModelVersion], approval: Approval | None) -> None:
    """The version's name, its report, and the actions on one that is not champion."""
    heading, actions = st.columns([3, 2], vertical_alignment="bottom")
    heading.header(plain_markdown(shown.version))
    champion = champions[0].version if champions else None
    with actions.container(horizontal=True, horizontal_alignment="right"):
        report_button(shown.version)
        if shown.version == champion:
            return
        if champion:
            pair = (champion, shown.version)
            st.button("Compare with champion", key="compare-champion", on_click=compare, args=pair)
        if approval is not None and approval.state == "waiting":
            approval_buttons(champions, model_of_row(shown.row), approval)
        else:
            promote_button(champions, model_of_row(shown.row), approval)


def _parts(shown: ModelView) -> None:
    tabs = st.tabs(PARTS, key="part", bind="query-params")
    for tab, show in zip(tabs, SHOWN, strict=True):
        if tab.open:
            with tab:
                show(shown)


models_page()
