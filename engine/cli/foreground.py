"""Runs carried out in this process, followed on the terminal: what `run`, `resume` and `demo` do without a worker."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

from engine.cli.follow import Follower
from engine.definitions.task import function_named
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import Executor

# By name: most commands do without Ray, whose import takes its time.
RAY_EXECUTOR = "engine.execution.ray_executor:RayExecutor"


@contextmanager
def local_ray(deployment: Deployment) -> Iterator[Executor]:
    """An executor on a private Ray of this machine, gone when the block ends."""
    executor: Executor = function_named(RAY_EXECUTOR)(deployment.settings)
    try:
        yield executor
    finally:
        executor.close()


def follow_to_end(deployment: Deployment, run_id: str, executor: Executor, console: Console) -> str:
    """The state in which a queued run ended, carried out here while its progress is shown."""
    with terminating_politely(), Follower(deployment, run_id, console):
        return execute_run(deployment, run_id, executor)


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
