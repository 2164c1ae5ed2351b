"""The next two weeks of the schedule as a calendar: a lane for each pipeline, a column for each day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from markupsafe import Markup

from console.app.deployment import deployment
from console.components.elements import join, note_html, write_html
from console.components.times import exact
from engine.scheduling.timetable import timetable
from storage.ledger.schedules import Slot

DAYS = 14

CALENDAR_SHEET = Markup("""<style>
.lw-calendar { display: grid; grid-template-columns: minmax(6.5rem, max-content) repeat(14, minmax(3.2rem, 1fr));
  font-variant-numeric: tabular-nums; font-size: 0.87rem; }
.lw-calendar [role=row], .lw-calendar [role=rowgroup] { display: contents; }
.lw-calendar [role=columnheader], .lw-calendar [role=rowheader], .lw-calendar [role=cell] { padding: 0.35rem 0.25rem;
  text-align: center; border-bottom: 1px solid var(--lw-line); }
.lw-calendar [role=rowheader] { text-align: left; font-weight: 600; }
.lw-calendar .lw-weekend { background: var(--lw-shade); }
.lw-calendar .lw-today { box-shadow: inset 0 -2px var(--lw-link); font-weight: 650; }
.lw-calendar .lw-due { color: var(--lw-link); font-weight: 600; }
.lw-calendar .lw-past, .lw-calendar .lw-off .lw-due { color: var(--lw-quiet); font-weight: 400; }
.lw-calendar .lw-off .lw-due { text-decoration: line-through; }
.lw-calendar .lw-weekday { display: block; color: var(--lw-quiet); font-size: 0.78rem; font-weight: 400; }
@media (max-width: 900px) {
  .lw-calendar { grid-auto-flow: column; grid-template-columns: max-content;
    grid-auto-columns: 1fr; grid-template-rows: repeat(15, auto); }
  .lw-calendar [role=columnheader] { text-align: left; }
  .lw-calendar [role=rowheader] { text-align: center; }
  .lw-calendar .lw-weekday { display: inline-block; min-width: 2.2rem; }
}
</style>""")


@dataclass(frozen=True)
class Lane:
    """A pipeline's slots of the shown days, and whether its schedule is paused."""

    pipeline: str
    slots: Sequence[Slot]
    paused: bool


def lanes(paused: Mapping[str, bool], now: datetime) -> list[Lane]:
    """The lanes of the pipelines in their order. The lane of a pipeline without a schedule is empty."""
    settings = deployment().settings
    first = datetime.combine(now.astimezone(settings.zone).date(), time(), settings.zone)
    tables = {name: timetable(name, deployment().timing(name), settings.zone) for name in deployment().pipelines}
    return [
        Lane(name, table.between(first, first + timedelta(days=DAYS)) if table else [], paused.get(name, False))
        for name, table in tables.items()
    ]


def calendar(shown: Sequence[Lane], now: datetime) -> None:
    """Shows the lanes from today on. Times are in the deployment's zone, and in the user's zone on hover."""
    zone = deployment().settings.zone
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=each) for each in range(DAYS)]
    write_html(
        Markup(
            '<div class="lw-calendar" role="table" aria-label="Scheduled runs of the next 14 days">'
            '<div role="row"><div role="columnheader">{}</div>{}</div>{}</div>'
        ).format(
            note_html(str(zone)),
            join(_head(day, today) for day in days),
            join(_row(lane, days, now) for lane in shown),
        )
    )


def _head(day: date, today: date) -> Markup:
    month = f" {day:%b}" if day.day == 1 or day == today else ""
    kind = f"{_kind(day)} lw-today" if day == today else _kind(day)
    return Markup('<div role="columnheader" class="{}"><span class="lw-weekday">{}</span> {}{}</div>').format(
        kind, f"{day:%a}", day.day, month
    )


def _row(lane: Lane, days: Sequence[date], now: datetime) -> Markup:
    zone = deployment().settings.zone
    due: dict[date, list[Markup]] = {}
    for slot in lane.slots:
        due.setdefault(slot.due_at.astimezone(zone).date(), []).append(_time(lane, slot, now))
    cell = Markup('<div role="cell" class="{}">{}</div>')
    cells = join(cell.format(_kind(day), join(due.get(day, []), " ")) for day in days)
    sign = Markup(' <span class="lw-warn" title="paused">❚❚</span>') if lane.paused else ""
    off = Markup(" class=lw-off") if lane.paused else ""
    return Markup('<div role="row"{}><div role="rowheader">{}{}</div>{}</div>').format(off, lane.pipeline, sign, cells)


def _time(lane: Lane, slot: Slot, now: datetime) -> Markup:
    at = slot.due_at.astimezone(deployment().settings.zone)
    kind = "lw-due lw-past" if slot.due_at <= now else "lw-due"
    return Markup('<time class="{}" datetime="{}" title="{}">{}</time>').format(
        kind, at.isoformat(), _hover(slot, lane, now), f"{at:%H:%M}"
    )


def _hover(slot: Slot, lane: Lane, now: datetime) -> str:
    verb = "was due at" if slot.due_at <= now else "is paused; due at" if lane.paused else "is due at"
    return f"{lane.pipeline} {verb} {exact(slot.due_at)}"


def _kind(day: date) -> str:
    return "lw-weekend" if day.weekday() >= 5 else "lw-workday"
