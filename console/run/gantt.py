"""The timeline of a run: a bar for every attempt of its tasks, the wait before it, and the critical path."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from console.components.elements import empty, note
from console.components.theme import STATES, chart_config, colour
from console.components.times import span
from console.run.query import MOST_ATTEMPTS, RunView
from engine.documents.values import Document
from storage.db.ledger import LedgerRow

LABEL, BAR, BETWEEN = 18, 12, 7  # pixels: a task's name, a bar under it, before the next task
WAIT = 4  # pixels of the height of a wait, which is thinner than a bar
LEAST_WAIT = 0.1  # seconds that are drawn
TICKS = 10  # on the axis at most
TITLE = "seconds since the run started"
STEPS = (1, 2, 5, 10)  # between two ticks, times a power of ten
TOLD = ("task", "partition", "attempt", "state", "duration", "error")  # of an attempt, beside its bar
PLACE = ("start", "end", "top", "bottom")
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
    before = waits(bars)
    spec = {**chart(bars, names, before), "config": chart_config(plain=True)}
    with st.container(key="gantt"):
        st.vega_lite_chart(spec=spec, width="stretch", theme=None, alt=in_words(view))
    note(f"{critical_words(view)}{wait_words(before)}")
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


def chart(bars: pd.DataFrame, names: pd.DataFrame, before: pd.DataFrame | None = None) -> dict[str, Any]:
    """The bars by the seconds of the run, below the names of their tasks, with the waits before them, as Vega-Lite.

    It is written out, because the timeline of an active run is drawn each second, and to check it against the schema
    of Vega-Lite, as Altair does, takes longer than the rest of the page.
    """
    height = int(bars["bottom"].max()) + BETWEEN
    thin = [] if before is None or before.empty else [_thin(before)]
    return {"height": height + AXIS, "layer": [_bars(bars, height), *thin, _names(names), _signs(bars)]}


def _bars(bars: pd.DataFrame, height: int) -> Document:
    # The layers have one domain that is given: Vega finds none for a layer that is empty, such as that of no signs.
    last = max(1.0, float(bars["end"].max()))
    # The values are given: Vega-Lite drops a number of ticks where another layer has none.
    axis = {"title": TITLE, "values": ticks(last), "labelOverlap": "greedy", "labelSeparation": 6}
    states = list(dict.fromkeys(bars["state"]))
    scale = {"domain": states, "range": [colour(_tone(state)) for state in states]}
    encoding = {
        "x": {**_measure("start"), "axis": axis, "scale": {"domain": [0, last], "nice": False}},
        "x2": {"field": "end"},
        "y": {**_measure("top"), "axis": None, "scale": {"domain": [height, 0], "nice": False}},
        "y2": {"field": "bottom"},
        "color": {**_name("state"), "scale": scale, "legend": None},
        "opacity": {"condition": {"test": "datum.critical", "value": 1}, "value": 0.6},
        "stroke": {"condition": {"test": "datum.critical", "value": colour("ink")}, "value": None},
        "strokeWidth": {"value": 1.5},
        "tooltip": [_name(field) for field in TOLD],
    }
    return _layer(bars[[*TOLD, *PLACE, "critical"]], {"type": "bar", "cornerRadius": 2}, encoding)


def _thin(before: pd.DataFrame) -> Document:
    """The waits as thin lines that end where a bar begins."""
    encoding = {
        "x": _measure("start"),
        "x2": {"field": "end"},
        "y": _measure("top"),
        "y2": {"field": "bottom"},
        "tooltip": [_name("task"), _name("waited")],
    }
    return _layer(before, {"type": "bar", "color": colour("wire")}, encoding)


def _names(names: pd.DataFrame) -> Document:
    mark = {"type": "text", "align": "left", "baseline": "middle", "fontSize": 11.5, "color": colour("ink")}
    return _layer(names, mark, {"x": {"value": 0}, "y": _measure("position"), "text": _name("name")})


def _signs(bars: pd.DataFrame) -> Document:
    rows = bars.loc[bars["sign"] != "", ["end", "middle", "sign"]]
    mark = {"type": "text", "align": "left", "dx": 4, "fontSize": 11.5, "color": colour("ink")}
    return _layer(rows, mark, {"x": _measure("end"), "y": _measure("middle"), "text": _name("sign")})


def _layer(rows: pd.DataFrame, mark: Document, encoding: Document) -> Document:
    return {"data": {"values": rows.to_dict("records")}, "mark": mark, "encoding": encoding}


def _measure(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative"}


def _name(field: str) -> dict[str, Any]:
    return {"field": field, "type": "nominal"}


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
