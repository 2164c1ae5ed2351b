"""Twelve Dagster ops that do nothing, in the shape of training. `dagster_noop.py WAY WARM_UPS RUNS` prints seconds.

Runs and events are in the SQLite databases of the instance at DAGSTER_HOME. The way is `in-process`, one op after
another in this process, or `processes`: each op has one, forked from one that has loaded this module.
"""

import json
import sys
from time import perf_counter

from dagster import (
    DagsterInstance,
    In,
    Nothing,
    OpDefinition,
    execute_job,
    job,
    multiprocess_executor,
    op,
    reconstructable,
)

QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
SERVED = {"start_method": {"forkserver": {"preload_modules": ["dagster", "dagster_noop"]}}}


def nothing(name: str, *upstream: str) -> OpDefinition:
    @op(name=name, ins={one: In(Nothing) for one in upstream})
    def does() -> None:
        """Nothing."""

    return does


@job(executor_def=multiprocess_executor.configured(SERVED))
def noop() -> None:
    cleaned = {f"clean_{n}": nothing(f"clean_{n}", "before")(nothing(f"ingest_{n}")()) for n in range(4)}
    last = nothing("remove", *cleaned)(**cleaned)
    for name in ("features", "train", "store"):
        last = nothing(name, "before")(last)


def seconds(way: str, instance: DagsterInstance) -> float:
    begun = perf_counter()
    if way == "in-process":
        ended = noop.execute_in_process(instance=instance, run_config=QUIET)
    else:
        ended = execute_job(reconstructable(noop), instance=instance, run_config=QUIET)
    took = perf_counter() - begun
    assert ended.success
    return took


if __name__ == "__main__":
    with DagsterInstance.get() as kept:
        times = [seconds(sys.argv[1], kept) for _ in range(int(sys.argv[2]) + int(sys.argv[3]))]
    print(json.dumps(times[int(sys.argv[2]) :]))
