"""The rules of alerts: what is wrong now by the ledger, and when that is over.

A rule finds occurrences. Those with a key (a run, a slot, a decision) happen once each, those without last as long as
they are found. Each look is within one transaction, so the answers fit together.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.extracts import extracts_document
from engine.process.identity import host
from engine.scheduling.timetable import nominal_day, timetable
from storage.db.ledger import LedgerRow
from storage.ledger.alerts import sources
from storage.ledger.alerts.records import Occurrence, known_occurrences
from storage.ledger.decisions import DATA_FAULT
from storage.ledger.schedules import Slot, is_paused, schedule_rows
from storage.settings import is_remote

GIB = 1024**3
ENOUGH = 1.1  # of the limit, from where on a disk is not low any more, so that an alert does not come and go
LONGEST_SLOT_GAP = timedelta(days=8)
MODEL, DATA, WORKER = "model", "data", "worker"  # the subjects of rules that have one subject


@dataclass(frozen=True)
class Look:
    """One look at a deployment. `steady` is whether its ledger has been in reach long enough to judge heartbeats."""

    connection: Connection
    deployment: Deployment
    now: datetime
    since: datetime
    steady: bool = True

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.deployment.settings.lease)

    @cached_property
    def decision(self) -> LedgerRow | None:
        """The decision of the newest monitoring date."""
        return sources.newest_decision(self.connection)

    @cached_property
    def processes(self) -> list[tuple[LedgerRow, bool]]:
        """The processes that have not ended in an orderly way, and whether each is alive."""
        rows = sources.running_processes(self.connection)
        return [(row, row.heartbeat_at > self.now - self.lease) for row in rows]


@dataclass(frozen=True)
class Rule:
    """A rule: its name, what it is about in words, the function that finds, and the one that knows when it is over.

    Without `over`, an alert is over when its subject is not found any more. `over` may answer None: not known here.
    """

    name: str
    words: str
    find: Callable[[Look], Iterator[Occurrence]]
    over: Callable[[Look, LedgerRow], bool | None] | None = field(default=None)


def _failures(rule: str, state: str, advice: str) -> Callable[[Look], Iterator[Occurrence]]:
    def find(look: Look) -> Iterator[Occurrence]:
        for run in sources.new_failures(look.connection, rule, state, look.since):
            reason = str((run.error or {}).get("message", "")) or "No reason is recorded."
            said = f"{run.pipeline} {state}: {reason}"
            yield Occurrence(rule, run.pipeline, run.run_id, said, advice.format(run.run_id), run.run_id)

    return find


def _recovered(look: Look, alert: LedgerRow) -> bool:
    if alert.subject not in look.deployment.pipelines:
        return True
    return sources.recovered(look.connection, alert.subject, alert.run_id)


def _late(look: Look) -> Iterator[Occurrence]:
    settings = look.deployment.settings
    for row in schedule_rows(look.connection):
        slot = _overdue_slot(look, row)
        if slot is not None and not sources.succeeded_since(look.connection, slot.pipeline, nominal_day(slot.name)):
            due = f"{slot.due_at.astimezone(settings.zone):%Y-%m-%d %H:%M %Z}"
            said = f"{slot.pipeline} is late: it was due at {due}, and no run of it has succeeded since."
            advice = f"Look at its last run with `python -m engine runs`, or request it: `run {slot.pipeline}`."
            yield Occurrence("run-late", slot.pipeline, slot.name, said, advice)


def _overdue_slot(look: Look, schedule: LedgerRow) -> Slot | None:
    """The newest slot of a schedule that was due the grace ago, unless it was paused or before the schedule began."""
    settings, deadline = (
        look.deployment.settings,
        look.now - timedelta(minutes=look.deployment.settings.alert_late_minutes),
    )
    table = timetable(schedule.pipeline, look.deployment.timing(schedule.pipeline), settings.zone)
    due = table.between(deadline - LONGEST_SLOT_GAP, deadline) if table and not is_paused(schedule, look.now) else []
    if not due:
        return None
    outcome = sources.slot_outcome(look.connection, due[-1].name)
    began_later = outcome is None and schedule.through >= due[-1].due_at
    return None if began_later or outcome == "paused" else due[-1]


def _decided(rule: str, status: str, subject: str, advice: str) -> Callable[[Look], Iterator[Occurrence]]:
    def find(look: Look) -> Iterator[Occurrence]:
        rows = {row.decision_id: row for row in sources.decisions_since(look.connection, status, look.since)}
        if look.decision is not None and look.decision.status == status:
            rows[look.decision.decision_id] = look.decision  # also one of a replay: so the model is now
        known = known_occurrences(look.connection, rule, {str(each) for each in rows})
        for decision_id, row in sorted(rows.items()):
            if str(decision_id) not in known:
                asked = " A person is asked." if row.action == "escalated" else ""
                said = f"{status.capitalize()} on {row.monitoring_date}: {row.reason}{asked}"
                yield Occurrence(rule, subject, str(decision_id), said, advice, row.run_id)

    return find


def _model_is_well(look: Look, _alert: LedgerRow) -> bool:
    return look.decision is None or look.decision.status in ("healthy", "watch")


def _data_is_well(look: Look, _alert: LedgerRow) -> bool:
    return look.decision is None or look.decision.status != DATA_FAULT


def _stale(look: Look) -> Iterator[Occurrence]:
    for row in extracts_document(look.connection, look.deployment):
        if row["state"] == "stale":
            said, _, advice = str(row["advice"]).partition("; ")
            yield Occurrence("stale-extract", row["dataset"], "", f"{said}.", advice[:1].upper() + advice[1:])


def _silent(look: Look) -> Iterator[Occurrence]:
    """The workers and schedulers that do not beat, unless another of the kind is alive on the same host."""
    alive = {(row.kind, row.host) for row, is_alive in look.processes if is_alive}
    lost = {(row.kind, row.host): row for row, is_alive in look.processes if not is_alive and row.kind in WATCHED}
    for (kind, place), row in sorted(lost.items()) if look.steady else ():
        if (kind, place) not in alive:
            last = f"its last heartbeat was at {row.heartbeat_at:%Y-%m-%d %H:%M:%S} UTC"
            said = f"The {kind} with process id {row.pid} on {place} is silent: {last}."
            advice = f"Check its log and restart it with `python -m engine {kind}` or `python -m engine up`."
            yield Occurrence("process-silent", f"{kind}@{place}", "", said, advice)


def _unserved(look: Look) -> Iterator[Occurrence]:
    waiting = sources.oldest_queued(look.connection) if look.steady else None
    if waiting is None or waiting.requested_at > look.now - look.lease:
        return
    if not any(is_alive and row.kind == "worker" for row, is_alive in look.processes):
        said = (
            f"Run {waiting.run_id} has waited since {waiting.requested_at:%Y-%m-%d %H:%M} UTC, and no worker is alive."
        )
        advice = "Start one with `python -m engine up` or `python -m engine worker`."
        yield Occurrence("no-worker", WORKER, "", said, advice, waiting.run_id)


def _heard(look: Look, alert: LedgerRow) -> bool | None:
    """Whether a silence of processes is over; not known while heartbeats can't be judged."""
    finds = _silent if alert.rule == "process-silent" else _unserved
    return alert.subject not in {each.subject for each in finds(look)} if look.steady else None


