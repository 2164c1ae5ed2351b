"""The process of one run: `python -m engine.worker.run_process ADDRESS TOKEN`.

A worker starts it, writes one assignment to its standard input, and keeps the other end of that pipe open. The process
starts before there is a run for it: it joins the Ray at ADDRESS, warms it up and reads the code of the tasks, so that
the run starts sooner.
When the pipe closes, the worker has ended. The process then exits immediately. Its unpublished results are discarded,
and its run is marked as crashed.
"""

import logging
import os
import sys
import threading
from contextlib import suppress

from engine.cluster.private import RayAddress, RayUnreachable
from engine.deployment import Deployment
from engine.execution.call import CodeChanged
from engine.execution.execute import execute_claimed_run
from engine.execution.preparing import read_code
from engine.execution.ray_executor import RayExecutor
from engine.process.logs import add_to_every_line, log_to_stderr
from engine.process.signals import interrupt_on_sigterm
from engine.worker.assignment import (
    CODE_CHANGED,
    LEDGER_IS_AWAY,
    RAY_IS_GONE,
    RunAssignment,
    assignment_from_line,
)
from storage.db.ledger import RESTART_SECONDS, LedgerUnavailable
from storage.errors import LoanwatchError
from storage.settings import load_settings

log = logging.getLogger("loanwatch.engine")


def exit_code_of(assignment: RunAssignment, executor: RayExecutor) -> int:
    """Executes the assigned run. Returns the exit code of this process."""
    add_to_every_line(run_id=assignment.lease.run_id)
    try:
        deployment = Deployment.open(load_settings(**assignment.settings), retry_seconds=RESTART_SECONDS)
        execute_claimed_run(deployment, assignment.lease, executor)
    except RayUnreachable as error:
        log.warning("%s", error)
        return RAY_IS_GONE
    except CodeChanged as error:
        log.warning("%s", error)
        return CODE_CHANGED
    except LedgerUnavailable as error:
        log.warning("%s", error)
        return LEDGER_IS_AWAY
    except LoanwatchError as error:
        log.warning("%s", error)
        return 1
    return 0


def main() -> None:
    """Joins Ray, waits for an assignment on standard input, executes it, and exits."""
    log_to_stderr(load_settings(), "run", "%(message)s")
    logging.getLogger("ray").setLevel(logging.ERROR)  # Ray warns that a thread joins it, which is intended
    code = 1
    with suppress(KeyboardInterrupt), interrupt_on_sigterm():
        executor = RayExecutor(load_settings(), RayAddress(*sys.argv[1:3]))
        # In a thread, because a fully cached run does not need Ray and does not wait for it.
        threading.Thread(target=_warm_up, args=(executor,), daemon=True, name="warm-up").start()
        # Unbuffered, so that only the assignment is read here; the thread reads the rest.
        with os.fdopen(os.dup(0), "rb", buffering=0) as pipe:
            line = pipe.readline()
            watch = threading.Thread(target=_exit_with_the_worker, args=(pipe.fileno(),), daemon=True, name="worker")
            if line.endswith(b"\n"):
                watch.start()
                code = exit_code_of(assignment_from_line(line), executor)
    # Without a cleanup: the threads of Ray and Arrow have no work to finish, and the ledger has all results.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _warm_up(executor: RayExecutor) -> None:
    with suppress(RayUnreachable):  # a run that needs Ray reports it
        executor.warm()
    read_code()


def _exit_with_the_worker(pipe: int) -> None:
    while os.read(pipe, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
