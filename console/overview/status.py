"""The processes and the pipelines: whether worker, Ray and scheduler are alive, the last run and the next one."""

from datetime import datetime
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment
from console.app.navigation import run_link
from console.app.refresh import refreshed
from console.components.elements import Text, join, note_html, plain_markdown, state_html, write_html
from console.components.times import ago_html, span, time_html
from console.overview.query import overview
from console.runs.trigger import trigger_button
from engine.status.reading import Reading
from storage.db.ledger import LedgerRow

REFRESH = "2s"
DUTIES = {"worker": "executes runs", "Ray": "executes their tasks", "scheduler": "requests runs on schedule"}
BREAK = Markup("<br>")


def show() -> None:
    """Shows a line of processes, and a card with a trigger for each pipeline."""
    _processes()
    st.header("Pipelines", anchor=False)
    for column, pipeline in zip(st.columns(len(deployment().pipelines)), deployment().pipelines, strict=True):
        with column, st.container(border=True, key=f"pipeline-{pipeline}"):
            st.subheader(plain_markdown(pipeline), anchor=False)
            _pipeline(pipeline)
            trigger_button(pipeline)


@refreshed(REFRESH)
def _processes() -> None:
    view = overview().reading
    cells = join(Markup("<div>{}</div>").format(_process(view, kind)) for kind in DUTIES)
    line = Markup('<div class="lw-pair" style="gap: 0.4rem 2.4rem">{}</div>')
    write_html(line.format(cells))


def _process(view: Reading, kind: str) -> Markup:
    state, row = _state(view, kind)
    words: Text = DUTIES[kind]
    if row:
        words = Markup("{}, {}").format(row["host"], ago_html(datetime.fromisoformat(row["seen"]), view.now))
    return Markup("<strong>{}</strong> {}<br>{}").format(kind, state_html(state), note_html(words))


def _state(view: Reading, kind: str) -> tuple[str, dict[str, Any]]:
    """The state of a kind of process, and the document of the process with that state."""
    rows = [row for row in view.processes if row["kind"] == ("worker" if kind == "Ray" else kind)]
    alive = next((row for row in rows if row["state"] == "alive"), None)
    if not rows:
        return "never", {}
    if alive is None:
        return rows[0]["state"], ({} if kind == "Ray" else rows[0])  # Ray ends with its worker
    if kind == "Ray":
        return ("alive" if alive["detail"].get("ray") == "up" else "starting"), alive
    return "alive", alive


@refreshed(REFRESH)
def _pipeline(pipeline: str) -> None:
    """The last run of a pipeline, and the time of its next one."""
    view = overview().reading
    write_html(join([_last(view.last_run(pipeline), view.now), _next(view.schedules[pipeline], view.now)], BREAK))


def _last(run: LedgerRow | None, now: datetime) -> Markup:
    if run is None:
        return note_html("No run yet")
    start, end = run.started_at, run.finished_at
    took = f", {span(((end or now) - start).total_seconds())}" if start else ""
    first = Markup("{} {}{}").format(state_html(run.state), time_html(run.requested_at, now), note_html(took))
    return join([first, run_link(run.run_id)], BREAK)


def _next(schedule: dict[str, Any], now: datetime) -> Markup:
    if schedule["paused"]:
        return state_html("paused", "schedule paused")
    if not schedule["coming"]:
        return note_html("not scheduled")
    due = datetime.fromisoformat(schedule["coming"][0])
    return note_html(Markup("next {}, {}").format(time_html(due, now), ago_html(due, now)))
