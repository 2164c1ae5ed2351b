"""What needs a person now: failed runs, models that retraining did not help, pauses, processes that are missing."""

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from console.app import queries
from console.components.elements import callout, state_html
from engine.control.runs import RESUMABLE
from engine.definitions.pipelines import PIPELINES

LOOK_EVERY = "3s"


@dataclass(frozen=True)
class Alert:
    """Something to be done: how bad it is, what it is in a few words, and sentences on what to do."""

    tone: str
    title: str
    sentences: tuple[str, ...]
    run_id: str | None = None


@st.fragment(run_every=LOOK_EVERY)
def show() -> None:
    """A box for each matter, or a line that says there is none."""
    found = list(matters())
    for matter in found:
        callout(matter.tone, matter.title, *matter.sentences)
        if matter.run_id:
            st.page_link("console/run/run.py", label=f"Open {matter.run_id}", query_params={"run_id": matter.run_id})
    if not found:
        st.html(f"<p>{state_html('succeeded', 'Nothing needs a person.')}</p>")


def matters() -> Iterator[Alert]:
    """What needs a person, the worst first."""
    runs = {pipeline: queries.last_run(pipeline) for pipeline in PIPELINES}
    for pipeline, run in runs.items():
        if run is not None and run.state in RESUMABLE:
            why = str((run.error or {}).get("message", "")) or f"The run was {run.state}."
            yield Alert("bad" if run.state != "cancelled" else "warn", f"{pipeline} {run.state}", (why,), run.run_id)
    decision = queries.last_decision()
    if decision is not None and decision["action"] == "escalated":
        yield Alert("bad", "Retraining did not help", (decision["reason"],), decision["run_id"])
    if all(run is None or run.state != "queued" for run in runs.values()):  # else every page says it already
        yield from _missing()
    for schedule in queries.schedules():
        if schedule["paused"]:
            yield Alert("warn", f"The schedule of {schedule['pipeline']} is paused", (schedule["paused"],))


def _missing() -> Iterator[Alert]:
    """Processes that nobody has started, or that have ended."""
    absent = [kind for kind in ("worker", "scheduler") if not queries.living(kind)]
    if "worker" in absent:
        told = f"Runs that are asked for will wait. Start one: `{_start(absent)}`."
        yield Alert("warn", "No worker is alive", (told,))
    elif absent:
        told = f"Nothing runs by itself. Start it: `{_start(absent)}`."
        yield Alert("warn", "No scheduler is alive", (told,))


def _start(absent: list[str]) -> str:
    return "python -m engine up" if len(absent) > 1 else f"python -m engine {absent[0]}"
