"""The process of one run: `python -m engine.worker.run_process ADDRESS TOKEN`.

A worker starts it, writes one assignment to its standard input, and holds the other end of that pipe for as long as
it lives. It starts before there is anything to do: it joins the Ray at that address and warms it, so that an
assignment finds everything ready. When the pipe closes, the worker has ended, and this process ends at once: what it
did not publish is not there, and its run counts as crashed.
"""

import logging
import os
import signal
import sys
import threading
from contextlib import suppress

from engine.cluster.private import RayAddress, RayUnreachable
from engine.deployment import Deployment
from engine.execution.execute import execute_claimed_run
from engine.execution.ray_executor import RayExecutor
from engine.worker.assignment import RAY_IS_GONE, RunAssignment, assignment_from_line
from storage.errors import LoanwatchError
from storage.settings import load_settings

LEDGER_PATIENCE = 20.0  # seconds in which a restarted database server is waited for
log = logging.getLogger("loanwatch.engine")


def carry(order: RunAssignment, executor: RayExecutor) -> int:
    """The exit code of this process, once the ordered run has ended."""
    try:
        deployment = Deployment.open(load_settings(**order.settings), patience=LEDGER_PATIENCE)
        execute_claimed_run(deployment, order.lease, executor)
    except RayUnreachable as error:
        log.warning("%s", error)
        return RAY_IS_GONE
    except LoanwatchError as error:
        log.warning("%s", error)
        return 1
    return 0


def main() -> None:
    """Joins Ray, waits for an order on standard input, carries it out, and ends."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    logging.getLogger("ray").setLevel(logging.ERROR)  # it warns of being joined by a thread, which is meant
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    code = 1
    with suppress(KeyboardInterrupt):
        executor = RayExecutor(load_settings(), RayAddress(*sys.argv[1:3]))
        # Beside waiting: an order that comes meanwhile, and finds all its results there, has no need of Ray.
        threading.Thread(target=_warm, args=(executor,), daemon=True, name="warming").start()
        # Without a buffer: whatever follows the order is left for the thread to wait for.
        with os.fdopen(os.dup(0), "rb", buffering=0) as pipe:
            line = pipe.readline()
            watch = threading.Thread(target=_end_with_the_worker, args=(pipe.fileno(),), daemon=True, name="worker")
            if line.endswith(b"\n"):
                watch.start()
                code = carry(assignment_from_line(line), executor)
    # Straight out: threads of Ray and Arrow have nothing to finish, and the ledger has everything.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _warm(executor: RayExecutor) -> None:
    with suppress(RayUnreachable):  # an order that needs Ray is going to say so
        executor.warm()


def _end_with_the_worker(pipe: int) -> None:
    while os.read(pipe, 1024):
        pass
    os._exit(1)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
