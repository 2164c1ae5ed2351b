"""The same twelve tasks with the ledger. `... ours WAY WARM_UPS RUNS FOLDER`.

`ray`: each in a process of a warm Ray; `in-process`: one after another in a thread of this process.
"""

import json
import sys
from pathlib import Path

from engine.deployment import Deployment
from engine.execution.executors import LocalExecutor
from engine.execution.ray_executor import RayExecutor
from storage.settings import load_settings
from tests.benchmarks.noop import NOOP
from tests.benchmarks.warm_runs import seconds_of


def main(way: str, warm_ups: int, runs: int, folder: Path) -> None:
    deployment = Deployment.open(load_settings(home=folder))
    executor = RayExecutor(deployment.settings) if way == "ray" else LocalExecutor()
    try:
        times = [seconds_of(deployment, NOOP, executor) for _ in range(warm_ups + runs)]
    finally:
        executor.close()
    print(json.dumps(times[warm_ups:]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
