"""The Models page: versions and their candidates, two side by side, champions over time, promotion and rollback."""

import streamlit as st

from console.app.deployment import ledger
from console.app.queries import model_of_row
from console.components.elements import callout, empty, figure, state_html
from console.components.times import ago, time_html
from console.models.candidates import interval_text
from console.models.champion_history import history_part, times_part
from console.models.comparison import compare_part, show_pair
from console.models.detail import candidates_and_comparisons, contents_part, summary_part, verdict_part
from console.models.lineage import lineage_part
from console.models.promotion import open_dialog, promote_button, rollback_button
from console.models.query import Chosen, best, chosen, events, names, registry, succession
from console.models.version_list import page_of, version_list
from storage.ledger.models import ModelVersion

VIEWS = ["Versions", "Compare two", "Champions over time"]
PARTS = ["Candidates", "Lineage", "Features, settings, files"]


def models_page() -> None:
    """The whole page."""
    st.title("Models")
    every = names()
    if not every:
        empty(
            "No models yet",
            "Every trained version, and who was champion when, will be here.",
            "Run the training on the Overview page, or type `python -m engine run training`.",
        )
        return
    past = succession()
    champion = past[0].version if past else None
    _champion_strip(past)
    asked = "a" in st.query_params or "b" in st.query_params
    views = st.tabs(VIEWS, key="view", bind="query-params", default=VIEWS[1] if asked else VIEWS[0])
    shown = chosen(st.query_params.get("version") or champion or every[0])
    if views[0].open:
        with views[0]:
            _versions(every, shown, champion)
    elif views[1].open:
        with views[1]:
            compare_part(every, champion)
    else:
        with views[2]:
            history_part()
    open_dialog(model_of_row(shown.row) if shown else None)


def _champion_strip(past: list[ModelVersion]) -> None:
    """Who is champion, how good, since when; and the way back."""
    told, act = st.columns([5, 1], vertical_alignment="center")
    if not past:
        with told:
            callout("warn", "There is no champion", "Inference can't run until there is one: promote a version below.")
        return
    model = past[0]
    numbers = best(model.summary, model.model_name)
    since = next(iter(events(model.version)))
    now = ledger().clock()
    told.html(
        f'<div class="lw-pair">{state_html("champion")}<span class="lw-figure">{model.version}</span>'
        f"<span>{model.model_name}, test AUC {figure(numbers.get('test_auc'))} ({interval_text(numbers)})</span>"
        f'<span class="lw-note">since {time_html(since.at, now)}, {ago(since.at, now)}, by {since.who}</span></div>'
    )
    with act.container(horizontal=True, horizontal_alignment="right"):
        rollback_button(past)


def _versions(every: list[str], shown: Chosen | None, champion: str | None) -> None:
    st.session_state.setdefault("page", page_of(every, st.query_params.get("version")))
    found = registry(st.session_state["page"])
    version_list(found, shown.version if shown else None)
    if shown is None:
        version = st.query_params.get("version")
        callout("warn", "There is no such version", f"No model is registered as {version}; choose one of the list.")
        return
    _head(shown.version, champion)
    facts_side, verdict_side = st.columns(2, gap="large")
    with facts_side:
        st.subheader("What it is")
        summary_part(shown, champion=shown.version == champion)
    with verdict_side:
        st.subheader("Promotion test")
        verdict_part(shown.told)
        st.subheader("As champion")
        times_part(shown.row)
    _parts(shown)


def _head(version: str, champion: str | None) -> None:
    """The version's name, and what can be done with one that is not champion."""
    head, act = st.columns([3, 2], vertical_alignment="bottom")
    head.header(version)
    if version == champion:
        return
    with act.container(horizontal=True, horizontal_alignment="right"):
        if champion:
            pair = (champion, version)
            st.button("Compare with champion", key="compare-champion", on_click=show_pair, args=pair)
        promote_button(version)


def _parts(shown: Chosen) -> None:
    parts = st.tabs(PARTS, key="part", bind="query-params")
    for part, fill in zip(parts, (candidates_and_comparisons, lineage_part, contents_part), strict=True):
        if part.open:
            with part:
                fill(shown)


models_page()
