"""The alerts: failed runs, retraining that did not help, models to approve, stale extracts, processes, schedules."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from console.app.navigation import model_button, run_button
from console.app.refresh import refreshed
from console.app.workers import no_scheduler, no_worker
from console.components.elements import callout, state_html, write_html
from console.overview.query import Overview, overview
from engine.control.runs import RESUMABLE
from storage.ledger.decisions import DATA_FAULT

REFRESH = "3s"


@dataclass(frozen=True)
class Alert:
    """A problem that needs an action: its tone, a title, the reason, and its run or model, if any."""

    tone: str
    title: str
    reason: str
    run_id: str | None = None
    version: str | None = None


@refreshed(REFRESH)
def show() -> None:
    """Shows a callout for each alert, or `No action needed`."""
    view = overview()
    shown = list(alerts(view))
    for alert in shown:
        callout(alert.tone, alert.title, alert.reason)
        if alert.run_id:
            run_button(alert.run_id)
        if alert.version:
            model_button(alert.version)
    if not _processes(view) and not shown:
        write_html(Markup("<p>{}</p>").format(state_html("succeeded", "No action needed")))


def alerts(view: Overview) -> Iterator[Alert]:
    """The alerts about runs, the model, extracts and schedules, the worst first."""
    for pipeline, run in view.runs.items():
        if run.state in RESUMABLE:
            reason = str((run.error or {}).get("message", "")) or f"The run was {run.state}."
            yield Alert("bad" if run.state != "cancelled" else "warn", f"{pipeline} {run.state}", reason, run.run_id)
    if view.decision is not None and view.decision["status"] == DATA_FAULT:
        yield Alert("bad", "Data fault: check the extracts", view.decision["reason"], view.decision["run_id"])
    elif view.decision is not None and view.decision["action"] == "escalated":
        yield Alert("bad", "Retraining did not help", view.decision["reason"], view.decision["run_id"])
    if view.waiting is not None:
        title = f"Model {view.waiting.version} waits for approval by a second person"
        why = f"Requested by {view.waiting.who}. Reason: {view.waiting.why}"
        yield Alert("warn", title, why, version=view.waiting.version)
    for extract in view.extracts:
        if extract["state"] == "stale":
            yield Alert("warn", "An extract is stale", extract["advice"])
    for schedule in view.schedules.values():
        if schedule["paused"]:
            yield Alert("warn", f"The schedule of {schedule['pipeline']} is paused", schedule["paused"])


def _processes(view: Overview) -> bool:
    """Shows an alert when the worker or the scheduler is not running. Returns whether there is one."""
    if any(run.state == "queued" for run in view.runs.values()):
        return False  # the frame of every page shows it already
    if not view.alive("worker"):
        no_worker("warn", "Requested runs will wait.")
    elif not view.alive("scheduler"):
        no_scheduler("No scheduled run is requested.")
    else:
        return False
    return True
