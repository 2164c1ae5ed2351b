"""What is known of a run at a glance: its state, who asked and why, when, what it led to, what it was given."""

from html import escape

import streamlit as st

from console.app.deployment import deployment
from console.app.queries import silence
from console.components.elements import callout, description_list, figure, state_html
from console.components.times import ago, day, span, time_html
from console.run.query import RunView, run_link
from storage.db.ledger import LedgerRow

CAUSES = {
    "manual": "asked for by hand",
    "schedule": "due by its schedule",
    "governance": "asked for by the governance gate",
    "resume": "goes on with an earlier run",
    "replay": "part of a replay of history",
}
MISSED_BEATS = 2  # beats of a run that fail to come before it is said
NUMBERS = ("auc", "auc_low", "auc_high", "psi", "psi_chance_level")


def header(view: RunView, *, worker: bool) -> None:
    """Shows a run's state, times, cause and links."""
    st.html(f'<div class="lw-pair lw-headline">{headline(view)}</div>')
    if view.run.state == "queued" and not worker:
        callout("bad", "Nothing works on this run yet", "No worker is alive. Start one: `python -m engine up`.")
    left, right = st.columns(2)
    with left:
        description_list(when(view))
    with right:
        description_list({**why(view), **given(view)})


def headline(view: RunView) -> str:
    """State, time and what is left of it, in HTML."""
    told = [state_html(view.run.state)]
    if view.run.cancel_requested_at and view.active:
        by = f" by {escape(view.cancelled_by)}" if view.cancelled_by else ""
        told.append(f'<span class="lw-state lw-warn">! asked to end{by}</span>')
    quiet = silence(view.run)
    if quiet > MISSED_BEATS * deployment().settings.heartbeat:
        told.append(f'<span class="lw-state lw-warn">! not heard of for {span(quiet)}</span>')
    if view.elapsed is not None:
        told.append(f"<span>{span(view.elapsed)}</span>")
    done = sum(row.state in ("succeeded", "cached", "skipped") for row in view.tasks)
    if view.happened:
        told.append(f"<span>{done} of {len(view.names)} tasks done</span>")
    left = view.time_left
    if left is not None:
        words = left_words(left, begun=view.elapsed is not None)
        told.append(f'<span>{words} <span class="lw-note">by the median of past runs</span></span>')
    elif view.active:
        told.append('<span class="lw-note">no past run tells how long it will take</span>')
    return "".join(told)


def left_words(seconds: float, *, begun: bool) -> str:
    """What is left of a run, or what one that has not begun will take, no finer than a guess can be."""
    if seconds < 1:
        return "nearly done" if begun else "done in a moment once it begins"
    about = f"about {round(seconds)} s" if seconds < 10 else f"about {span(seconds)}"
    return f"{about} left" if begun else f"{about} once it begins"


def when(view: RunView) -> dict[str, str]:
    """The dates and moments of a run."""
    run, now = view.run, view.now
    told = {"Run": f'<span class="lw-mono">{run.run_id}</span>', "As of": day(run.as_of)}
    told["Requested"] = (
        f"{time_html(run.requested_at, now)} by {escape(run.requested_by)}, {ago(run.requested_at, now)}"
    )
    if run.started_at:
        waited = (run.started_at - run.requested_at).total_seconds()
        told["Started"] = time_html(run.started_at, now) + (f", after waiting {span(waited)}" if waited >= 1 else "")
    if run.finished_at:
        by = f", cancelled by {escape(view.cancelled_by)}" if run.state == "cancelled" and view.cancelled_by else ""
        told["Ended"] = time_html(run.finished_at, now) + by
    return told


def why(view: RunView) -> dict[str, str]:
    """What a run was caused by and what it led to, with links both ways."""
    run = view.run
    cause = CAUSES.get(run.cause, escape(run.cause))
    if run.slot:
        cause += f' (<span class="lw-mono">{escape(run.slot)}</span>)'
    if run.cause_run_id:
        cause += f" in {run_link(run.cause_run_id)}"
    if run.cause == "governance" and run.cause_detail:
        cause += f"<br>{numbers(run.cause_detail)}"
    told = {"Why": cause}
    if run.parent_run_id:
        told["Goes on with"] = run_link(run.parent_run_id)
    if view.followers:
        told["Led to"] = "<br>".join(_follower(row) for row in view.followers)
    return told


def given(view: RunView) -> dict[str, str]:
    """The parameters that a run was given, and the data that it reads."""
    run = view.run
    params = ", ".join(f"{escape(name)}={escape(str(value))}" for name, value in run.params.items())
    if run.force:
        params = ", ".join(filter(None, (params, "every task anew")))
    told = {"Parameters": f'<span class="lw-mono">{params}</span>' if params else "none: the deployment's settings"}
    if run.snapshot.get("data"):
        told["Data"] = f'<span class="lw-mono">{escape(str(run.snapshot["data"]))}</span>'
    return told


def numbers(found: dict[str, object]) -> str:
    """The numbers of the gate that asked, and how it judged them."""
    told = [
        f"{name.split('_', 1)[0].upper()} {name.split('_', 1)[1] if '_' in name else ''} {figure(value)}".replace(
            "  ", " "
        )
        for name in NUMBERS
        if isinstance(value := found.get(name), int | float)
    ]
    return escape(", ".join(told).replace("_", " "))


def _follower(row: LedgerRow) -> str:
    return f"{run_link(row.run_id)} {state_html(row.state)} <span class='lw-note'>{escape(row.cause)}</span>"
