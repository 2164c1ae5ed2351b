"""The action after a breach (a retraining, none within the cooldown, or an escalation) or a data fault (an escalation).

The action depends on the history of decisions alone. The rule uses monitoring dates, not the time of day: a replay of a
year in two minutes gives the same decisions as a year of operation. Decisions for later dates are ignored.

A breach requests a retraining unless one was requested within the cooldown. After three retrainings in a row that did
not help (the model was in breach again, and no decision between them was healthy), the breach is escalated to a person
instead, once in a cooldown, until a decision is healthy. Only `healthy` ends the row: `watch` and `insufficient` do not
show that a retraining helped.

While a model waits for the approval of a person, a breach requests nothing: whether the last retraining helped is not
known before that model serves.

A data fault never requests a retraining. It is escalated to a person, once in a cooldown as long as it lasts. It has no
effect on what a later breach does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from typing import Literal

from jobs.governance.breaches import Status
from storage.ledger.decisions import DATA_FAULT

MOST_RETRAINS = 3

Action = Literal["none", "requested", "suppressed", "escalated"]


@dataclass(frozen=True)
class Past:
    """An earlier decision: its monitoring date, status and action, and the requested run, if any.

    A retraining that a user cancelled counts as not requested.
    """

    day: date
    status: Status
    action: Action
    run_id: str | None = None


@dataclass(frozen=True)
class Step:
    """The action of a decision, its reason, and the earlier run that it refers to, if any."""

    action: Action
    reason: str
    run_id: str | None = None


def next_step(
    day: date, reason: str, history: Sequence[Past], cooldown_days: float, waiting: str | None = None
) -> Step:
    """The action for a breach on that monitoring date, after a history in the order of its decisions.

    `reason` describes the breach; the reason of the step begins with it. `waiting` is the model that waits for
    approval, None for none.
    """
    if waiting is not None:
        return Step("suppressed", f"{reason} No run was requested: model {waiting} waits for approval.")
    earlier = sorted((past for past in history if past.day <= day), key=lambda past: past.day)
    acted = [past for past in earlier if past.action in ("requested", "escalated") and past.status != DATA_FAULT]
    if acted and (day - acted[-1].day).days < cooldown_days:
        return _suppressed(acted[-1], reason, cooldown_days)
    retrains = retrains_in_a_row(earlier)
    if len(retrains) >= MOST_RETRAINS:
        since = f"{len(retrains)} retrainings in a row did not help (the first was requested on {retrains[0].day})"
        return Step("escalated", f"{reason} No run was requested: {since}. The model needs a review.")
    return Step("requested", reason)


def fault_step(day: date, reason: str, history: Sequence[Past], cooldown_days: float) -> Step:
    """The action for a data fault on that monitoring date, after a history in the order of its decisions."""
    earlier = sorted((past for past in history if past.day <= day), key=lambda past: past.day)
    lasting = takewhile(lambda past: past.status == DATA_FAULT, reversed(earlier))
    asked = next((past.day for past in lasting if past.action == "escalated"), None)
    if asked is not None and (day - asked).days < cooldown_days:
        since = f"a person was asked on {asked}, within {cooldown_days:g} days"
        return Step("suppressed", f"{reason} No run was requested: {since}.")
    return Step("escalated", f"{reason} No run was requested: a person must check the extracts.")


def retrains_in_a_row(history: Iterable[Past]) -> list[Past]:
    """The decisions of an ordered history that requested a retraining since the last healthy one, oldest first."""
    retrains: list[Past] = []
    for past in history:
        if past.status == "healthy":
            retrains = []
        elif past.action == "requested":
            retrains.append(past)
    return retrains


def _suppressed(last: Past, reason: str, cooldown_days: float) -> Step:
    if last.action == "escalated":
        earlier = f"a review was requested on {last.day}"
    else:
        earlier = f"a retraining was requested on {last.day}"
    return Step("suppressed", f"{reason} No run was requested: {earlier}, within {cooldown_days:g} days.", last.run_id)
