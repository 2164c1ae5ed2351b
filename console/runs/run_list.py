"""The list of runs: filtered, newest first, page by page; everything that was chosen stands in the address."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from urllib.parse import urlencode

import streamlit as st

from console.app.deployment import ledger
from console.components.elements import empty, state_html
from console.components.times import span, time_html
from engine.definitions.pipelines import PIPELINES
from storage.db.ledger import LedgerRow
from storage.db.schema import RUN_STATES
from storage.ledger.run_search import RunFilter, newest_resumptions, runs_page

PAGE = 50
CAUSES = ("manual", "schedule", "governance", "resume", "replay")
FILTERS = ("pipeline", "state", "cause", "id")
BOUNDS = ("older", "newer")

LIST_STYLE = """<style>
.lw-runs { width: 100%; border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.lw-runs th { text-align: left; font-weight: 600; color: light-dark(#56606c, #a9b3bf); }
.lw-runs th, .lw-runs td { padding: 0.32rem 0.9rem 0.32rem 0; vertical-align: top; white-space: nowrap;
  border-bottom: 1px solid light-dark(#e6e9ee, #2a303b); }
.lw-runs td.lw-words { white-space: normal; width: 45%; overflow-wrap: anywhere; }
.lw-runs a, .lw-pages a { color: light-dark(#1f5fae, #8ab8f2); }
.lw-pages { display: flex; gap: 1.5rem; }
@media (max-width: 900px) {
  .lw-runs thead { display: none; }
  .lw-runs, .lw-runs tbody { display: block; }
  .lw-runs tr { display: flex; flex-wrap: wrap; gap: 0 0.8rem; padding: 0.45rem 0;
    border-bottom: 1px solid light-dark(#e6e9ee, #2a303b); }
  .lw-runs td, .lw-runs td.lw-words { border: none; padding: 0; width: auto; }
  .lw-runs td:empty { display: none; }
  .lw-runs td.lw-words { flex-basis: 100%; }
}
</style>"""


def filters() -> RunFilter:
    """Which runs the reader wants; another choice begins at the newest again."""
    with st.container(horizontal=True, key="runs-filters"):
        choices = (("Pipeline", "pipeline", tuple(PIPELINES)), ("State", "state", RUN_STATES), ("Why", "cause", CAUSES))
        chosen = [
            st.selectbox(
                label,
                ["", *options],
                format_func=lambda one: one or "all",
                key=key,
                bind="query-params",
                on_change=from_newest,
                width=170,
            )
            for label, key, options in choices
        ]
        text = st.text_input(
            "Id or as-of",
            key="id",
            bind="query-params",
            on_change=from_newest,
            width=230,
            placeholder="2025-11",
            help="A part of the run's id, or the year, month or day that it is about",
        )
    pipeline, state, cause = (one or "" for one in chosen)
    return RunFilter(pipeline, state, cause, text or "")


def from_newest() -> None:
    """Leaves the page of older runs that is shown."""
    for bound in BOUNDS:
        st.query_params.pop(bound, None)


def run_list(wanted: RunFilter, bounds: Mapping[str, str]) -> None:
    """Draws a page of the list: the newest runs, or those beyond one that the address names."""
    older, newer = bounds.get("older", ""), bounds.get("newer", "")
    with ledger().reading() as connection:
        rows = runs_page(connection, PAGE + 1, wanted, older, newer)
        more = len(rows) > PAGE
        rows = (rows[1:] if newer else rows[:PAGE]) if more else rows
        after = newest_resumptions(connection, [row.run_id for row in rows])
    if not rows:
        _nothing(wanted, bool(older or newer))
        return
    st.html(list_html(rows, after, ledger().clock()) + pages_html(wanted, rows, older, newer, more=more))


def list_html(rows: Sequence[LedgerRow], after: Mapping[str, LedgerRow], now: datetime) -> str:
    """A line for each run; `after` are the runs that went on with some of them."""
    heads = ("State", "Run", "As of", "Why", "Requested", "Took", "Error")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(_line(row, after.get(row.run_id), now) for row in rows)
    return f'<table class="lw-runs"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def pages_html(wanted: RunFilter, rows: Sequence[LedgerRow], older: str, newer: str, *, more: bool) -> str:
    """Links to the neighbouring pages of the list, as far as there are any."""
    links = []
    if older or (newer and more):
        links.append(_page(wanted, "Newer", newer=rows[0].run_id))
    if (more and not newer) or newer:
        links.append(_page(wanted, "Older", older=rows[-1].run_id))
    return f'<div class="lw-pages">{"".join(links)}</div>' if links else ""


def _page(wanted: RunFilter, words: str, **bound: str) -> str:
    chosen = dict(zip(FILTERS, (wanted.pipeline, wanted.state, wanted.cause, wanted.text), strict=True))
    query = urlencode({name: value for name, value in {**chosen, **bound}.items() if value})
    return f'<a href="/runs?{escape(query)}">{words}</a>'


def _line(row: LedgerRow, after: LedgerRow | None, now: datetime) -> str:
    end = row.finished_at or now
    took = span(max(0.0, (end - row.started_at).total_seconds())) if row.started_at else ""
    cells = (
        state_html(row.state),
        f'<a class="lw-mono" href="/run?run_id={row.run_id}">{row.run_id}</a>',
        f"{row.as_of}",
        escape(row.cause),
        time_html(row.requested_at, now),
        took,
    )
    told = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr>{told}<td class="lw-words">{_words(row, after)}</td></tr>'


def _words(row: LedgerRow, after: LedgerRow | None) -> str:
    """The first words of an error, and what became of the run that went on with this one."""
    message = str(row.error["message"]) if row.error else ""
    short = message if len(message) <= 110 else f"{message[:110].rstrip()}..."
    told = [f'<span class="lw-note" title="{escape(message)}">{escape(short)}</span>'] if message else []
    if after is not None:
        link = f'<a href="/run?run_id={after.run_id}">resumed</a>'
        told.append(f'<span class="lw-note">{link}:</span> {state_html(after.state)}')
    return " ".join(told)


def _nothing(wanted: RunFilter, beyond: bool) -> None:
    if beyond or wanted != RunFilter():
        empty("No run is like that", "Choose all, or clear the field, to see every run.")
    else:
        empty(
            "No run yet",
            "Every run will be listed here. Ask for one with a button above, or by `python -m engine run training`.",
        )
