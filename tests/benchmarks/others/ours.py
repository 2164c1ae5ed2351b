"""The same twelve tasks on a warm Ray, each in another process, with the ledger. `... ours WARM_UPS RUNS FOLDER`."""

import json
import sys
from pathlib import Path

from engine.deployment import Deployment
from engine.execution.ray_executor import RayExecutor
from storage.settings import load_settings
from tests.benchmarks.noop import NOOP
from tests.benchmarks.warm_runs import seconds_of


def main(warm_ups: int, runs: int, folder: Path) -> None:
    deployment = Deployment.open(load_settings(home=folder))
    executor = RayExecutor(deployment.settings)
    try:
        times = [seconds_of(deployment, NOOP, executor) for _ in range(warm_ups + runs)]
    finally:
        executor.close()
    print(json.dumps(times[warm_ups:]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
