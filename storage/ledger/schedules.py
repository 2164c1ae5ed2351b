"""Schedules in the ledger: the time up to which slots are processed, the outcome of each slot, and pauses.

The name of a slot is its pipeline and nominal local time (`training@2026-11-29T02:00`), so that it occurs once on a
day when the clocks change. Every function works within the caller's transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from storage.db.ledger import LedgerRow
from storage.db.schema import runs, schedules, slots


@dataclass(frozen=True)
class Slot:
    """One time at which a pipeline is due. `due_at` is in UTC."""

    name: str
    pipeline: str
    due_at: datetime


@dataclass(frozen=True)
class SlotOutcome:
    """The outcome of a slot with its reason. `outcome` is requested, waiting, skipped, missed or paused."""

    outcome: str
    reason: str
    run_id: str | None = None


def schedule_of(connection: Connection, pipeline: str, now: datetime) -> LedgerRow:
    """The pipeline's schedule. A new one starts now, so that no earlier slot counts as missed."""
    query = select(schedules).where(schedules.c.pipeline == pipeline)
    row = connection.execute(query).first()
    if row is None:
        connection.execute(insert(schedules).values(pipeline=pipeline, through=now))
        row = connection.execute(query).one()
    return row


def schedule_rows(connection: Connection) -> Sequence[LedgerRow]:
    """All schedules, by pipeline."""
    return connection.execute(select(schedules).order_by(schedules.c.pipeline)).all()


def processed_through(connection: Connection, pipeline: str, through: datetime) -> None:
    """Records that every slot up to `through` is processed."""
    connection.execute(update(schedules).where(schedules.c.pipeline == pipeline).values(through=through))


def slot_row(connection: Connection, name: str) -> LedgerRow | None:
    """The recorded outcome of a slot; None when it has none yet."""
    return connection.execute(select(slots).where(slots.c.slot == name)).first()


def waiting_slot(connection: Connection, pipeline: str) -> LedgerRow | None:
    """The slot of a pipeline that waits for another run to end."""
    query = select(slots).where(slots.c.pipeline == pipeline, slots.c.outcome == "waiting")
    return connection.execute(query.order_by(slots.c.due_at.desc())).first()


def record_outcome(connection: Connection, slot: Slot, outcome: SlotOutcome, now: datetime) -> None:
    """Records the outcome of a slot. It replaces an earlier one."""
    connection.execute(delete(slots).where(slots.c.slot == slot.name))
    connection.execute(insert(slots).values(_values(slot, outcome, now)))


def record_new_outcomes(connection: Connection, due: Iterable[Slot], outcome: SlotOutcome, now: datetime) -> int:
    """Records `outcome` for the slots without one. Returns how many these were."""
    by_name = {slot.name: slot for slot in due}
    # By name, because a slot recorded before the time zone changed has another due_at.
    recorded = set(connection.execute(select(slots.c.slot).where(slots.c.slot.in_(by_name))).scalars())
    new = [_values(slot, outcome, now) for name, slot in by_name.items() if name not in recorded]
    if new:
        connection.execute(insert(slots), new)
    return len(new)


def slot_rows(connection: Connection, limit: int = 50, pipeline: str | None = None) -> Sequence[LedgerRow]:
    """The newest slots with an outcome, newest first."""
    query = select(slots).order_by(slots.c.due_at.desc(), slots.c.slot).limit(limit)
    return connection.execute(query.where(slots.c.pipeline == pipeline) if pipeline else query).all()


@dataclass(frozen=True)
class Pause:
    """Who pauses a schedule, why, and when the pause ends by itself; None for one that a person ends."""

    who: str
    reason: str
    until: datetime | None = None


def slots_between(connection: Connection, first: datetime, last: datetime) -> Sequence[LedgerRow]:
    """The recorded slots that were due from `first` to `last`, oldest first, with the state of their runs."""
    query = select(slots, runs.c.state, runs.c.finished_at).outerjoin(runs, runs.c.run_id == slots.c.run_id)
    return connection.execute(query.where(slots.c.due_at.between(first, last)).order_by(slots.c.due_at)).all()


def pause(connection: Connection, pipeline: str, by: Pause, now: datetime) -> None:
    """Pauses a schedule: its slots are recorded as paused and request no runs."""
    schedule_of(connection, pipeline, now)
    values = {"paused_at": now, "paused_by": by.who, "pause_reason": by.reason, "paused_until": by.until}
    connection.execute(update(schedules).where(schedules.c.pipeline == pipeline).values(**values))


def unpause(connection: Connection, pipeline: str) -> bool:
    """Resumes a paused schedule. False when it was not paused."""
    paused = schedules.c.paused_at.is_not(None)
    values = {"paused_at": None, "paused_by": None, "pause_reason": None, "paused_until": None}
    query = update(schedules).where(schedules.c.pipeline == pipeline, paused).values(**values)
    return bool(connection.execute(query).rowcount)


def is_paused(schedule: LedgerRow | None, at: datetime) -> bool:
    """Whether what is due at that time is paused, by what a schedule has now."""
    if schedule is None or schedule.paused_at is None:
        return False
    return schedule.paused_until is None or at < schedule.paused_until


def _values(slot: Slot, outcome: SlotOutcome, now: datetime) -> dict[str, object]:
    return {"slot": slot.name, "pipeline": slot.pipeline, "due_at": slot.due_at, **vars(outcome), "recorded_at": now}
