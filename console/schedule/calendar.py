"""The next two weeks of the schedule as a strip: a lane a pipeline, a column a day; on a phone a row a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import escape

import streamlit as st

from console.app.deployment import deployment
from console.components.times import exact
from engine.definitions.pipelines import PIPELINES
from engine.scheduling.timetable import timetable
from storage.ledger.schedules import Slot

DAYS = 14

STRIP_SHEET = """<style>
.lw-strip { display: grid; grid-template-columns: minmax(6.5rem, max-content) repeat(14, minmax(3.2rem, 1fr));
  font-variant-numeric: tabular-nums; font-size: 0.87rem; }
.lw-strip [role=row], .lw-strip [role=rowgroup] { display: contents; }
.lw-strip [role=columnheader], .lw-strip [role=rowheader], .lw-strip [role=cell] { padding: 0.35rem 0.25rem;
  text-align: center; border-bottom: 1px solid light-dark(#e3e7ec, #2b323d); }
.lw-strip [role=rowheader] { text-align: left; font-weight: 600; }
.lw-strip .lw-weekend { background: light-dark(#f3f5f8, #1a1f29); }
.lw-strip .lw-today { box-shadow: inset 0 -2px light-dark(#1f5fae, #8ab8f2); font-weight: 650; }
.lw-strip .lw-due { color: light-dark(#1f5fae, #8ab8f2); font-weight: 600; }
.lw-strip .lw-past, .lw-strip .lw-off .lw-due { color: light-dark(#56606c, #a9b3bf); font-weight: 400; }
.lw-strip .lw-off .lw-due { text-decoration: line-through; }
.lw-strip .lw-weekday { display: block; color: light-dark(#56606c, #a9b3bf); font-size: 0.78rem; font-weight: 400; }
@media (max-width: 900px) {
  .lw-strip { grid-auto-flow: column; grid-template-columns: max-content;
    grid-auto-columns: 1fr; grid-template-rows: repeat(15, auto); }
  .lw-strip [role=columnheader] { text-align: left; }
  .lw-strip [role=rowheader] { text-align: center; }
  .lw-strip .lw-weekday { display: inline-block; min-width: 2.2rem; }
}
</style>"""


@dataclass(frozen=True)
class Lane:
    """A pipeline's slots of the days shown, and whether its schedule is paused."""

    pipeline: str
    slots: Sequence[Slot]
    paused: bool


def lanes(paused: Mapping[str, bool], now: datetime) -> list[Lane]:
    """The lanes of the pipelines in their order; one without a timing is empty."""
    settings = deployment().settings
    first = datetime.combine(now.astimezone(settings.zone).date(), time(), settings.zone)
    tables = {name: timetable(name, settings.timing(name), settings.zone) for name in PIPELINES}
    return [
        Lane(name, table.between(first, first + timedelta(days=DAYS)) if table else [], paused.get(name, False))
        for name, table in tables.items()
    ]


def strip(shown: Sequence[Lane], now: datetime) -> None:
    """The lanes from today on, times in the deployment's zone, the viewer's own on hover."""
    zone = deployment().settings.zone
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=each) for each in range(DAYS)]
    head = "".join(_head(day, today) for day in days)
    rows = "".join(_row(lane, days, now) for lane in shown)
    st.html(
        '<div class="lw-strip" role="table" aria-label="When each pipeline is due in the next 14 days">'
        f'<div role="row"><div role="columnheader"><span class="lw-note">{escape(str(zone))}</span></div>{head}</div>'
        f"{rows}</div>"
    )


def _head(day: date, today: date) -> str:
    told = f'<span class="lw-weekday">{day:%a}</span> {day.day}' + (
        f" {day:%b}" if day.day == 1 or day == today else ""
    )
    return f'<div role="columnheader" class="{_kind(day)}{" lw-today" if day == today else ""}">{told}</div>'


def _row(lane: Lane, days: Sequence[date], now: datetime) -> str:
    zone = deployment().settings.zone
    due: dict[date, list[str]] = {}
    for slot in lane.slots:
        at = slot.due_at.astimezone(zone)
        past = " lw-past" if slot.due_at <= now else ""
        told = f'<time class="lw-due{past}" datetime="{at.isoformat()}" title="{escape(_hover(slot, lane, now))}">'
        due.setdefault(at.date(), []).append(f"{told}{at:%H:%M}</time>")
    cells = "".join(f'<div role="cell" class="{_kind(day)}">{" ".join(due.get(day, []))}</div>' for day in days)
    sign = ' <span class="lw-warn" title="paused">❚❚</span>' if lane.paused else ""
    header = f'<div role="rowheader">{escape(lane.pipeline)}{sign}</div>'
    return f'<div role="row"{" class=lw-off" if lane.paused else ""}>{header}{cells}</div>'


def _hover(slot: Slot, lane: Lane, now: datetime) -> str:
    told = "was due" if slot.due_at <= now else "is due, but paused," if lane.paused else "is due"
    return f"{lane.pipeline} {told} {exact(slot.due_at)}"


def _kind(day: date) -> str:
    return "lw-weekend" if day.weekday() >= 5 else "lw-weekday-cell"
