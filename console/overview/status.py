"""The processes and the pipelines: whether worker, Ray and scheduler are alive, what ran last and what is due next."""

from datetime import datetime
from typing import Any

import streamlit as st

from console.app import queries
from console.app.deployment import deployment
from console.components.elements import state_html
from console.components.times import ago, short, span, time_html
from console.runs.trigger import trigger_button
from engine.definitions.pipelines import PIPELINES
from storage.db.ledger import LedgerRow

LOOK_EVERY = "2s"
ABSENT = {"worker": "carries out runs", "Ray": "runs their tasks", "scheduler": "asks for runs when they are due"}
LINK = '<a href="/run?run_id={0}">{0}</a>'


def show() -> None:
    """A line of processes, and a card for each pipeline with its trigger."""
    _processes()
    st.header("Pipelines", anchor=False)
    for column, pipeline in zip(st.columns(len(PIPELINES)), PIPELINES, strict=True):
        with column, st.container(border=True, key=f"pipeline-{pipeline}"):
            st.subheader(pipeline, anchor=False)
            _pipeline(pipeline)
            trigger_button(pipeline)


@st.fragment(run_every=LOOK_EVERY)
def _processes() -> None:
    now = deployment().ledger.clock()
    cells = "".join(f"<div>{_process(kind, *_state(kind), now)}</div>" for kind in ABSENT)
    st.html(f'<div class="lw-pair" style="gap: 0.4rem 2.4rem">{cells}</div>')


def _state(kind: str) -> tuple[str, dict[str, Any]]:
    """The state of a kind of process, and the document of the one that tells it."""
    rows = [row for row in queries.processes() if row["kind"] == ("worker" if kind == "Ray" else kind)]
    alive = next((row for row in rows if row["state"] == "alive"), None)
    if not rows:
        return "never", {}
    if alive is None:
        return rows[0]["state"], ({} if kind == "Ray" else rows[0])  # Ray lives and ends with its worker
    if kind == "Ray":
        return ("alive" if alive["detail"].get("ray") == "up" else "starting"), alive
    return "alive", alive


def _process(kind: str, state: str, row: dict[str, Any], now: datetime) -> str:
    told = ABSENT[kind]
    if row:
        told = f"{row['host']}, {ago(datetime.fromisoformat(row['seen']), now)}"
    return f'<strong>{kind}</strong> {state_html(state)}<br><span class="lw-note">{told}</span>'


@st.fragment(run_every=LOOK_EVERY)
def _pipeline(pipeline: str) -> None:
    """The last run of a pipeline, and when it is due next."""
    now = deployment().ledger.clock()
    run = queries.last_run(pipeline)
    due = next(row for row in queries.schedules() if row["pipeline"] == pipeline)
    st.html(f"{_last(run, now)}<br>{_next(due, now)}")


def _last(run: LedgerRow | None, now: datetime) -> str:
    if run is None:
        return '<span class="lw-note">It has never run.</span>'
    begun, ended = run.started_at, run.finished_at
    took = f", {span(((ended or now) - begun).total_seconds())}" if begun else ""
    link = LINK.format(run.run_id)
    when = time_html(run.requested_at, now)
    return f'{state_html(run.state)} {when}<span class="lw-note">{took}</span><br><span class="lw-mono">{link}</span>'


def _next(schedule: dict[str, Any], now: datetime) -> str:
    if schedule["paused"]:
        return state_html("paused", "schedule paused")
    if not schedule["coming"]:
        return '<span class="lw-note">no schedule</span>'
    due = datetime.fromisoformat(schedule["coming"][0])
    return f'<span class="lw-note">next {time_html(due, now, short(due, now))}, {ago(due, now)}</span>'
