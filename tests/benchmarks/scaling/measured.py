"""One way to make the gold table, in a process of its own, for `tests.benchmarks.scale` to watch.

`python -m tests.benchmarks.scaling.measured WAY DATA FOLDER AS_OF WARM_UP` works on a small book first, says that it is
ready, waits for a line, works on DATA, prints what it took as JSON, and with its processes alive waits again.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from time import perf_counter

from sqlalchemy import event
from sqlalchemy.engine import Engine

from engine.deployment import Deployment
from engine.execution.ray_executor import RayExecutor
from storage.settings import load_settings
from tests.benchmarks.warm_runs import DATA_PART, seconds_of

OURS = "loanwatch"
SCRIPTS = ("polars_eager", "polars_streaming", "duckdb_sql", "pandas_arrow")
WARM_UPS = 3
GOLD = "gold/model_training_data.parquet"
Prepare = Callable[[Path, Path], Callable[[], float]]  # data and folder to what works, and returns its seconds


def main(way: str, data: Path, folder: Path, as_of: date, warm_up: Path) -> None:
    statements = count()
    event.listen(Engine, "before_cursor_execute", lambda *_: next(statements))
    with ours(folder) if way == OURS else script(way, as_of) as prepare:
        for number in range(WARM_UPS):
            prepare(warm_up, folder / f"warm-up-{number}")()
        work = prepare(data, folder / "measured")
        print("ready", flush=True)
        sys.stdin.readline()
        before = next(statements)
        seconds = work()
        print(json.dumps({"seconds": seconds, "statements": next(statements) - before - 1}), flush=True)
        sys.stdin.readline()


@contextmanager
def ours(folder: Path) -> Iterator[Prepare]:
    """The data part of training on a Ray that is warm, from the request to the committed end."""
    executor = RayExecutor(load_settings(home=folder))

    def prepare(data: Path, home: Path) -> Callable[[], float]:
        deployment = Deployment.open(load_settings(home=home, data=str(data)))
        return partial(seconds_of, deployment, DATA_PART, executor)

    try:
        yield prepare
    finally:
        executor.close()


@contextmanager
def script(name: str, as_of: date) -> Iterator[Prepare]:
    """A script of the data part, its libraries loaded."""
    data_part = import_module(f"tests.benchmarks.scripts.{name}").data_part

    def timed(data: Path, folder: Path) -> float:
        begun = perf_counter()
        data_part(data, folder, as_of)
        return perf_counter() - begun

    yield lambda data, folder: partial(timed, data, folder)


def gold_of(way: str, folder: Path) -> Path:
    """The gold table that a way has made."""
    return folder / "measured" / ("datamart" if way == OURS else "") / GOLD


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), date.fromisoformat(sys.argv[4]), warm_up=Path(sys.argv[5]))
