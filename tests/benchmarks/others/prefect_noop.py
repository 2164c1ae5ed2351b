"""Twelve Prefect tasks that do nothing, in the shape of training. `prefect_noop.py WARM_UPS RUNS` prints seconds.

A server with its SQLite database runs beside, whose address is in the environment. Tasks run in threads.
"""

import json
import sys
from time import perf_counter

from prefect import flow, task


@task
def nothing() -> None:
    """Nothing."""


@flow
def noop() -> None:
    ingested = [nothing.submit() for _ in range(4)]
    last = [nothing.submit(wait_for=[one]) for one in ingested]
    for _ in range(4):
        last = [nothing.submit(wait_for=last)]
    last[0].result()


def seconds() -> float:
    begun = perf_counter()
    noop()
    return perf_counter() - begun


if __name__ == "__main__":
    times = [seconds() for _ in range(int(sys.argv[1]) + int(sys.argv[2]))]
    print(json.dumps(times[int(sys.argv[1]) :]))
