"""The timeline of a run: a bar for every attempt of its tasks, the wait before it, and the critical path."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from console.components.elements import empty, note
from console.components.theme import STATES, colour, drawn
from console.components.times import span
from console.run.query import MOST_ATTEMPTS, RunView
from storage.db.ledger import LedgerRow

LABEL, BAR, BETWEEN = 18, 12, 7  # pixels: a task's name, a bar under it, before the next task
WAIT = 4  # pixels of the height of a wait, which is thinner than a bar
LEAST_WAIT = 0.1  # seconds that are drawn
TICKS = 10  # on the axis at most
TITLE = "seconds since the run started"
STEPS = (1, 2, 5, 10)  # between two ticks, times a power of ten
AXIS = 44  # pixels of the axis with its title, which the page takes from the height of the chart


@dataclass(frozen=True)
class Lane:
    """An attempt and the lane of its bar, counted from the top of its task."""

    attempt: LedgerRow
    lane: int


def gantt(view: RunView) -> None:
    """Draws the attempts of a run, with the critical path in words."""
    if not view.attempts:
        empty("No attempts yet" if view.active else "No attempts", _why_none(view))
        return
    bars, names = frames(view)
    shown = drawn(chart(bars, names, waits(bars)), plain=True)
    with st.container(key="gantt"):
        st.altair_chart(shown, width="stretch", theme=None, alt=in_words(view))
    note(f"{critical_words(view)}{wait_words(waits(bars))}")
    if len(view.attempts) == MOST_ATTEMPTS:
        note(f"The first {MOST_ATTEMPTS:,} attempts.")


def frames(view: RunView) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row for each bar and a row for each task's name, with positions in pixels and times in seconds of the run."""
    start = view.run.started_at or view.attempts[0].started_at
    ready = {name: (at - start).total_seconds() for name, at in view.ready.items()}
    bars, names, position = [], [], 0
    for name in view.names:
        task_lanes = lanes([row for row in view.attempts if row.task == name], view.now)
        if not task_lanes:
            continue
        critical = name in view.critical
        label = f"◆ {name}" if critical else name
        names.append({"position": position + LABEL / 2 - 1, "name": label, "critical": critical})
        top = position + LABEL
        bars += [
            _bar(view, each, start)
            | {"critical": critical, "top": top + each.lane * (BAR + 2), "ready": ready.get(name), "lane": each.lane}
            for each in task_lanes
        ]
        position = top + (max(each.lane for each in task_lanes) + 1) * (BAR + 2) + BETWEEN
    frame = pd.DataFrame(bars)
    return frame.assign(bottom=frame["top"] + BAR, middle=frame["top"] + BAR / 2), pd.DataFrame(names)


def lanes(attempts: Sequence[LedgerRow], now: datetime) -> list[Lane]:
    """The attempts of a task in as few lanes as possible. The attempts of one partition are in one lane."""
    parts: dict[str, list[LedgerRow]] = {}
    for row in sorted(attempts, key=lambda each: each.started_at):
        parts.setdefault(row.part, []).append(row)
    ends: list[datetime] = []
    placed = []
    for rows in parts.values():
        lane = next((number for number, end in enumerate(ends) if end <= rows[0].started_at), len(ends))
        ends[lane : lane + 1] = [rows[-1].finished_at or now]
        placed += [Lane(row, lane) for row in rows]
    return placed


def waits(bars: pd.DataFrame) -> pd.DataFrame:
    """A row for each lane whose first attempt began after its task was ready: task, start, end, waited, top, bottom."""
    rows, seen = [], set()
    for bar in sorted(bars.to_dict("records"), key=lambda each: each["start"]):
        lane = bar["task"], bar["lane"]
        ready = bar["start"] if lane in seen or pd.isna(bar["ready"]) else max(0.0, bar["ready"])
        seen.add(lane)
        if bar["start"] - ready >= LEAST_WAIT:
            place = {"top": bar["middle"] - WAIT / 2, "bottom": bar["middle"] + WAIT / 2}
            told = {"task": bar["task"], "waited": span(bar["start"] - ready)}
            rows.append({**told, "start": ready, "end": bar["start"], **place})
    return pd.DataFrame(rows)


def wait_words(found: pd.DataFrame) -> str:
    """What the thin lines before the bars mean, with the longest of them; '' without any."""
    if found.empty:
        return ""
    longest = max(found.to_dict("records"), key=lambda wait: wait["end"] - wait["start"])
    return f" Thin grey lines: ready, waiting to begin; the longest {longest['waited']}, {longest['task']}."


