"""A run's log: its newest lines, filtered by task and level, in a box that keeps its scroll position."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

import streamlit as st
from markupsafe import Markup, escape

from console.app.deployment import ledger
from console.components.elements import join, note, note_html, write_html
from console.components.times import exact, local
from console.run.query import RunView
from storage.db.ledger import LedgerRow
from storage.ledger.tasks import LogFilter, count_logs, log_tail

HEIGHT = 420
PAGE, MOST = 300, 3_000  # lines that are shown at first and added by each click for older ones; lines at most
PIECE = 40  # lines in one element; a full element never changes, so its text can be selected while the log grows
MOST_IN_FILE = 100_000
ORDER = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LEAST = {"all": "", "warnings": "WARNING", "errors": "ERROR"}
TONE = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad"}
SIGN = {"WARNING": "!", "ERROR": "✗", "CRITICAL": "✗"}

LOG_SHEET = Markup("""<style>
.lw-log { font-family: "Source Code Pro", monospace; font-size: 0.78rem; line-height: 1.5; margin: 0; }
.lw-log div { display: grid; grid-template-columns: 4.9rem 1.1rem minmax(8rem, 15rem) 1fr; gap: 0 0.6rem; }
.lw-log div > * { overflow-wrap: anywhere; }
.lw-log time, .lw-log .lw-by { color: var(--lw-quiet); }
.lw-log .lw-said { white-space: pre-wrap; }
@media (max-width: 760px) {
  .lw-log div { grid-template-columns: 4.9rem 1.1rem 1fr; padding-bottom: 0.25rem; }
  .lw-log .lw-said { grid-column: 1 / -1; }
}
</style>""")


def log_controls(view: RunView) -> LogFilter:
    """The chosen filter of the log. It is in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="log-controls"):
        task = st.selectbox(
            "Task",
            ["", *view.names],
            format_func=lambda name: name or "every task",
            key="task",
            bind="query-params",
            width=320,
        )
        least = st.segmented_control(
            "Lines", list(LEAST), default="all", required=True, key="lines", bind="query-params"
        )
        text = st.text_input(
            "Search", key="find", bind="query-params", width=220, placeholder="text of a line", icon=":material/search:"
        )
        st.download_button(
            "Download",
            data=lambda: log_text(view.run.run_id),
            file_name=f"{view.run.run_id}.log",
            mime="text/plain",
            on_click="ignore",
            key="log-download",
        )
    levels = ORDER[ORDER.index(LEAST[least or "all"]) :] if LEAST[least or "all"] else ()
    return LogFilter(task or "", tuple(levels), text=(text or "").strip())


def log_lines(view: RunView, where: LogFilter) -> None:
    """Draws the newest lines and scrolls to the last one, unless the user has scrolled up.

    Lines that are shown stay, and new lines are added at the end, so that the text does not move.
    """
    first = f"log-{view.run.run_id}-{where.task}-{'-'.join(where.levels)}-{where.text}"
    rows = shown(view.run.run_id, where, st.session_state.get(first))
    with st.container(height=HEIGHT, autoscroll=True, key="log", border=True, gap=None):
        if not rows:
            note(nothing(view, where))
        for start in range(0, len(rows), PIECE):
            write_html(log_html(rows[start : start + PIECE], where.text, first=not start))
    if rows:
        st.session_state[first] = rows[0].log_id
        _foot(view.run.run_id, where, first, len(rows))


def shown(run_id: str, where: LogFilter, first: int | None) -> Sequence[LedgerRow]:
    """The lines from the id `first` on, which was shown before; the newest lines for None."""
    if first is None:
        return tail(run_id, where, PAGE)
    return tail(run_id, replace(where, since=first), MOST)


def tail(run_id: str, where: LogFilter, limit: int) -> Sequence[LedgerRow]:
    """The newest lines of a run that match, oldest first."""
    with ledger().reading() as connection:
        return log_tail(connection, run_id, where, limit)


def log_html(rows: Sequence[LedgerRow], text: str = "", *, first: bool = True) -> Markup:
    """Lines of a log: time (the exact one on hover), sign of the level, task, message with the searched text marked.

    The first element can have the keyboard focus, so that the box can be scrolled by keyboard.
    """
    focus = Markup(' tabindex="0" role="region" aria-label="Lines of the log"') if first else Markup()
    return Markup('<div class="lw-log"{}>{}</div>').format(focus, join(_line(row, text) for row in rows))


def log_text(run_id: str) -> str:
    """The newest lines of a run's log as plain text, with time in UTC, level, task and message.

    The first line says how many older ones are left out.
    """
    rows = tail(run_id, LogFilter(), MOST_IN_FILE)
    older = _older(run_id, LogFilter(before=rows[0].log_id)) if rows else 0
    told = f"{older:,} older lines are left out; `python -m engine logs {run_id} --all` prints every line.\n"
    return (told if older else "") + "".join(
        f"{row.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {row.level:<7} {row.task}: {row.message}\n" for row in rows
    )


def nothing(view: RunView, where: LogFilter) -> str:
    """The text of a log without lines."""
    if where.task or where.levels or where.text:
        return "No log lines match. Choose every task and all lines, and clear the search, to see the rest."
    return "Lines appear here when a task writes them." if view.active else "No log lines."


def marked(message: str, text: str) -> Markup:
    """The message with each place of the searched text marked."""
    if not text:
        return escape(message)
    parts = re.split(f"({re.escape(text)})", message, flags=re.IGNORECASE)
    return join(Markup("<mark>{}</mark>").format(part) if at % 2 else part for at, part in enumerate(parts))


def _line(row: LedgerRow, text: str) -> Markup:
    tone = f"lw-{TONE[row.level]}" if row.level in TONE else ""
    sign = Markup('<b title="{}" class="{}">{}</b>').format(row.level, tone, SIGN.get(row.level, ""))
    at = Markup('<time title="{}">{}</time>').format(exact(row.at), f"{local(row.at):%H:%M:%S}")
    by = Markup('<span class="lw-by">{}</span>').format(row.task)
    return Markup('<div>{}{}{}<span class="lw-said {}">{}</span></div>').format(
        at, sign, by, tone, marked(row.message, text)
    )


def _foot(run_id: str, where: LogFilter, first: str, count: int) -> None:
    """Shows the number of lines, and a button for older ones if there are any."""
    older = _older(run_id, replace(where, before=st.session_state[first]))
    with st.container(horizontal=True, vertical_alignment="center", key="log-foot"):
        which = (
            f"The newest {count:,} of {count + older:,} lines; the download has up to {MOST_IN_FILE:,}."
            if older
            else f"{count:,} lines."
        )
        write_html(note_html(which), width="content")
        if older and count < MOST:
            st.button("Show older lines", key="log-older", on_click=_more, args=(run_id, where, first))


def _older(run_id: str, where: LogFilter) -> int:
    """How many lines of a run match."""
    with ledger().reading() as connection:
        return count_logs(connection, run_id, where)


def _more(run_id: str, where: LogFilter, first: str) -> None:
    older = tail(run_id, replace(where, before=st.session_state[first]), PAGE)
    if older:
        st.session_state[first] = older[0].log_id