def disks(deployment: Deployment) -> dict[str, Path]:
    """The folders of this host whose disks are watched, by subject; the datamart only if it has another disk."""
    settings = deployment.settings
    found = {"home": settings.home.absolute()}
    datamart = Path(settings.datamart_root)
    here = not is_remote(settings.datamart_root) and datamart.exists()
    if here and datamart.stat().st_dev != found["home"].stat().st_dev:
        found["datamart"] = datamart.absolute()
    return {f"{name}@{host()}": path for name, path in found.items() if path.exists()}


def _low(look: Look) -> Iterator[Occurrence]:
    limit = look.deployment.settings.alert_disk_gib
    for subject, path in disks(look.deployment).items():
        free = shutil.disk_usage(path).free / GIB
        if free < limit:
            said = f"{free:.1f} GiB are free at {path} on {host()}, below {limit:g} GiB."
            advice = "Free some space, or lower LOANWATCH_KEEP_VERSIONS; runs fail when the disk is full."
            yield Occurrence("disk-low", subject, "", said, advice)


def _has_space(look: Look, alert: LedgerRow) -> bool | None:
    """Whether a disk has space again; only its own host knows."""
    path = disks(look.deployment).get(alert.subject)
    if path is None:
        return None
    return shutil.disk_usage(path).free / GIB >= look.deployment.settings.alert_disk_gib * ENOUGH


WATCHED = ("worker", "scheduler")
SHOW = "Read `python -m engine show {0}` and `logs {0}`, mend the cause, then `resume {0}`."
CRASHED = "Look at the log of its worker, then continue with `python -m engine resume {0}`."
REVIEW = "Open the Drift page; the retraining rule requests a training, or asks a person (`python -m engine models`)."
DELIVER = "Check the extracts (`python -m engine profile`) and deliver them again; nothing is retrained meanwhile."
RULES = {
    rule.name: rule
    for rule in (
        Rule("run-failed", "a run failed", _failures("run-failed", "failed", SHOW), _recovered),
        Rule("run-crashed", "the process of a run ended", _failures("run-crashed", "crashed", CRASHED), _recovered),
        Rule("run-late", "no success of a scheduled pipeline by its time and a grace", _late),
        Rule("breach", "the model crosses a threshold", _decided("breach", "breach", MODEL, REVIEW), _model_is_well),
        Rule("data-fault", "the data is broken", _decided("data-fault", DATA_FAULT, DATA, DELIVER), _data_is_well),
        Rule("stale-extract", "an extract is older than its cadence", _stale),
        Rule("process-silent", "a worker or scheduler sends no heartbeat", _silent, _heard),
        Rule("no-worker", "runs wait and no worker is alive", _unserved, _heard),
        Rule("disk-low", "little disk space is free", _low, _has_space),
    )
}
