"""Schedules in the ledger: how far each pipeline's slots have been dealt with, what became of each slot, and pauses.

A slot is named by its pipeline and its nominal local time (`training@2026-11-29T02:00`), so that a day on which the
clocks change has it once. Every function works within the caller's transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from storage.db.ledger import LedgerRow
from storage.db.schema import schedules, slots

OUTCOMES = ("requested", "waiting", "skipped", "missed", "paused")


@dataclass(frozen=True)
class Slot:
    """One moment at which a pipeline is due. `due_at` is in UTC."""

    name: str
    pipeline: str
    due_at: datetime


@dataclass(frozen=True)
class SlotOutcome:
    """What became of a slot, and why; `run_id` is its run, if it has one."""

    outcome: str
    reason: str
    run_id: str | None = None


def schedule_of(connection: Connection, pipeline: str, now: datetime) -> LedgerRow:
    """The pipeline's schedule; one that is new begins now, so nothing before it counts as missed."""
    query = select(schedules).where(schedules.c.pipeline == pipeline)
    row = connection.execute(query).first()
    if row is None:
        connection.execute(insert(schedules).values(pipeline=pipeline, through=now))
        row = connection.execute(query).one()
    return row


def schedule_rows(connection: Connection) -> Sequence[LedgerRow]:
    """The schedules that there are."""
    return connection.execute(select(schedules).order_by(schedules.c.pipeline)).all()


def processed_through(connection: Connection, pipeline: str, through: datetime) -> None:
    """Records that every slot up to `through` has been dealt with."""
    connection.execute(update(schedules).where(schedules.c.pipeline == pipeline).values(through=through))


def slot_row(connection: Connection, name: str) -> LedgerRow | None:
    """What became of a slot; None when nothing did yet."""
    return connection.execute(select(slots).where(slots.c.slot == name)).first()


def waiting_slot(connection: Connection, pipeline: str) -> LedgerRow | None:
    """The slot of a pipeline that waits for another run to end."""
    query = select(slots).where(slots.c.pipeline == pipeline, slots.c.outcome == "waiting")
    return connection.execute(query.order_by(slots.c.due_at.desc())).first()


def record_outcome(connection: Connection, slot: Slot, fate: SlotOutcome, now: datetime) -> None:
    """Records what became of a slot, in place of what was recorded before."""
    connection.execute(delete(slots).where(slots.c.slot == slot.name))
    connection.execute(insert(slots).values(_values(slot, fate, now)))


def record_new_outcomes(connection: Connection, due: Iterable[Slot], fate: SlotOutcome, now: datetime) -> int:
    """How many of these slots nothing had become of yet; `fate` is theirs now."""
    wanted = {slot.name: slot for slot in due}
    # By name: a slot that is known from before the time zone was changed fell due at another moment.
    known = set(connection.execute(select(slots.c.slot).where(slots.c.slot.in_(wanted))).scalars())
    new = [_values(slot, fate, now) for name, slot in wanted.items() if name not in known]
    if new:
        connection.execute(insert(slots), new)
    return len(new)


def slot_rows(connection: Connection, limit: int = 50, pipeline: str | None = None) -> Sequence[LedgerRow]:
    """The newest slots of which something became, newest first."""
    query = select(slots).order_by(slots.c.due_at.desc(), slots.c.slot).limit(limit)
    return connection.execute(query.where(slots.c.pipeline == pipeline) if pipeline else query).all()


def pause(connection: Connection, pipeline: str, who: str, reason: str, now: datetime) -> None:
    """From now on the pipeline's slots are recorded as paused, and nothing is requested."""
    schedule_of(connection, pipeline, now)
    values = {"paused_at": now, "paused_by": who, "pause_reason": reason}
    connection.execute(update(schedules).where(schedules.c.pipeline == pipeline).values(**values))


def unpause(connection: Connection, pipeline: str) -> bool:
    """Whether the schedule had been paused; from now on it goes on."""
    paused = schedules.c.paused_at.is_not(None)
    values = {"paused_at": None, "paused_by": None, "pause_reason": None}
    query = update(schedules).where(schedules.c.pipeline == pipeline, paused).values(**values)
    return bool(connection.execute(query).rowcount)


def _values(slot: Slot, fate: SlotOutcome, now: datetime) -> dict[str, object]:
    return {"slot": slot.name, "pipeline": slot.pipeline, "due_at": slot.due_at, **vars(fate), "recorded_at": now}
