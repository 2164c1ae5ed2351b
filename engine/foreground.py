"""Runs carried out in this process, followed on the terminal: what `run`, `resume` and `demo` do without a worker."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

from engine import launch
from engine.deployment import Deployment
from engine.drive import carry_out
from engine.follow import Follower
from engine.local_executor import Executor
from engine.task import function_named
from storage.runs import PipelineActive, Request, run_row

RAY_EXECUTOR = "engine.executor:RayExecutor"  # by name: most commands do without Ray, whose import takes its time


@contextmanager
def local_ray(deployment: Deployment) -> Iterator[Executor]:
    """An executor on a private Ray of this machine, gone when the block ends."""
    executor: Executor = function_named(RAY_EXECUTOR)(deployment.settings)
    try:
        yield executor
    finally:
        executor.close()


def requested(deployment: Deployment, wanted: Request, *, anything: bool) -> str:
    """The id of the run to carry out: a new one, or one of the pipeline that is waiting and asks for the same.

    `anything` says that the person left data, parameters and as-of open, so that any waiting run will do. Raises
    PipelineActive when another run is in the way.
    """
    try:
        return launch.request(deployment, wanted)
    except PipelineActive as active:
        with deployment.ledger.reading() as connection:
            waiting = run_row(connection, active.run_id)
        same = waiting.params == wanted.params and waiting.as_of == wanted.as_of and waiting.force == wanted.force
        if active.state == "queued" and (anything or same):
            return active.run_id
        raise


def follow_to_end(deployment: Deployment, run_id: str, executor: Executor, console: Console) -> str:
    """The state in which a queued run ended, carried out here while its progress is shown."""
    with terminating_politely(), Follower(deployment, run_id, console):
        return carry_out(deployment, run_id, executor)


@contextmanager
def own_output() -> Iterator[None]:
    """Sends to standard error whatever Ray writes to standard output while it runs, so that ours stays ours."""
    sys.stdout.flush()
    ours = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(ours, 1)
        os.close(ours)


@contextmanager
def terminating_politely() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, which works too where a script began this process in its background."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
