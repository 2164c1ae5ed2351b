"""The list of runs: filtered, newest first, page by page. The filters are in the address."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment, ledger
from console.app.navigation import page_link, run_link
from console.components.elements import Text, count, empty, join, note_html, sign_html, state_html, write_html
from console.components.table import columns, filled, table_html
from console.components.times import span, time_html
from engine.control.trials import trial_words
from engine.documents.running.folds import FOLDED, Fold, folded
from storage.db.ledger import LedgerRow
from storage.db.schema import RUN_STATES
from storage.ledger.run_search import RunFilter, newest_resumptions, runs_page, state_counts

PAGE = 50
MOST_READ = 300  # runs that are read for a page of which many are folded
FIRST_WORDS = 110  # letters of an error that are shown
CAUSES = {
    "manual": "manual",
    "schedule": "schedule",
    "governance": "retraining rule",
    "resume": "resume",
    "replay": "backfill",
}
FILTERS = ("pipeline", "state", "cause", "id")
BOUNDS = ("older", "newer")

WHOLE = ("Run", "As of", "Trigger", "Requested", "Duration")
HEADS = columns("State", *WHOLE, "Details", lines=WHOLE)
PAGES = Markup('<div class="lw-pair">{}</div>')


def filters() -> tuple[RunFilter, bool]:
    """The chosen filters, and whether repeated failures are one line. A change goes back to the first page."""
    with ledger().reading() as connection:
        counts = state_counts(connection, RunFilter(*(_before(key) for key in FILTERS)))
    with st.container(horizontal=True, key="runs-filters"):
        pipeline = _select("Pipeline", "pipeline", tuple(deployment().pipelines))
        state = _state(counts)
        cause = _select("Trigger", "cause", tuple(CAUSES))
        text = st.text_input(
            "Run ID or as-of date",
            key="id",
            bind="query-params",
            on_change=from_newest,
            width=230,
            placeholder="2025-11",
            help="A part of the run ID, or a year, month or day of the as-of date",
        )
    fold = True
    if any(counts.get(one) for one in FOLDED):
        fold = st.toggle("Fold repeated failures", value=True, key="fold", bind="query-params", on_change=from_newest)
    return RunFilter(pipeline, state, cause, text or ""), fold


def _before(key: str) -> str:
    """The choice of a filter that is drawn later: of the session, else of the address, which has a trigger's words."""
    chosen = str(st.session_state.get(key, st.query_params.get(key)) or "")
    return {words: cause for cause, words in CAUSES.items()}.get(chosen, chosen) if key == "cause" else chosen


def _select(label: str, key: str, options: Sequence[str]) -> str:
    return (
        st.selectbox(
            label,
            ["", *options],
            format_func=lambda one: CAUSES.get(one, one) or "all",
            key=key,
            bind="query-params",
            on_change=from_newest,
            width=170,
        )
        or ""
    )


def _state(counts: Mapping[str, int]) -> str:
    """The chosen state. The options have counts, so the address keeps the state without them, and decides here."""
    chosen = st.query_params.get("state", "")
    st.session_state["state"] = chosen if chosen in RUN_STATES else ""
    shown = {"": f"all ({count(sum(counts.values()))})"}
    shown |= {state: f"{state} ({count(counts.get(state, 0))})" for state in RUN_STATES}
    return (
        st.selectbox(
            "State", list(shown), format_func=lambda one: shown.get(one, one), key="state", on_change=_keep, width=170
        )
        or ""
    )


def _keep() -> None:
    """Puts the chosen state into the address."""
    if st.session_state["state"]:
        st.query_params["state"] = st.session_state["state"]
    else:
        st.query_params.pop("state", None)
    from_newest()


def from_newest() -> None:
    """Goes back to the first page."""
    for bound in BOUNDS:
        st.query_params.pop(bound, None)


