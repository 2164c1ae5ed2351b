"""The schedule as a calendar: a lane for each pipeline, a column for each day, and the state of each slot."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from markupsafe import Markup

from console.app.deployment import deployment
from console.app.navigation import run_link
from console.components.elements import join, note_html, state_html, unseen_html, write_html
from console.components.theme import STATES
from console.components.times import exact
from engine.documents.schedule.calendar import PAUSED, PLANNED
from engine.documents.values import Document

CALENDAR_SHEET = Markup("""<style>
.lw-calendar { display: grid; grid-template-columns: minmax(5.5rem, max-content) repeat(28, minmax(1.7rem, 1fr));
  font-variant-numeric: tabular-nums; font-size: 0.87rem; }
.lw-calendar [role=row], .lw-calendar [role=rowgroup] { display: contents; }
.lw-calendar [role=columnheader], .lw-calendar [role=rowheader], .lw-calendar [role=cell] { padding: 0.35rem 0.1rem;
  text-align: center; border-bottom: 1px solid var(--lw-line); }
.lw-calendar [role=rowheader] { text-align: left; font-weight: 600; }
.lw-calendar .lw-weekend { background: var(--lw-shade); }
.lw-calendar .lw-today { box-shadow: inset 2px 0 var(--lw-link); font-weight: 650; }
.lw-calendar a { text-decoration: none; }
.lw-calendar .lw-weekday { display: block; color: var(--lw-quiet); font-size: 0.78rem; font-weight: 400; }
.lw-calendar .lw-at { display: none; }
.lw-calendar-signs { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; margin-top: 0.5rem; font-size: 0.87rem; }
@media (max-width: 900px) {
  .lw-calendar { grid-auto-flow: column; grid-template-columns: max-content;
    grid-auto-columns: 1fr; grid-template-rows: repeat(29, auto); }
  .lw-calendar [role=columnheader] { text-align: left; }
  .lw-calendar [role=rowheader] { text-align: center; }
  .lw-calendar .lw-weekday { display: inline-block; min-width: 2.2rem; }
  .lw-calendar .lw-today { box-shadow: inset 0 2px var(--lw-link); }
  .lw-calendar .lw-at { display: inline; font-size: 0.78rem; color: var(--lw-quiet); }
}
</style>""")
LATE = "late"


def calendar(document: Document) -> None:
    """Shows the slots of four weeks, two before today and two from today on, in the deployment's zone."""
    today = date.fromisoformat(document["today"])
    first, last = date.fromisoformat(document["first"]), date.fromisoformat(document["last"])
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    write_html(
        Markup(
            '<div class="lw-calendar" role="table" aria-label="Scheduled runs of the 14 days before today and of '
            'the 14 days from today on"><div role="row"><div role="columnheader">{}</div>{}</div>{}</div>{}'
        ).format(
            note_html(document["timezone"]),
            join(_head(day, days[0], today) for day in days),
            join(_row(lane, days, today) for lane in document["pipelines"]),
            _signs([slot for lane in document["pipelines"] for slot in lane["slots"]]),
        )
    )


def _head(day: date, first: date, today: date) -> Markup:
    month = Markup("<br>{}").format(note_html(f"{day:%b}")) if day.day == 1 or day in (first, today) else Markup()
    return Markup('<div role="columnheader" class="{}"><span class="lw-weekday">{}</span> {}{}</div>').format(
        _kind(day, today), f"{day:%a}", day.day, month
    )


def _row(lane: Document, days: Sequence[date], today: date) -> Markup:
    zone = deployment().settings.zone
    due: dict[date, list[Markup]] = {}
    for slot in lane["slots"]:
        at = datetime.fromisoformat(slot["due_at"])
        due.setdefault(at.astimezone(zone).date(), []).append(_slot(lane["pipeline"], slot, at))
    cell = Markup('<div role="cell" class="{}">{}</div>')
    cells = join(cell.format(_kind(day, today), join(due.get(day, []), " ")) for day in days)
    return Markup('<div role="row"><div role="rowheader">{}</div>{}</div>').format(lane["pipeline"], cells)


def _slot(pipeline: str, slot: Document, at: datetime) -> Markup:
    """The sign of a slot's state, which links to its run; times, deadline and reason are in its title."""
    sign, tone, word = STATES.get(slot["state"], ("?", "quiet", slot["state"]))
    local = at.astimezone(deployment().settings.zone)
    shown = Markup('<span class="lw-state lw-{}"><span aria-hidden="true">{}</span>{}</span>').format(
        "bad" if slot["late"] else tone, join([sign, "!" if slot["late"] and sign != "!" else ""]), unseen_html(word)
    )
    linked = run_link(slot["run_id"], shown) if slot["run_id"] else shown
    return Markup('<time datetime="{}" title="{}">{} <span class="lw-at">{}</span></time>').format(
        local.isoformat(), _title(pipeline, slot, at, word), linked, f"{local:%H:%M}"
    )


def _title(pipeline: str, slot: Document, at: datetime, word: str) -> str:
    deadline = exact(datetime.fromisoformat(slot["deadline"]))
    verb = "is due at" if slot["state"] in (PLANNED, PAUSED) else "was due at"
    late = f", late (deadline {deadline})" if slot["late"] else f", deadline {deadline}"
    return f"{pipeline} {verb} {exact(at)}: {word}{late}" + (f". {slot['reason']}" if slot["reason"] else "")


def _signs(slots: Sequence[Document]) -> Markup:
    """The states that the calendar shows, with their signs."""
    states = {slot["state"] for slot in slots}
    shown = [state_html(state) for state in STATES if state in states]
    if any(slot["late"] for slot in slots):
        shown.append(Markup('<span class="lw-state lw-bad"><span aria-hidden="true">!</span> late</span>'))
    return Markup('<div class="lw-calendar-signs">{}</div>').format(join(shown))


def _kind(day: date, today: date) -> str:
    weekend = "lw-weekend" if day.weekday() >= 5 else "lw-workday"
    return f"{weekend} lw-today" if day == today else weekend
