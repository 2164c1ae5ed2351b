"""A deployment in a temporary home, and a way to carry out small pipelines in it."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from engine.control import runs
from engine.definitions.task import Pipeline, Task
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import Executor, LocalExecutor
from engine.execution.ray_executor import RayExecutor
from storage.ledger.tasks import task_rows
from storage.settings import load_settings

TASKS = "tests.engine.sample_tasks"


@pytest.fixture
def deployment(tmp_path: Path, ledger_url: str) -> Iterator[Deployment]:
    settings = load_settings(home=tmp_path / "home", ledger=ledger_url, retry_pause=0.01, heartbeat=0.2)
    opened = Deployment.open(settings)
    yield opened
    opened.ledger.close()


@pytest.fixture(scope="session")
def ray_executor() -> Iterator[Executor]:
    executor = RayExecutor(load_settings(ray_cpus=2))
    executor.open()
    yield executor
    executor.close()


class Carried:
    """Carries out runs of one pipeline, which goes by the name of training here."""

    def __init__(self, deployment: Deployment, executor: Executor, tasks: tuple[Task, ...]) -> None:
        self.deployment = deployment
        self.executor = executor
        self.pipeline = Pipeline("training", tasks)

    def run(self, *, force: bool = False, as_of: date = date(2024, 6, 1), **params: object) -> tuple[str, str]:
        wanted = runs.checked_request(self.deployment, "training", as_of, force=force, params=params)
        return self.execute_run(runs.request(self.deployment, wanted))

    def execute_run(self, run_id: str) -> tuple[str, str]:
        return run_id, execute_run(self.deployment, run_id, self.executor, {"training": self.pipeline})

    def states(self, run_id: str) -> dict[str, str]:
        with self.deployment.ledger.reading() as connection:
            return {row.task: row.state for row in task_rows(connection, run_id)}

    def marks(self, task: str) -> int:
        return len(list(Path(self.deployment.roots.reports).glob(f"{task}.*")))


@pytest.fixture
def carried(deployment: Deployment) -> Iterator[Callable[..., Carried]]:
    executors: list[LocalExecutor] = []

    def make(*tasks: Task, executor: Executor | None = None) -> Carried:
        if executor is None:
            executors.append(LocalExecutor())
            executor = executors[-1]
        return Carried(deployment, executor, tasks)

    yield make
    for executor in executors:
        executor.close()


def task(name: str, function: str = "works", **more: object) -> Task:
    return Task(name, f"{TASKS}:{function}", **more)  # type: ignore[arg-type]