def run_list(where: RunFilter, bounds: Mapping[str, str], *, fold: bool = False) -> None:
    """Draws a page of the list: the newest runs, or the runs older or newer than the run in the address."""
    older, newer = bounds.get("older", ""), bounds.get("newer", "")
    with ledger().reading() as connection:
        rows, now = runs_page(connection, PAGE + 1, where, older, newer), ledger().now(connection)
        more = len(rows) > PAGE
        folds = _folds((rows[1:] if newer else rows[:PAGE]) if more else rows, fold=fold)
        if more and not newer and len(folds) < PAGE:
            rows = runs_page(connection, MOST_READ + 1, where, older)
            all_folds = _folds(rows[:MOST_READ], fold=fold)
            folds, more = all_folds[:PAGE], len(all_folds) > PAGE or len(rows) > MOST_READ
        after = newest_resumptions(connection, [each.newest.run_id for each in folds])
    if not folds:
        _nothing(where, bool(older or newer))
        return
    cells = [_cells(each, after.get(each.newest.run_id), now) for each in folds]
    table = table_html("Runs, newest first", *filled(HEADS, cells, ["Details"]), stacked=True)
    write_html(table + pages_html(where, folds, older, newer, more=more, fold=fold))


def _folds(rows: Sequence[LedgerRow], *, fold: bool) -> list[Fold]:
    return folded(rows) if fold else [Fold(row) for row in rows]


def pages_html(
    where: RunFilter, folds: Sequence[Fold], older: str, newer: str, *, more: bool, fold: bool = True
) -> Markup:
    """Links to the previous and the next page of the list, if there are any."""
    links, one_by_one = [], "" if fold else "false"
    if older or (newer and more):
        links.append(_page(where, "Newer", newer=folds[0].newest.run_id, fold=one_by_one))
    if (more and not newer) or newer:
        links.append(_page(where, "Older", older=folds[-1].oldest.run_id, fold=one_by_one))
    return PAGES.format(join(links)) if links else Markup()


def _page(where: RunFilter, words: str, **bound: str) -> Markup:
    cause = CAUSES.get(where.cause, where.cause)  # the address has the words of the filter
    chosen = dict(zip(FILTERS, (where.pipeline, where.state, cause, where.text), strict=True))
    return page_link("runs", words, **chosen, **bound)


def _cells(fold: Fold, after: LedgerRow | None, now: datetime) -> tuple[Text, ...]:
    row = fold.newest
    end = row.finished_at or now
    took = span(max(0.0, (end - row.started_at).total_seconds())) if row.started_at else ""
    return (
        state_html(row.state),
        run_link(row.run_id),
        f"{row.as_of}",
        CAUSES.get(row.cause, row.cause),
        time_html(row.requested_at, now),
        took,
        join([_repeated(fold, now), _details(row, after)], " "),
    )


def _repeated(fold: Fold, now: datetime) -> Text:
    """How often a failure was repeated, and since when."""
    if fold.count == 1:
        return ""
    since = time_html(fold.oldest.requested_at, now)
    return Markup("<strong>{} times</strong> since {}:").format(fold.count, since)


def _details(row: LedgerRow, after: LedgerRow | None) -> Markup:
    """That the run is a trial, the first words of an error, and the state of the run that resumed this one."""
    message = str(row.error["message"]) if row.error else ""
    short = message if len(message) <= FIRST_WORDS else f"{message[:FIRST_WORDS].rstrip()}..."
    parts = [Markup('<span class="lw-note" title="{}">{}</span>').format(message, short)] if message else []
    if trial := trial_words(row):
        parts.insert(0, sign_html("!", "warn", f"{trial}, not published"))
    if after is not None:
        parts.append(Markup("{} {}").format(note_html(run_link(after.run_id, "resumed:")), state_html(after.state)))
    return join(parts, " ")


def _nothing(where: RunFilter, bounded: bool) -> None:
    if bounded or where != RunFilter():
        empty("No runs match", "Choose all, or clear the search field, to list every run.")
    else:
        empty("No runs yet", "Start a run with a button above, or with `python -m engine run training`.")
