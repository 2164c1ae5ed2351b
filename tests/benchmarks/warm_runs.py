"""Runs on a Ray that is warm: the data part of training, and a pipeline of tasks that do nothing.

`python -m tests.benchmarks.warm_runs DATA FOLDER` prints, as JSON, the seconds from the request to the committed end of
one run of each, after some to warm up every worker; the gold table stays in FOLDER/measured.
"""

import json
import sys
from pathlib import Path
from time import perf_counter

from engine.control.runs import request
from engine.definitions.task import Pipeline
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import Executor
from engine.execution.ray_executor import RayExecutor
from storage.ledger.runs import Request
from storage.settings import load_settings
from tests.benchmarks.noop import NOOP
from tests.retail import TRAINING

HOMES = ("first", "second", "third", "measured")
DATA_PART = Pipeline("training", TRAINING.tasks[:10])


def seconds_of(deployment: Deployment, pipeline: Pipeline, executor: Executor) -> float:
    """The time from the request of a run to its committed end, with the links in order."""
    begun = perf_counter()
    run_id = request(deployment, Request(pipeline.name, deployment.today(), "benchmark", force=True))
    state = execute_run(deployment, run_id, executor, {pipeline.name: pipeline})
    assert state == "succeeded", state
    return perf_counter() - begun


def main(data: str, folder: Path) -> None:
    executor = RayExecutor(load_settings(home=folder))
    try:
        for home in HOMES:
            deployment = Deployment.open(load_settings(home=folder / home, data=data))
            seconds = {
                "data part": seconds_of(deployment, DATA_PART, executor),
                "no-op": seconds_of(deployment, NOOP, executor),
            }
    finally:
        executor.close()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
