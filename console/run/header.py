"""The header of a run's page: its state, times, trigger, parameters, and the runs that it caused."""

from datetime import datetime

import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment
from console.app.navigation import page_link, run_link
from console.app.queries import heartbeat_age
from console.components.elements import (
    Text,
    code_html,
    description_list,
    figure,
    join,
    note_html,
    sign_html,
    state_html,
    write_html,
)
from console.components.times import ago_html, day, span, time_html
from console.run.query import RunView
from storage.db.ledger import LedgerRow

CAUSES = {
    "manual": "Started manually",
    "schedule": "Started by the schedule",
    "governance": "Requested by the retraining rule",
    "resume": "Resumed",
    "replay": "Part of a backfill",
}
MISSED_HEARTBEATS = 2  # missing heartbeats of a run before the page shows it
NUMBERS = {
    "auc": "AUC",
    "auc_low": "AUC low",
    "auc_high": "AUC high",
    "psi": "PSI",
    "psi_chance_level": "PSI noise level",
}


def header(view: RunView) -> None:
    """Shows a run's state, progress and expected end. That no worker executes it is told by the frame of each page."""
    write_html(Markup('<div class="lw-pair lw-headline">{}</div>').format(headline(view)))


def facts(view: RunView) -> None:
    """Shows a run's times, trigger, parameters and links."""
    left, right = st.columns(2)
    with left:
        description_list(times(view))
    with right:
        description_list({**trigger(view), **given(view), **noted(view), **audited(view)})


def headline(view: RunView) -> Markup:
    """The state, the duration, the number of tasks that are done, and the estimated time left."""
    item = Markup("<span>{}</span>")
    parts = [state_html(view.run.state)]
    if view.run.cancel_requested_at and view.active:
        by = f" by {view.cancelled_by}" if view.cancelled_by else ""
        parts.append(sign_html("!", "warn", f"cancellation requested{by}"))
    age = heartbeat_age(view.run, view.now)
    if age > MISSED_HEARTBEATS * deployment().settings.heartbeat:
        parts.append(sign_html("!", "warn", f"no heartbeat for {span(age)}"))
    if view.elapsed is not None:
        parts.append(item.format(span(view.elapsed)))
    done = sum(row.state in ("succeeded", "cached", "skipped") for row in view.tasks)
    if view.happened:
        parts.append(item.format(f"{done} of {len(view.names)} tasks done"))
    left = view.time_left
    if left is not None:
        parts.append(item.format(left_words(left, view.overrun, started=view.elapsed is not None)))
    elif view.active:
        parts.append(note_html("no estimate without an earlier run"))
    return join(parts)


def left_words(seconds: float, over: tuple[str, float] | None = None, *, started: bool) -> str:
    """The estimated time left of a run, or the usual duration of a run that has not started.

    While a task is `over` its usual time, nobody knows when it ends, so what is told is how much, and what follows it.
    """
    about = f"{max(1, round(seconds))} s" if seconds < 10 else span(seconds)
    if over is not None:
        late = f"{over[0]} takes {span(int(over[1]), whole=True)} longer than usual"
        return f"{late}, then about {about} left" if seconds >= 1 else late
    return f"about {about} left" if started else f"Usually takes {about}"


def times(view: RunView) -> dict[str, Text]:
    """The id, the as-of date and the times of a run."""
    run, now = view.run, view.now
    terms: dict[str, Text] = {"Run": code_html(run.run_id), "As of": day(run.as_of)}
    terms["Requested"] = Markup("{} by {}, {}").format(
        time_html(run.requested_at, now), run.requested_by, ago_html(run.requested_at, now)
    )
    if run.started_at:
        waited = (run.started_at - run.requested_at).total_seconds()
        terms["Started"] = time_html(run.started_at, now) + (f", waited {span(waited)}" if waited >= 1 else "")
    if run.finished_at:
        by = f", cancelled by {view.cancelled_by}" if run.state == "cancelled" and view.cancelled_by else ""
        terms["Ended"] = time_html(run.finished_at, now) + by
    return {**terms, **due(view)}


def due(view: RunView) -> dict[str, Text]:
    """The expected end of a run, and its deadline with whether it is kept."""
    terms: dict[str, Text] = {}
    if view.expected_end is not None:
        about = time_html(view.expected_end, view.now)
        terms["Expected end"] = Markup("about {}, {}").format(about, ago_html(view.expected_end, view.now))
    if view.deadline is not None:
        terms["Deadline"] = join([time_html(view.deadline, view.now), kept_html(view, view.deadline)], " ")
    return terms


def kept_html(view: RunView, deadline: datetime) -> Markup:
    """Whether a run keeps its deadline. After one that did not succeed, a later run still can."""
    end = view.run.finished_at or max(view.expected_end or view.now, view.now)
    over = (end - deadline).total_seconds()
    if over > 0:
        words = "missed by" if view.run.finished_at or view.now > deadline else "expected to miss it by"
        return sign_html("!", "warn", f"{words} {span(over)}")
    if view.run.state == "succeeded":
        return sign_html("✓", "good", "kept")
    left = (deadline - view.now).total_seconds()
    return note_html(f"in {span(left)}") if left > 0 else sign_html("!", "warn", "passed without a success")


def trigger(view: RunView) -> dict[str, Text]:
    """The trigger of a run and the runs that it caused, with links."""
    run = view.run
    cause = Markup("{}").format(CAUSES.get(run.cause, run.cause))
    if run.parent_run_id:
        cause = Markup("Resumed from {}").format(run_link(run.parent_run_id))
    if run.slot:
        cause += Markup(" ({})").format(code_html(run.slot))
    if run.cause_run_id:
        cause += Markup(" in {}").format(run_link(run.cause_run_id))
    if run.cause == "governance" and run.cause_detail:
        cause += Markup("<br>{}").format(numbers(run.cause_detail))
    terms: dict[str, Text] = {"Trigger": cause}
    if view.followers:
        terms["Caused"] = join((_follower(row) for row in view.followers), Markup("<br>"))
    return terms


def given(view: RunView) -> dict[str, Text]:
    """The parameters of a run, and its folder of extracts."""
    run = view.run
    data = str(run.snapshot.get("data") or "")
    params = [f"{name}={value}" for name, value in run.params.items() if not (name == "data" and value == data)]
    if run.force:
        params.append("Full rerun (cache off)")
    terms: dict[str, Text] = {"Parameters": code_html(", ".join(params)) if params else "Default settings"}
    if data:
        terms["Data"] = code_html(data)
    return terms


def noted(view: RunView) -> dict[str, Text]:
    """What people noted on a run, each with its writer; nothing without a note."""
    found = [join([row.words, note_html(f"({row.who})")], " ") for row in view.notes]
    return {"Notes": join(found, Markup("<br>"))} if found else {}


def audited(view: RunView) -> dict[str, Text]:
    """A link to what people and rules did to a run, which the Audit page lists."""
    return {"Audit": page_link("audit", "Actions on this run", object=view.run.run_id)}


def numbers(metrics: dict[str, object]) -> str:
    """The metrics of a retraining decision in words."""
    return ", ".join(
        f"{words} {figure(value)}"
        for name, words in NUMBERS.items()
        if isinstance(value := metrics.get(name), int | float)
    )


def _follower(row: LedgerRow) -> Markup:
    return join([run_link(row.run_id), state_html(row.state), note_html(row.cause)], " ")
