"""Follows a run that a worker executes. On Ctrl-C the user may detach from the run or cancel it."""

from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep

from rich.console import Console
from rich.prompt import Prompt

from engine.cli.follow import Follower
from engine.control import runs
from engine.deployment import Deployment
from engine.errors import Refused
from engine.process.registry import has_worker, waiting_message
from engine.process.signals import ctrl_c_noted
from storage.db.ledger import RESTART_SECONDS, LedgerRow, LedgerUnavailable
from storage.ledger.runs import caused_by, run_row

PAUSE = 0.1


def followed(deployment: Deployment, run_id: str, console: Console) -> str | None:
    """Shows the progress of a run. Returns the id of the ended run, or None when the user detached.

    When a worker requeues the run, the returned id is that of the new run. A database server that restarts is waited
    for as the run does. Raises Refused when it stays away.
    """
    deployment.ledger.retry_seconds = RESTART_SECONDS
    while True:
        ended = None
        # After a second Ctrl-C, which interrupts, the user is asked as after the first.
        try:
            with suppress(KeyboardInterrupt), ctrl_c_noted() as pressed, Follower(deployment, run_id, console):
                ended = _wait_for_end(deployment, run_id, console, pressed)
        except LedgerUnavailable as error:
            raise Refused(
                f"Run {run_id} may go on, but can't be followed: {error} Then follow it with `python -m engine logs "
                f"{run_id} --follow`."
            ) from error
        if ended is None:
            if not _keeps_following(deployment, run_id, console):
                return None
            continue
        successor = _successor(deployment, ended)
        if successor is None:
            return run_id
        console.print(f"Run {run_id} was requeued as {successor}.", highlight=False)
        run_id = successor


def _wait_for_end(
    deployment: Deployment, run_id: str, console: Console, pressed: Callable[[], bool]
) -> LedgerRow | None:
    """The run's row when it has ended; None after Ctrl-C. Prints a message once when no worker is running."""
    warned, checked = False, monotonic()
    while not pressed():
        run = _row(deployment, run_id)
        if run.finished_at is not None:
            return run
        if monotonic() - checked > deployment.settings.heartbeat:
            checked = monotonic()
            with suppress(LedgerUnavailable):  # the next read of the run waits for it
                runs.reap_stale_runs(deployment)
                if run.state == "queued" and not warned and not has_worker(deployment):
                    console.print(waiting_message(run_id, run.pipeline), highlight=False, soft_wrap=True)
                    warned = True
        sleep(PAUSE)
    return None


def _row(deployment: Deployment, run_id: str) -> LedgerRow:
    """The run's row. A read that the end of the server breaks is repeated: the next one waits for the server."""
    try:
        with deployment.ledger.reading() as connection:
            return run_row(connection, run_id)
    except LedgerUnavailable:
        with deployment.ledger.reading() as connection:
            return run_row(connection, run_id)


def _keeps_following(deployment: Deployment, run_id: str, console: Console) -> bool:
    """Asks the user after Ctrl-C. True after a request to cancel, False after detaching."""
    detached = (
        f"Detached from run {run_id}. Follow it with `python -m engine logs {run_id} --follow`; "
        f"cancel it with `cancel {run_id}`."
    )
    if not console.is_terminal or _answer(console) == "detach":
        console.print(detached, highlight=False, soft_wrap=True)
        return False
    try:
        runs.cancel(deployment, run_id)
    except Refused as error:
        console.print(str(error), highlight=False, soft_wrap=True)
    return True


def _answer(console: Console) -> str:
    question = "The worker continues the run. Detach from the run, or cancel it?"
    try:
        return Prompt.ask(question, console=console, choices=["detach", "cancel"], default="detach")
    except (KeyboardInterrupt, EOFError):
        return "detach"


def _successor(deployment: Deployment, ended: LedgerRow) -> str | None:
    """The id of the run as which an ended run was requeued; None when it was not."""
    if ended.state != "crashed":
        return None
    with deployment.ledger.reading() as connection:
        for run_id in caused_by(connection, ended.run_id):
            if run_row(connection, run_id).cause_detail.get("handed_back"):
                return run_id
    return None
