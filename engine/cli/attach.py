"""A run that a live worker carries out, followed on the terminal: Ctrl-C leaves the choice to detach or to cancel."""

from time import monotonic, sleep

from rich.console import Console
from rich.prompt import Prompt

from engine.cli.follow import Follower
from engine.control import runs
from engine.deployment import Deployment
from engine.errors import Refused
from engine.process.registry import NO_WORKER, has_worker
from storage.db.ledger import LedgerRow
from storage.ledger.runs import caused_by, run_row

PAUSE = 0.1


def followed(deployment: Deployment, run_id: str, console: Console) -> str | None:
    """The id of the run that ended, while its progress was shown; None when the person went away before that.

    It is another run than the one asked for when a stopping worker handed that back and another went on with it.
    """
    while True:
        try:
            with Follower(deployment, run_id, console):
                ended = _until(deployment, run_id, console)
        except KeyboardInterrupt:
            if not _stays(deployment, run_id, console):
                return None
            continue
        successor = _successor(deployment, ended)
        if successor is None:
            return run_id
        console.print(f"{run_id} was handed back; {successor} goes on with it.", highlight=False)
        run_id = successor


def _until(deployment: Deployment, run_id: str, console: Console) -> LedgerRow:
    """The run's row once it has ended; a person is told when nobody is there to carry it out."""
    told, looked = False, monotonic()
    while True:
        with deployment.ledger.reading() as connection:
            run = run_row(connection, run_id)
        if run.finished_at is not None:
            return run
        if monotonic() - looked > deployment.settings.heartbeat:
            looked = monotonic()
            runs.reap_stale_runs(deployment)
            if run.state == "queued" and not told and not has_worker(deployment):
                console.print(f"{run_id} is waiting for a worker: {NO_WORKER}.", highlight=False, soft_wrap=True)
                told = True
        sleep(PAUSE)


def _stays(deployment: Deployment, run_id: str, console: Console) -> bool:
    """Whether to go on following after Ctrl-C: after the run was told to end, but not when it is left to itself."""
    goes_on = f"{run_id} goes on; `python -m engine logs {run_id} --follow` follows it, `cancel {run_id}` ends it."
    if not console.is_terminal or _answer(console) == "detach":
        console.print(goes_on, highlight=False, soft_wrap=True)
        return False
    try:
        runs.cancel(deployment, run_id)
    except Refused as error:
        console.print(str(error), highlight=False, soft_wrap=True)
    return True


def _answer(console: Console) -> str:
    question = "The worker goes on with the run; leave it, or end it?"
    try:
        return Prompt.ask(question, console=console, choices=["detach", "cancel"], default="detach")
    except (KeyboardInterrupt, EOFError):
        return "detach"


def _successor(deployment: Deployment, ended: LedgerRow) -> str | None:
    """The run that goes on with one that was handed back."""
    if ended.state != "crashed":
        return None
    with deployment.ledger.reading() as connection:
        for run_id in caused_by(connection, ended.run_id):
            if run_row(connection, run_id).cause_detail.get("handed_back"):
                return run_id
    return None
