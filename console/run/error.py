"""The error of a run: the failed task, the reason, the next step, and the impact on what is in use."""

from collections.abc import Sequence

from markupsafe import Markup

from console.app.navigation import log_link, run_link
from console.components.elements import Text, callout_html, join, write_html
from console.run.log import log_html
from console.run.query import RunView
from engine.documents.values import Document
from storage.db.ledger import LedgerRow

REJECTED = 3  # the exit code of a run whose input was rejected
MOST_ATTEMPTS = 12


def show_error(view: RunView) -> None:
    """Shows the error of an ended run, if there is one."""
    if view.run.error and view.run.state in ("failed", "crashed", "cancelled", "skipped"):
        write_html(error_html(view))


def show_impact(view: RunView) -> None:
    """Shows what the end of a run without success left as it was, and the runs that matter now."""
    if view.impact is not None:
        write_html(impact_html(view.impact))


def show_last_lines(view: RunView) -> None:
    """Shows the end of the failed task's log, with a link to all of it; nothing when it only repeats the error."""
    if any(row.message != view.run.error["message"] for row in view.last_lines):
        write_html(last_lines_html(view.run, view.last_lines))


def last_lines_html(run: LedgerRow, rows: Sequence[LedgerRow]) -> Markup:
    """The lines in a callout, oldest first."""
    task = str(run.error["task"])
    link = Markup("<p>{}</p>").format(log_link(run.run_id, task, "The whole log of the task"))
    return callout_html("quiet", f"Last lines of {task}", after=join([log_html(rows, first=False), link]))


def impact_html(impact: Document) -> Markup:
    """The sentences about what is in use, with links to the run of the scores and to the newest success."""
    scores, last = impact["scores"], impact["last_success"]
    links = [
        run_link(scores["run_id"], "The run of the scores") if scores else "",
        run_link(last["run_id"], "The last success") if last else "",
    ]
    title = "Impact: nothing in use has changed" if not impact["published"] else "Impact"
    return callout_html("quiet", title, *impact["sentences"], join(links, ", "))


def error_html(view: RunView) -> Markup:
    """The failed task, the error message, the skipped tasks, every failed attempt, and the next step."""
    error, tone = view.run.error, "bad" if view.run.state in ("failed", "crashed") else "quiet"
    task = str(error.get("task") or "")
    log = log_link(view.run.run_id, task, f"Log of {task}") if task else ""
    return callout_html(
        tone, title(view), str(error["message"]), skipped(view), what_to_do(view), log, after=_attempts(view)
    )


def title(view: RunView) -> str:
    """The title of the error: the failed task, or the state of the run."""
    task = view.run.error.get("task")
    if task:
        return f"{task} failed"
    return {
        "crashed": "The run crashed",
        "cancelled": "Cancelled",
        "skipped": "Skipped",
    }.get(view.run.state, "The run failed")


def skipped(view: RunView) -> str:
    """The tasks that did not run because an upstream task failed."""
    names = [row.task for row in view.tasks if row.state == "upstream_failed"]
    return f"Skipped downstream tasks: {', '.join(names)}." if names else ""


def what_to_do(view: RunView) -> Text:
    """The run that resumed this one, or the next step of an operator with its command."""
    run = view.run
    follower = next((row for row in reversed(view.followers) if row.parent_run_id == run.run_id), None)
    if follower is not None:
        return Markup("Resumed by {}: {}.").format(run_link(follower.run_id), follower.state)
    if run.state == "skipped":
        return ""
    advice = f"Resume executes the remaining tasks, here or with `python -m engine resume {run.run_id}`."
    if run.error.get("exit_code") == REJECTED:
        return f"Fix the input, or choose another folder of extracts when you resume. {advice}"
    return advice


def failed_attempts(view: RunView) -> Sequence[LedgerRow]:
    """The failed attempts, in order, without those that were stopped."""
    return [row for row in view.attempts if row.error and view.attempt_state(row) == "failed"]


def _attempts(view: RunView) -> Markup:
    failed = failed_attempts(view)
    if len(failed) < 2:
        return Markup()
    lines = [_line(row) for row in failed[:MOST_ATTEMPTS]]
    if len(failed) > MOST_ATTEMPTS:
        lines.append(f"and {len(failed) - MOST_ATTEMPTS} more")
    return Markup("<ul>{}</ul>").format(join(Markup("<li>{}</li>").format(line) for line in lines))


def _line(row: LedgerRow) -> str:
    part = f" ({row.part})" if row.part else ""
    return f"{row.task}{part}, attempt {row.attempt}: {row.error['message']}"
