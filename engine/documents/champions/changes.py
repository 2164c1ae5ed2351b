"""Why a champion changed: the breach, the training that it requested, its promotion test, and who promoted it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from engine.documents.candidates import difference_text, loans_text
from engine.documents.champions.history import Event, champion_events, logical_dates_of
from engine.documents.values import Document, moment
from jobs.loan_calendar import day as day_text
from jobs.modelling.promotion.outcome import is_passed
from jobs.statistics.rounding import count, figure, two_decimals
from storage.db.ledger import LedgerRow
from storage.ledger.approvals import REQUESTED, approval_rows
from storage.ledger.audit import actions_of
from storage.ledger.decisions import decisions_that_requested
from storage.ledger.models import models_with_training
from storage.ledger.runs import first_of_line

MOST_CHANGES = 100
BY_PEOPLE = ("promote", "approve", "rollback")
BY_RUN = "run"
TRIGGERS = {
    "schedule": "The schedule started the training; no breach requested it.",
    "replay": "A backfill started the training: there was no champion to monitor.",
}
DONE = {"promote": "Promoted", "approve": "Approved", "rollback": "Rolled back to"}


@dataclass(frozen=True)
class Step:
    """A step on the way to a new champion: its name, a sentence, and the run that it was a part of."""

    name: str
    words: str
    run_id: str | None = None


def champion_changes(connection: Connection, zone: ZoneInfo, limit: int = MOST_CHANGES) -> list[Document]:
    """The newest changes of the champion, newest first, with what led to each.

    `day` and `until` are logical dates: the version was champion from the one to the other, `until` is None for the
    present champion. They are the same for one that was replaced on its first date, or by a run of an earlier date.
    `breach` is the monitoring decision that requested the training, `trained` that training, `test` the promotion test;
    a version that was champion before (`again`) has neither. `act` is `run`, or what a person did.
    """
    logical = cache(lambda: logical_dates_of(connection, zone))
    events = champion_events(connection, logical)
    ends = _ends(events)
    start = max(len(events) - limit, 0)
    shown = events[start:]
    origins = _origins(connection, {one.subject for one in shown})
    acts = {(row.subject, row.at): row.action for row in actions_of(connection, BY_PEOPLE)}
    requests = {row.version: row.who for row in approval_rows(connection) if row.event == REQUESTED}
    changes = []
    for number, one in enumerate(shown, start):
        again = any(earlier.subject == one.subject for earlier in events[:number])
        act = BY_RUN if one.run_id else acts.get((one.subject, one.at), "promote")
        head = {
            "version": one.subject,
            "day": one.day.isoformat(),
            "until": ends[number] and ends[number].isoformat(),
            "at": moment(one.at),
            "who": one.who,
            "why": one.why,
            "run_id": one.run_id,
            "act": act,
            "again": again,
            "replaced": events[number - 1].subject if number else None,
            "requested_by": requests.get(one.subject) if act == "approve" else None,
        }
        none = {"trained": None, "breach": None, "test": None}
        changes.append({**head, **(none if again else origins[one.subject])})
    return changes[::-1]


def champion_change_on(changes: Sequence[Mapping[str, Any]], day: date) -> Mapping[str, Any] | None:
    """The change that made the champion of a logical date; None when there was none. `changes` come newest first."""
    return next((one for one in changes if one["day"] <= day.isoformat()), None)


def steps(change: Mapping[str, Any]) -> list[Step]:
    """What led to a change in sentences, in the order in which it happened."""
    told = [] if change["again"] else [*_trigger(change), *_training(change), *_test(change)]
    return [*told, _decision(change)]


def reason_in_short(change: Mapping[str, Any]) -> str:
    """What set a change off: the breach that requested the training, else what a person or another trigger did."""
    every = steps(change)
    return (every[-1] if change["act"] != BY_RUN and not change["breach"] else every[0]).words


def _ends(events: Sequence[Event]) -> list[Any]:
    """The end of the period that begins with each event: the earliest date of the later events; None without any."""
    ends: list[Any] = []
    earliest = None
    for event in reversed(events):
        ends.append(max(event.day, earliest) if earliest else None)
        earliest = min(event.day, earliest) if earliest else event.day
    return ends[::-1]


def _origins(connection: Connection, versions: set[str]) -> dict[str, Document]:
    """The training, its breach and its promotion test, by version."""
    trainings = {}
    for row in models_with_training(connection, versions):
        trainings[row.version] = (row, first_of_line(connection, row) if row.cause == "resume" else row)
    requested = {row.requested_run_id: row for row in decisions_that_requested(connection, _ids(trainings.values()))}
    return {
        version: {
            "trained": {
                "run_id": row.run_id,
                "as_of": row.as_of.isoformat(),
                "cause": first.cause,
                "requested_by": first.requested_by,
                "loans": row.summary.get("rows", {}).get("train"),
            },
            "breach": _breach(requested.get(first.run_id)),
            "test": row.summary.get("promotion"),
        }
        for version, (row, first) in trainings.items()
    }


def _ids(trainings: Any) -> list[str]:
    return [first.run_id for _, first in trainings]


def _breach(decision: LedgerRow | None) -> Document | None:
    if decision is None:
        return None
    reason = decision.numbers.get("reason") or decision.reason
    return {"monitoring_date": decision.monitoring_date.isoformat(), "run_id": decision.run_id, "reason": reason}


def _trigger(change: Mapping[str, Any]) -> Iterator[Step]:
    breach, trained = change["breach"], change["trained"]
    if breach:
        of_day = day_text(date.fromisoformat(breach["monitoring_date"]))
        yield Step("Breach", f"{of_day}: {breach['reason']}", breach["run_id"])
        return
    by_hand = f"Started by {trained['requested_by']}; no breach requested the training."
    yield Step("Trigger", TRIGGERS.get(trained["cause"], by_hand))


def _training(change: Mapping[str, Any]) -> Iterator[Step]:
    trained = change["trained"]
    on = f" on {loans_text(trained['loans'])}" if trained["loans"] else ""
    of_day = day_text(date.fromisoformat(trained["as_of"]))
    words = f"{change['version']} was trained{on}, with data up to {of_day}."
    if change["breach"]:
        yield Step("Retraining", f"The retraining rule requested it: {words}", trained["run_id"])
    else:
        yield Step("Training", words, trained["run_id"])


def _test(change: Mapping[str, Any]) -> Iterator[Step]:
    verdict = change["test"]
    if not verdict:
        yield Step("Test", "No promotion test was recorded.")
        return
    outcome = "Passed" if is_passed(verdict) else "Not passed"
    told = f"{outcome}: AUC {figure(verdict['auc'])} on {count(verdict['rows'])} test loans"
    told += f", minimum {two_decimals(verdict['threshold'])}"
    if verdict.get("difference") is not None:
        told += f"; difference from champion {verdict['compared_with']} {difference_text(verdict)}"
    yield Step("Test", f"{told}.")


def _decision(change: Mapping[str, Any]) -> Step:
    place = f" in place of {change['replaced']}" if change["replaced"] else ""
    if change["act"] == BY_RUN:
        return Step("Promotion", f"The training promoted it{place}; no person was asked.", change["run_id"])
    asked = f", as {change['requested_by']} requested" if change["requested_by"] else ""
    done = "Rolled back" if change["act"] == "rollback" else DONE[change["act"]]
    return Step("Decision", f"{done}{place} by {change['who']}{asked}. Reason: {change['why']}")