def ticks(end: float) -> list[float]:
    """The ticks of an axis from 0 to `end` seconds: round numbers, TICKS at most."""
    least = max(end, 1e-9) / (TICKS - 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(each * power for each in STEPS if each * power >= least * (1 - 1e-9))
    return [round(number * step, 9) for number in range(int(end / step + 1e-9) + 1)]


def chart(bars: pd.DataFrame, names: pd.DataFrame, before: pd.DataFrame | None = None) -> Any:
    """The bars by the seconds of the run, below the names of their tasks, with the waits before them."""
    height = int(bars["bottom"].max()) + BETWEEN
    ink = colour("ink")
    at = alt.Y("top:Q", scale=alt.Scale(domain=[height, 0], nice=False), axis=None)
    # The layers have one domain that is given: Vega finds none for a layer that is empty, such as that of no signs.
    last = max(1.0, float(bars["end"].max()))
    domain = alt.Scale(domain=[0, last], nice=False)
    # The values are given: Vega-Lite drops a number of ticks where another layer has none.
    axis = alt.Axis(title=TITLE, values=ticks(last), labelOverlap="greedy", labelSeparation=6)
    seconds = alt.X("start:Q", axis=axis, scale=domain)
    states = list(dict.fromkeys(bars["state"]))
    colours = [colour(_tone(state)) for state in states]
    marks = (
        alt.Chart(bars)
        .mark_bar(cornerRadius=2)
        .encode(
            x=seconds,
            x2="end:Q",
            y=at,
            y2="bottom:Q",
            color=alt.Color("state:N", scale=alt.Scale(domain=states, range=colours), legend=None),
            opacity=alt.condition("datum.critical", alt.value(1), alt.value(0.6)),
            stroke=alt.condition("datum.critical", alt.value(ink), alt.value(None)),
            strokeWidth=alt.value(1.5),
            tooltip=["task:N", "partition:N", "attempt:Q", "state:N", "duration:N", "error:N"],
        )
    )
    text = (
        alt.Chart(names)
        .mark_text(align="left", baseline="middle", fontSize=11.5, color=ink)
        .encode(x=alt.value(0), y=alt.Y("position:Q"), text="name:N")
    )
    signs = (
        alt.Chart(bars[bars["sign"] != ""])
        .mark_text(align="left", dx=4, fontSize=11.5, color=ink)
        .encode(x="end:Q", y=alt.Y("middle:Q"), text="sign:N")
    )
    thin = [] if before is None or before.empty else [_thin(before)]
    return alt.layer(marks, *thin, text, signs).properties(height=height + AXIS)


def _thin(before: pd.DataFrame) -> Any:
    """The waits as thin lines that end where a bar begins."""
    base = alt.Chart(before).mark_bar(color=colour("wire"))
    return base.encode(x="start:Q", x2="end:Q", y=alt.Y("top:Q"), y2="bottom:Q", tooltip=["task:N", "waited:N"])


def critical_words(view: RunView) -> str:
    """The critical path in words, with its share of the run."""
    path = view.critical
    if not path:
        return "No task has finished yet."
    took = sum(_seconds(view, name) for name in path)
    total = "so far" if view.active else f"of {span(view.elapsed or 0.0)}"
    before = (view.attempts[0].started_at - (view.run.started_at or view.attempts[0].started_at)).total_seconds()
    start = f" The first task started after {span(before)}." if before >= 1 else ""
    return f"◆ Critical path: {' → '.join(path)}, {span(took)} {total}.{start}"


def in_words(view: RunView) -> str:
    """The text alternative of the chart."""
    return f"{len(view.attempts)} attempts of {len({row.task for row in view.attempts})} tasks. {critical_words(view)}"


def _why_none(view: RunView) -> str:
    """Why a run has no attempts: it has not started, all was cached, or its tasks ended before their first attempt."""
    if view.active:
        return "Attempts appear when a task starts."
    if view.tasks and all(row.state == "cached" for row in view.tasks):
        return "No task ran: every result was cached."
    return "The run ended before the first attempt of a task."


def _seconds(view: RunView, name: str) -> float:
    row = view.by_name[name]
    return float(((row.finished_at or view.now) - row.started_at).total_seconds())


def _bar(view: RunView, lane: Lane, start: datetime) -> dict[str, object]:
    row, state = lane.attempt, view.attempt_state(lane.attempt)
    started = max(0.0, (row.started_at - start).total_seconds())
    end = max(started, ((row.finished_at or view.now) - start).total_seconds())
    return {
        "task": row.task,
        "partition": row.part or "all",
        "attempt": row.attempt,
        "state": state,
        "start": started,
        "end": end,
        "duration": span(end - started),
        "error": str(row.error["message"]) if row.error else "",
        "sign": _sign(row, state),
    }


def _sign(row: LedgerRow, state: str) -> str:
    """The text after a bar: the sign of an attempt that did not succeed, and the number of a repeated one."""
    sign = "" if state == "succeeded" else STATES.get(state, ("?", "", ""))[0]
    return f"{sign} attempt {row.attempt}".strip() if row.attempt > 1 else sign


def _tone(state: str) -> str:
    return STATES.get(state, ("", "quiet", ""))[1]
