"""A run's tasks as boxes in the order in which they wait for one another.

HTML and CSS alone: columns by depth on a wide window, with drawn links between them; a list on a narrow one. Streamlit
lets no SVG through its HTML, so the links are a mask that an address holds.
"""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

import streamlit as st

from console.components.elements import count, state_html
from console.components.theme import STATES
from console.components.times import span
from console.run.critical_path import links
from console.run.query import RunView, log_link, run_link
from storage.db.ledger import LedgerRow

BOX, GAP, LINK = 108, 14, 30  # pixels: height of a box, between two boxes, width of the links between two columns
FIRST_WORDS = 72  # letters of an error that fit in a box

GRAPH_STYLE = f"""<style>
.lw-graph {{ display: flex; align-items: stretch; overflow-x: auto; padding: 2px; margin: 0; }}
.lw-level {{ display: flex; flex-direction: column; justify-content: center; gap: {GAP}px; flex: 1 1 0;
  min-width: 168px; }}
.lw-links {{ flex: 0 0 {LINK}px; background: light-dark(#9aa3af, #5b6673); align-self: center; }}
.lw-task {{ box-sizing: border-box; height: {BOX}px; padding: 0.45rem 0.65rem; overflow: hidden;
  border: 1px solid light-dark(#d5dae1, #353c48); border-radius: 0.4rem; border-top: 3px solid; font-size: 0.83rem;
  line-height: 1.35; }}
.lw-task.lw-quiet {{ border-style: dashed; border-top-width: 1px; }}
.lw-task a {{ font-weight: 600; color: light-dark(#1f2933, #f0f2f5); text-decoration: none; display: block;
  overflow-wrap: anywhere; }}
.lw-task a:hover, .lw-task a:focus-visible {{ text-decoration: underline; }}
.lw-task .lw-note {{ font-size: 0.8rem; font-variant-numeric: tabular-nums; display: block; overflow: hidden;
  text-overflow: ellipsis; }}
.lw-task .lw-note a {{ display: inline; font-weight: 400; font-size: 0.75rem; }}
.lw-why {{ color: light-dark(#b3261e, #ff9488); font-size: 0.78rem; display: block; }}
@media (max-width: 760px) {{
  .lw-graph {{ flex-direction: column; gap: 0.4rem; }}
  .lw-level {{ flex: none; gap: 0.4rem; }}
  .lw-level + .lw-links + .lw-level::before {{ content: "\\2193"; text-align: center; line-height: 1;
    color: light-dark(#56606c, #a9b3bf); }}
  .lw-links {{ display: none; }}
  .lw-task {{ height: auto; }}
}}
</style>"""


def graph(view: RunView) -> None:
    """Draws the boxes of a run's tasks."""
    st.html(graph_html(view))


def graph_html(view: RunView) -> str:
    """The boxes of a run's tasks, column by column, with the links between them."""
    columns = view.levels
    found, parts = view.by_name, []
    height = max(map(len, columns), default=0) * (BOX + GAP) - GAP
    for number, names in enumerate(columns):
        if number:
            pairs = [pair for pair in links(view.needs) if pair[0] in columns[number - 1] and pair[1] in names]
            parts.append(_links_html(columns[number - 1], names, pairs, height))
        boxes = "".join(task_html(view, name, found.get(name)) for name in names)
        parts.append(f'<div class="lw-level" role="list" aria-label="Step {number + 1}">{boxes}</div>')
    label = "The tasks of the run, in the order in which they wait for one another"
    return f'<div class="lw-graph" role="group" tabindex="0" aria-label="{label}">{"".join(parts)}</div>'


def task_html(view: RunView, name: str, row: LedgerRow | None) -> str:
    """One box: name, state with parts and tries, rows and time, and what there is to say."""
    state = row.state if row else "queued"
    tone = STATES.get(state, ("", "quiet", ""))[1]
    broken = escape(name).replace("_", "_<wbr>")
    link = log_link(view.run.run_id, name, broken)
    told = "".join(f'<span class="lw-note">{line}</span>' for line in _numbers(view, row) if line) if row else ""
    return f'<div class="lw-task lw-{tone}" role="listitem">{link}{state_html(state)} {told}{_why(row)}</div>'


def _numbers(view: RunView, row: LedgerRow) -> list[str]:
    tries = f"{row.attempts} tries" if row.attempts > 1 else ""
    parts = f"{row.parts_done} of {row.parts_total} parts" if row.parts_total > 1 else ""
    rows = f"{count(row.rows_in)} → {count(row.rows_out)} rows" if row.rows_out is not None else ""
    return [", ".join(filter(None, (_time(view, row), parts, tries))), rows]


def _time(view: RunView, row: LedgerRow) -> str:
    if row.started_at is None or row.cached_from:
        return ""
    return span(max(0.0, ((row.finished_at or view.now) - row.started_at).total_seconds()))


def _why(row: LedgerRow | None) -> str:
    """What else there is to say of a task: an error's first words, who is to blame, whose result it is."""
    if row is None:
        return ""
    if row.failed_upstream:
        return f'<span class="lw-why">because {escape(row.failed_upstream)} failed</span>'
    if row.error and row.state in ("failed", "retrying"):
        message = str(row.error["message"])
        short = message if len(message) <= FIRST_WORDS else f"{message[:FIRST_WORDS].rstrip()}..."
        return f'<span class="lw-why" title="{escape(message)}">{escape(short)}</span>'
    if row.cached_from:
        return f'<span class="lw-note">as in {run_link(row.cached_from, "an earlier run")}</span>'
    return ""


def _links_html(left: Sequence[str], right: Sequence[str], pairs: Sequence[tuple[str, str]], height: int) -> str:
    """The curves between two columns, as the shape through which the colour of links is seen."""
    curves = "".join(_curve(_middle(left, need, height), _middle(right, name, height)) for need, name in pairs)
    size = f'width="{LINK}" height="{height}"'
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} fill="none" stroke="#000" stroke-width="1.5">{curves}</svg>'
    )
    mask = f"url('data:image/svg+xml,{quote(drawing)}') no-repeat"
    return f'<div class="lw-links" aria-hidden="true" style="height:{height}px;mask:{mask};-webkit-mask:{mask}"></div>'


def _curve(start: float, end: float) -> str:
    half = LINK / 2
    return f'<path d="M0 {start}C{half} {start} {half} {end} {LINK - 5} {end}m-3 -4l6 4l-6 4"/>'


def _middle(names: Sequence[str], name: str, height: int) -> float:
    """How far from the top the middle of a box of a column is."""
    top = (height - len(names) * (BOX + GAP) + GAP) / 2
    return top + names.index(name) * (BOX + GAP) + BOX / 2
