"""`python -m tests.benchmarks.shares DATA`: how much of the data part's processor time is for CSV and Parquet.

The ten tasks run in this process, one call and one thread of Arrow after another, so that the processor time between
the begin and the end of a function is nearly all its own. It prints the second of two runs, because the first imports
modules. What opens a Parquet file or ends one is among all else.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import wraps
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import patch

from pyarrow import parquet

from engine.deployment import Deployment
from engine.execution import call
from engine.execution.executors import LocalExecutor
from jobs.bronze import records
from jobs.silver.quality import identity, removal
from storage.settings import load_settings
from tests.benchmarks.warm_runs import DATA_PART, seconds_of

MEASURED = (
    ("CSV parsed", records, "_parsed"),
    ("Parquet written", parquet.ParquetWriter, "write_table"),
    ("Parquet read", parquet.ParquetFile, "read_row_groups"),
    ("Parquet read", parquet.ParquetFile, "read"),
)


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Adds the processor time of the measured functions to `spent`."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(call, "ARROW_THREADS", 1))
        for module in (identity, removal):
            stack.enter_context(patch.object(module, "ThreadPoolExecutor", lambda _: ThreadPoolExecutor(1)))
        for title, owner, name in MEASURED:
            stack.enter_context(patch.object(owner, name, _timed(getattr(owner, name), title, spent)))
        yield


def _timed(function: Any, title: str, spent: dict[str, float]) -> Any:
    @wraps(function)
    def measured(*given: Any, **named: Any) -> Any:
        begun = process_time()
        try:
            return function(*given, **named)
        finally:
            spent[title] += process_time() - begun

    return measured


def main(data: str) -> None:
    spent: dict[str, float] = defaultdict(float)
    with tempfile.TemporaryDirectory() as folder, closing(LocalExecutor()) as executor, timed(spent):
        for name in ("first", "second"):
            spent.clear()
            begun = process_time()
            seconds_of(Deployment.open(load_settings(home=Path(folder, name), data=data)), DATA_PART, executor)
            whole = process_time() - begun
    for title, seconds in (*spent.items(), ("all else", whole - sum(spent.values()))):
        print(f"{title:<16}{seconds:>8.2f} s{seconds / whole:>7.0%}")


if __name__ == "__main__":
    main(sys.argv[1])
