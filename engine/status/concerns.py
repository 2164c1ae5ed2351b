"""What is wrong now, each with its part of the deployment, and with the alert by which people take care of it.

What the ledger says now is judged anew, so that it is right also while no process looks for alerts. Alerts about
anything else are told as they were found.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.control.runs import RESUMABLE
from engine.documents.values import Document
from engine.status.reading import Reading
from storage.db.ledger import LedgerRow
from storage.ledger.decisions import DATA_FAULT
from storage.ledger.run_search import REJECTED

DATA, MODEL, PIPELINES, PROCESSES = PARTS = ("data", "model", "pipelines", "processes")
WELL = ("healthy", "watch")
PART_OF_RULE = {
    "run-failed": PIPELINES,
    "run-crashed": PIPELINES,
    "run-late": PIPELINES,
    "breach": MODEL,
    "data-fault": DATA,
    "stale-extract": DATA,
}


@dataclass(frozen=True)
class Concern:
    """Something that is wrong: `bad` when a person has to act, `warn` when one should know.

    `rule` and `subject` are those of its alert, '' when no rule is about it, and `alert` is the alert's document, None
    while no process has recorded one. `version` is a model, `waits` whether a run waits because of it.
    """

    parts: tuple[str, ...]
    level: str
    title: str
    reason: str
    rule: str = ""
    subject: str = ""
    run_id: str | None = None
    version: str | None = None
    waits: bool = False
    alert: Document | None = None

    @property
    def taken(self) -> bool:
        """Whether a person takes care of it, or does not want to be told."""
        return self.alert is not None and (self.alert["state"] != "open" or bool(self.alert["silenced_until"]))

    def as_json(self) -> Document:
        """The concern as plain JSON types; `level` as it counts."""
        return {**vars(self), "parts": list(self.parts), "level": "warn" if self.taken else self.level}


def concerns(reading: Reading) -> list[Concern]:
    """What is wrong, what nobody has taken care of first, and of that the worst first."""
    known = {(each["rule"], each["subject"]): each for each in reading.alerts}
    found = [*_runs(reading), *_data(reading), *_model(reading), *_schedules(reading)]
    found = [_with_alert(each, known.get((each.rule, each.subject))) for each in found]
    told = {(each.rule, each.subject) for each in found}
    found += [_of_alert(each) for key, each in known.items() if key not in told and _goes_on(reading, each)]
    found += _processes(reading, {each.rule: each.subject for each in found})
    return sorted(found, key=lambda each: (each.taken, each.level != "bad"))


def _with_alert(concern: Concern, alert: Document | None) -> Concern:
    return Concern(**{**vars(concern), "alert": alert})


def _of_alert(alert: Document) -> Concern:
    part = PART_OF_RULE.get(alert["rule"], PROCESSES)
    title = f"{alert['subject']}: {alert['rule'].replace('-', ' ')}"
    reason = f"{alert['summary']} {alert['advice']}"
    return Concern((part,), "bad", title, reason, alert["rule"], alert["subject"], alert["run_id"], alert=alert)


def _goes_on(reading: Reading, alert: Document) -> bool:
    """Whether an alert that is not found now is about something that may go on."""
    rule, decision, run = alert["rule"], reading.serving.decision, reading.runs.get(alert["subject"])
    if rule in ("data-fault", "stale-extract"):
        return False
    if rule == "breach":
        return decision is not None and decision.status not in WELL
    if rule in ("run-failed", "run-crashed"):
        return run is not None and run.state != "succeeded"
    return True


def _runs(reading: Reading) -> Iterator[Concern]:
    for pipeline, run in reading.runs.items():
        if run.state not in RESUMABLE:
            continue
        reason = str((run.error or {}).get("message", "")) or f"The run was {run.state}."
        parts = (DATA, PIPELINES) if _is_rejected(run) else (PIPELINES,)
        level = "warn" if run.state == "cancelled" else "bad"
        watched = level == "bad" and "replay" not in run.cause_detail  # the person of a replay sees it fail
        named = (f"run-{run.state}", pipeline) if watched else ("", "")
        yield Concern(parts, level, f"{pipeline} {run.state}", reason, *named, run_id=run.run_id)


def _is_rejected(run: LedgerRow) -> bool:
    return bool((run.error or {}).get("type") == REJECTED)


def _data(reading: Reading) -> Iterator[Concern]:
    decision = reading.serving.decision
    if decision is not None and decision.status == DATA_FAULT:
        title = "Data fault: check the extracts"
        yield Concern((DATA,), "bad", title, decision.reason, "data-fault", "data", decision.run_id)
    rejected = any(run.state in RESUMABLE and _is_rejected(run) for run in reading.runs.values())
    for extract in reading.extracts:
        refused = extract.get("refused")
        if refused and refused["state"] == "refused" and not rejected:  # else the failed run tells it
            title = f"The newest delivery of {extract['dataset']} was refused"
            yield Concern((DATA,), "warn", title, refused["reason"], run_id=refused["run_id"])
        if extract["state"] == "stale":
            title = f"The extract {extract['dataset']} is stale"
            yield Concern((DATA,), "warn", title, extract["advice"], "stale-extract", extract["dataset"])


def _model(reading: Reading) -> Iterator[Concern]:
    decision, waiting = reading.serving.decision, reading.serving.waiting
    if decision is not None and decision.status == "breach":
        title = "Retraining did not help" if decision.action == "escalated" else "The model crosses a threshold"
        yield Concern((MODEL,), "bad", title, decision.reason, "breach", "model", decision.run_id)
    elif decision is not None and decision.status == "watch":
        yield Concern((MODEL,), "warn", "The model is on watch", decision.reason, run_id=decision.run_id)
    if waiting is not None:
        title = f"Model {waiting.version} waits for approval by a second person"
        why = f"Requested by {waiting.who}. Reason: {waiting.why}"
        yield Concern((MODEL,), "warn", title, why, version=waiting.version)


def _schedules(reading: Reading) -> Iterator[Concern]:
    for schedule in reading.schedules.values():
        if schedule["paused"]:
            title = f"The schedule of {schedule['pipeline']} is paused"
            until = f" (until {schedule['paused_until'][:16]} UTC)" if schedule["paused_until"] else ""
            yield Concern((PIPELINES,), "warn", title, f"{schedule['paused']}{until}")


def _processes(reading: Reading, told: dict[str, str]) -> Iterator[Concern]:
    """What is said of a worker or scheduler that is not alive, unless an alert tells it."""
    waits = any(run.state == "queued" for run in reading.active.values())
    silent = told.get("process-silent", "")
    if not reading.alive("worker"):
        if "no-worker" not in told and not silent.startswith("worker"):
            level = "bad" if waits else "warn"
            reason = f"{'A run waits' if waits else 'Requested runs will wait'}. Start it with `python -m engine up`."
            yield Concern((PROCESSES,), level, "The worker is not running", reason, waits=waits)
    elif not reading.alive("scheduler") and not silent.startswith("scheduler"):
        reason = "No scheduled run is requested. Start it with `python -m engine scheduler`."
        yield Concern((PROCESSES,), "warn", "The scheduler is not running", reason)
