"""The history of champions and of people's actions by logical date.

The logical date of what a run did is the run's as-of date. What a person did belongs to the day on which it was done,
in the deployment's time zone; in a home whose runs replay the past, to the as-of date of the run that had ended last.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from storage.ledger.approvals import approval_rows
from storage.ledger.audit import actions_of
from storage.ledger.models import champion_rows
from storage.ledger.runs import succeeded_days

PEOPLE = ("promote", "request approval", "approve", "reject", "rollback", "run", "resume", "cancel", "pause")
OF_MODELS = PEOPLE[:5]
TRAINING = "training"

LogicalDate = Callable[[datetime], date]


@dataclass(frozen=True)
class Event:
    """What a person or a run did: on which logical date, when, who, what, to what, and why."""

    day: date
    at: datetime
    who: str
    what: str
    subject: str
    why: str
    run_id: str | None = None


@dataclass(frozen=True)
class History:
    """The champions in their order, the requests for approval and their decisions, and what people did."""

    champions: tuple[Event, ...]
    approvals: tuple[Event, ...]
    actions: tuple[Event, ...]

    def until(self, day: date) -> "History":
        """What happened up to a logical date."""
        kept = (tuple(one for one in events if one.day <= day) for events in vars(self).values())
        return History(*kept)

    @property
    def champion(self) -> str | None:
        """The last champion; None before the first."""
        return self.champions[-1].subject if self.champions else None


def history_of(connection: Connection, zone: ZoneInfo) -> History:
    """The history of a deployment, oldest first."""
    logical = logical_dates_of(connection, zone)
    champions = champion_events(connection, lambda: logical)
    approvals = [
        Event(row.as_of or logical(row.at), row.at, row.who, row.event, row.version, row.why, row.run_id)
        for row in approval_rows(connection)
    ]
    actions = [
        Event(row.as_of or logical(row.at), row.at, row.who, _what(row), row.subject, row.reason)
        for row in actions_of(connection, PEOPLE)
        if row.action in OF_MODELS or TRAINING in (row.pipeline, row.subject)
    ]
    return History(tuple(champions), tuple(approvals), tuple(actions))


def champion_events(connection: Connection, logical: Callable[[], LogicalDate]) -> list[Event]:
    """Every event that made a model champion, oldest first; `logical` is called only if a person made one."""
    return [
        Event(row.as_of or logical()(row.at), row.at, row.who, "champion", row.version, row.why, row.run_id)
        for row in champion_rows(connection)
    ]


def logical_dates_of(connection: Connection, zone: ZoneInfo) -> LogicalDate:
    """The logical dates of a deployment."""
    rows = succeeded_days(connection)
    return logical_dates([(row.requested_at, row.finished_at, row.as_of) for row in rows], zone)


def logical_dates(runs: Sequence[tuple[datetime, datetime, date]], zone: ZoneInfo) -> LogicalDate:
    """The logical date of a time, by the succeeded runs: (requested, ended, as-of), in the order of their ends."""
    ends = [end for _, end, _ in runs]

    def of(at: datetime) -> date:
        before = bisect_right(ends, at) - 1
        today = at.astimezone(zone).date()
        if before < 0:
            return today
        requested, _, as_of = runs[before]
        return today if abs((requested.astimezone(zone).date() - as_of).days) <= 1 else as_of

    return of


def _what(row: Any) -> str:
    """The action in words; one that ends a training that the gate requested says so."""
    if row.action in OF_MODELS:
        return str(row.action)
    if row.pipeline is None:
        return "pause of the schedule" if row.action == "pause" else "end of the pause"
    asked = " that the retraining rule requested" if row.cause == "governance" else ""
    changed = [f"{name}={value}" for name, value in row.params.items() if name != "data"]
    forced = [*(["forced"] if row.force else []), *changed] if row.action != "cancel" else []
    with_what = f" ({', '.join(forced)})" if forced else ""
    return f"{row.action} of a training{asked}{with_what}"
