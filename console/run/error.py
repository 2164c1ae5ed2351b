"""Where a run went wrong, why, and what to do about it."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from console.components.elements import with_code
from console.run.query import RunView, log_link
from storage.db.ledger import LedgerRow

REJECTED, CANCELLED = 3, 4  # exit codes of runs whose input was refused, and that somebody ended
MOST_TRIES = 12

ERROR_STYLE = """<style>
.lw-box ul { margin: 0.3rem 0 0; padding-left: 1.2rem; font-size: 0.87rem; }
.lw-box h2.lw-what { margin: 0; padding: 0; font-size: 1.05rem; font-weight: 650; color: inherit; }
</style>"""


def error_box(view: RunView) -> None:
    """Shows what went wrong in an ended run; nothing when nothing did."""
    if view.run.error and view.run.state in ("failed", "crashed", "cancelled", "skipped"):
        st.html(error_html(view))


def error_html(view: RunView) -> str:
    """The failed task, the error's sentence, what was left out because of it, every failed try, and what to do."""
    error = view.run.error
    bad = view.run.state in ("failed", "crashed")
    tone, role = ("bad", ' role="alert"') if bad else ("quiet", "")
    told = [with_code(str(error["message"])), escape(left_out(view)), with_code(what_to_do(view))]
    task = error.get("task")
    if task:
        told.append(log_link(view.run.run_id, str(task), f"What {escape(task)} said in the log"))
    lines = "".join(f"<p>{each}</p>" for each in told if each)
    return f'<div class="lw-box lw-{tone}"{role}><h2 class="lw-what">{title(view)}</h2>{lines}{_tries(view)}</div>'


def title(view: RunView) -> str:
    """What happened, and in which task."""
    task = view.run.error.get("task")
    if task:
        return f"{escape(task)} failed"
    return {
        "crashed": "Lost",
        "cancelled": "Cancelled",
        "skipped": "Did not take place",
    }.get(view.run.state, "The run failed")


def left_out(view: RunView) -> str:
    """What could not be done because of the failure."""
    names = [row.task for row in view.tasks if row.state == "upstream_failed"]
    return f"Not run because of it: {', '.join(names)}." if names else ""


def what_to_do(view: RunView) -> str:
    """What an operator does next, in a sentence with what to type."""
    run = view.run
    follower = next((row for row in reversed(view.followers) if row.parent_run_id == run.run_id), None)
    if follower is not None:
        return f"{follower.run_id} goes on with it and is {follower.state}."
    if run.state == "skipped":
        return ""
    how = f"Resume does what is not done yet, here or by `python -m engine resume {run.run_id}`."
    if run.error.get("exit_code") == REJECTED:
        return f"Mend the input, or name another folder as data when you resume. {how}"
    return how


def failed_tries(view: RunView) -> Sequence[LedgerRow]:
    """The attempts that failed by themselves, in their order."""
    return [row for row in view.attempts if row.error and view.attempt_state(row) == "failed"]


def _tries(view: RunView) -> str:
    tries = failed_tries(view)
    if len(tries) < 2:
        return ""
    lines = "".join(
        f"<li>{escape(row.task)}{f' ({escape(row.part)})' if row.part else ''}, try {row.attempt}: "
        f"{escape(str(row.error['message']))}</li>"
        for row in tries[:MOST_TRIES]
    )
    more = f"<li>and {len(tries) - MOST_TRIES} more</li>" if len(tries) > MOST_TRIES else ""
    return f"<ul>{lines}{more}</ul>"
