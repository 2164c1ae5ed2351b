"""Runs small pipelines of sample tasks in a test's deployment."""

from datetime import date
from pathlib import Path

from engine.control import runs
from engine.definitions.task import Pipeline, Task
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import Executor
from storage.ledger.tasks import task_rows

TASKS = "tests.engine.sample_tasks"


class PipelineRunner:
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


def task(name: str, function: str = "works", **more: object) -> Task:
    return Task(name, f"{TASKS}:{function}", **more)  # type: ignore[arg-type]
