"""What follows from a breach: a retrain, silence within the cooldown, or the call for a person, by the history alone.

The rule goes by monitoring dates (logical dates), not by the clock on the wall: replaying a year in two minutes comes
to the decisions that a year of operation came to. Decisions about later dates than the one at hand are not looked at.

A breach asks for a retrain unless one was asked for within the cooldown. When three retrains in a row did not help (the
model was in breach again afterwards, and no decision in between was healthy), the next one would not either: a person
is asked instead, once a cooldown, until a decision is healthy. Only `healthy` ends the row: `watch` and `insufficient`
are no proof that a retrain helped, whatever an estimate says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from jobs.governance.policy import Status

MOST_RETRAINS = 3

Action = Literal["none", "requested", "suppressed", "escalated"]


@dataclass(frozen=True)
class Past:
    """A decision of before: its monitoring date and status, what was done, and the run that was asked for, if any.

    A retrain that a person cancelled counts as not asked for: neither did it not help, nor is there one to wait for.
    """

    day: date
    status: Status
    action: Action
    run_id: str | None = None


@dataclass(frozen=True)
class Step:
    """What to do about a decision, why, and the earlier run that it is about, if any."""

    action: Action
    reason: str
    run_id: str | None = None


def next_step(day: date, reason: str, history: Sequence[Past], cooldown_days: float) -> Step:
    """What to do about a breach of that monitoring date, after a history in the order of its decisions.

    `reason` says what the breach is; the step's own reason begins with it.
    """
    known = sorted((past for past in history if past.day <= day), key=lambda past: past.day)
    called = [past for past in known if past.action in ("requested", "escalated")]
    if called and (day - called[-1].day).days < cooldown_days:
        return _suppressed(called[-1], reason, cooldown_days)
    tried = retrains_in_a_row(known)
    if len(tried) >= MOST_RETRAINS:
        since = f"{len(tried)} retrains in a row did not help (the first was asked for on {tried[0].day})"
        return Step("escalated", f"{reason} No run was requested: {since}, so a person has to look at it.")
    return Step("requested", reason)


def retrains_in_a_row(history: Iterable[Past]) -> list[Past]:
    """The decisions that asked for a retrain since the last healthy one, oldest first, of a history in order."""
    tried: list[Past] = []
    for past in history:
        if past.status == "healthy":
            tried = []
        elif past.action == "requested":
            tried.append(past)
    return tried


def _suppressed(last: Past, reason: str, cooldown_days: float) -> Step:
    if last.action == "escalated":
        told = f"a person was asked on {last.day}, within {cooldown_days:g} days"
    else:
        told = f"one was on {last.day}, within {cooldown_days:g} days"
    return Step("suppressed", f"{reason} No run was requested: {told}.", last.run_id)
