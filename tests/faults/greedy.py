"""A run on a Ray that has little memory: `python -m tests.faults.greedy HOME`. Prints how it ended, as JSON.

Its one task takes memory until it is killed. (Which of several tasks Ray kills is Ray's choice.)
"""

import json
import os
import sys
from datetime import date
from time import sleep

import psutil

from engine.control import runs
from engine.definitions.task import Pipeline, Task
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from jobs.job import Job, TaskResult
from storage.ledger.runs import run_row
from storage.ledger.tasks import attempt_rows, task_rows
from storage.settings import load_settings

HERE = "tests.faults.greedy"
BLOCK = 64 * 1024**2
MOST = 8 * 1024**3  # what it takes at most, should nobody stop it
SPARE = 4 * 1024**3  # beyond what is in use when Ray is about to start: more than other processes may take meanwhile
RETRIES = 1


def greedy(_job: Job) -> TaskResult:
    """Takes memory, and touches it, for as long as it is let."""
    taken = []
    while len(taken) * BLOCK < MOST:
        taken.append(b"\1" * BLOCK)
        sleep(0.02)
    return TaskResult(values={"taken": len(taken)})


def main(home: str) -> None:
    """Carries out one run and prints what came of it."""
    memory = psutil.virtual_memory()
    os.environ["RAY_memory_usage_threshold"] = f"{(memory.total - memory.available + SPARE) / memory.total:.4f}"  # noqa: SIM112
    os.environ["RAY_memory_monitor_refresh_ms"] = "100"  # noqa: SIM112
    from engine.execution.ray_executor import RayExecutor  # noqa: PLC0415 - Ray reads its environment when it is imported

    deployment = Deployment.open(load_settings(home=home, retry_pause=0.1, ray_cpus=2, ray_memory=100 * 1024**2))
    tasks = (Task("greedy", f"{HERE}:greedy", retries=RETRIES),)
    executor = RayExecutor(deployment.settings)
    run_id = runs.request(deployment, runs.checked_request(deployment, "training", date(2024, 6, 1)))
    try:
        state = execute_run(deployment, run_id, executor, {"training": Pipeline("training", tasks)})
    finally:
        executor.close()
    with deployment.ledger.reading() as connection:
        told = {
            "state": state,
            "error": run_row(connection, run_id).error,
            "tasks": {row.task: row.state for row in task_rows(connection, run_id)},
            "attempts": [(row.task, row.state) for row in attempt_rows(connection, run_id)],
        }
    print(json.dumps(told))  # noqa: T201 - for the test that started this


if __name__ == "__main__":
    main(sys.argv[1])
