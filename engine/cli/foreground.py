"""Runs that this process executes: those of `run` and `resume` without a worker, and of `replay` and `demo`."""

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
from storage.db.ledger import RESTART_SECONDS

# By name, because most commands do not need Ray, and its import is slow.
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
    """Executes a queued run in this process and shows its progress. Returns its final state."""
    deployment.ledger.retry_seconds = RESTART_SECONDS
    with interrupt_on_sigterm(), Follower(deployment, run_id, console):
        return execute_run(deployment, run_id, executor)


@contextmanager
def own_output() -> Iterator[None]:
    """Redirects standard output to standard error during the block, because Ray writes to it and `--json` needs it."""
    sys.stdout.flush()
    standard_output = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(standard_output, 1)
        os.close(standard_output)
