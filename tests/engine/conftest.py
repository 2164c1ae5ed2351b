"""A deployment in a temporary home, and a way to carry out small pipelines in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.definitions.task import Task
from engine.deployment import Deployment
from engine.execution.executors import Executor, LocalExecutor
from engine.execution.ray_executor import RayExecutor
from storage.settings import load_settings
from tests.databases import BOTH_THOROUGHLY, new_ledger
from tests.engine.runner import PipelineRunner


@pytest.fixture(params=BOTH_THOROUGHLY)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a ledger of the test's own. The tests of the ledger itself, below it, use both databases."""
    with new_ledger(request, tmp_path) as url:
        yield url


@pytest.fixture
def deployment(tmp_path: Path, ledger_url: str) -> Iterator[Deployment]:
    settings = load_settings(
        home=tmp_path / "home", ledger=ledger_url, retry_pause=0.01, heartbeat=0.2, retention_days=0
    )
    opened = Deployment.open(settings)
    yield opened
    opened.ledger.close()


@pytest.fixture(scope="session")
def ray_executor() -> Iterator[Executor]:
    executor = RayExecutor(load_settings(ray_cpus=2))
    executor.open()
    yield executor
    executor.close()


@pytest.fixture
def runner_of(deployment: Deployment) -> Iterator[Callable[..., PipelineRunner]]:
    executors: list[LocalExecutor] = []

    def make(*tasks: Task, executor: Executor | None = None) -> PipelineRunner:
        if executor is None:
            executors.append(LocalExecutor())
            executor = executors[-1]
        return PipelineRunner(deployment, executor, tasks)

    yield make
    for executor in executors:
        executor.close()
