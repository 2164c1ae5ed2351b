"""Runs executed in this process and followed on the terminal: `run`, `resume`, `replay` and `demo` without a worker."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from engine.cli.follow import Follower
from engine.definitions.task import function_named
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import Executor
from engine.process.signals import interrupt_on_sigterm

# By name: most commands do not need Ray, whose import is slow.
RAY_EXECUTOR = "engine.execution.ray_executor:RayExecutor"


@contextmanager
def local_ray(deployment: Deployment) -> Iterator[Executor]:
    """An executor on a private Ray of this machine, which ends with the block."""
    executor: Executor = function_named(RAY_EXECUTOR)(deployment.settings)
    try:
        yield executor
    finally:
        executor.close()


def follow_to_end(deployment: Deployment, run_id: str, executor: Executor, console: Console) -> str:
    """The state in which a queued run ended; executes it in this process and shows its progress."""
    with interrupt_on_sigterm(), Follower(deployment, run_id, console):
        return execute_run(deployment, run_id, executor)


@contextmanager
def own_output() -> Iterator[None]:
    """Redirects what Ray writes to standard output to standard error, so that standard output holds our JSON only."""
    sys.stdout.flush()
    ours = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(ours, 1)
        os.close(ours)
