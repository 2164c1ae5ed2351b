"""`python -m tests.benchmarks.scale`: how the data part's cost grows with the book, beside scripts that do the same.

Each way works in a process of its own on files that are in the page cache, after the smallest book has warmed it up;
ours on a warm Ray, from the request of a run to its committed end. In a round each way has its turn, so that whatever
else the machine does hits all alike; the table has medians. Results go to scaling/scale.json, the table and the plot
into README.md, all beside this file. `--data` holds a folder of extracts for each size,
named by it; a missing one is made.
It reports; it doesn't fail: what a way can't do, for want of memory or time, is in the table.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from select import select
from time import monotonic
from typing import Any

import polars as pl

from jobs.sample.write import SampleSpec, write_sample
from tests.benchmarks.__main__ import quiet_load, today
from tests.benchmarks.sameness import differences
from tests.benchmarks.scaling.document import folder_with_readme, machine, write_document
from tests.benchmarks.scaling.measured import OURS, SCRIPTS, gold_of
from tests.benchmarks.scaling.watch import Watch
from tests.paths import ROOT

HERE = Path(__file__).parent
RESULTS = Path("scaling/scale.json")
SIZES = (12_500, 125_000, 1_250_000)
SEED = 7
QUIET_SECONDS = 20
BLOCK = 16 * 1024**2
Result = dict[str, Any]


class Stopped(Exception):
    """A way has ended before its work; the message says how."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="customers of the books")
    parser.add_argument("--repeats", type=int, default=3, help="rounds, of which the table has the medians")
    parser.add_argument(
        "--repeats-of-largest", type=int, default=1, help="rounds of the largest of three or more sizes"
    )
    parser.add_argument("--data", type=Path, help="folder of books; made for the occasion by default")
    parser.add_argument("--ways", nargs="+", choices=(OURS, *SCRIPTS), default=(OURS, *SCRIPTS))
    parser.add_argument("--patience", type=float, default=1800, help="seconds after which a way is stopped")
    parser.add_argument(
        "--out", type=folder_with_readme, default=HERE, help="folder of scale.json, the plot and README.md"
    )
    parser.add_argument("--write-only", action="store_true", help="write README.md and plot from scale.json again")
    given = parser.parse_args()
    if not given.write_only:
        with tempfile.TemporaryDirectory(prefix="loanwatch-scale-") as name:
            measure(given, Path(name))
    write_document(json.loads((given.out / RESULTS).read_text()), given.out)


def measure(given: argparse.Namespace, folder: Path) -> None:
    """Measures every size, way and round, and writes scale.json after each."""
    (given.out / RESULTS).parent.mkdir(exist_ok=True)
    sizes = sorted(given.sizes)
    books = {size: book_of(size, given.data or folder / "books") for size in sizes}
    results: list[Result] = []
    for size in sizes:
        largest = size == sizes[-1] and len(sizes) > 2
        whole = {"customers": size, **rows_of(books[size])}
        ways = {way: {**whole, "way": way, "rounds": [], "stopped": "", "differences": []} for way in given.ways}
        results += ways.values()
        for _ in range(given.repeats_of_largest if largest else given.repeats):
            for result in ways.values():
                add_round(result, books[size], books[sizes[0]], folder / "work", given.patience)
                found = {"machine": machine(), "results": results}
                (given.out / RESULTS).write_text(json.dumps(found, indent=1) + "\n")
                print({key: result[key] for key in ("customers", "way", "stopped", "differences")}, file=sys.stderr)
                print("  ", result["rounds"][-1:], file=sys.stderr, flush=True)


def add_round(result: Result, data: Path, warm_up: Path, folder: Path, patience: float) -> None:
    """Measures a way once more, and looks whether it made the rows of the first way of that size."""
    if result["stopped"]:
        return
    shutil.rmtree(folder, ignore_errors=True)
    read_all(data)
    busy = quiet_load(QUIET_SECONDS)
    try:
        result["rounds"].append({**measured(result["way"], data, folder, warm_up, patience), "busy": busy})
    except Stopped as error:
        result["stopped"] = str(error)
        return
    made, first = gold_of(result["way"], folder), folder.parent / f"gold-{result['customers']}.parquet"
    if first.exists():
        result["differences"] = differences(first, made)
    else:
        pl.scan_parquet(made).sink_parquet(first)
    shutil.rmtree(folder)


def measured(way: str, data: Path, folder: Path, warm_up: Path, patience: float) -> Result:
    """Seconds, bytes and statements of a way. Raises Stopped when it ends early or takes too long."""
    arguments = (way, data, folder, today(), warm_up)
    command = [sys.executable, "-m", "tests.benchmarks.scaling.measured", *map(str, arguments)]
    with (folder.parent / "errors").open("w+") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0
        )
        try:
            Path(f"/proc/{process.pid}/oom_score_adj").write_text("1000")  # it ends first when memory is full
            line_of(process, patience)
            with Watch(process.pid) as watch:
                say(process)
                told = json.loads(line_of(process, patience))
            say(process)
            process.wait(patience)
            return {**told, **watch.found()}
        except (Stopped, subprocess.TimeoutExpired, OSError) as error:
            end_all(process)
            errors.seek(0)
            raise Stopped(why(process.returncode, error, errors.read())) from error


def why(code: int | None, error: BaseException, errors: str) -> str:
    if isinstance(error, Stopped) and str(error):
        return str(error)
    if code == -signal.SIGKILL:
        return "ended by the system for want of memory"
    return ([f"ended with {code}", *errors.strip().splitlines()])[-1][:200]


def line_of(process: subprocess.Popen[bytes], patience: float) -> bytes:
    """The next line that a process prints."""
    assert process.stdout is not None
    until = monotonic() + patience
    if not select([process.stdout], [], [], max(0, until - monotonic()))[0]:
        raise Stopped(f"not done after {patience:.0f} s")
    line = process.stdout.readline()
    if not line:
        process.wait()
        raise Stopped
    return line


def say(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")


def end_all(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def book_of(size: int, folder: Path) -> Path:
    """The extracts of a book of that size."""
    book = (folder / str(size)).absolute()
    if not book.exists():
        write_sample(book, SampleSpec(size, SEED))
    return book


def rows_of(data: Path) -> dict[str, int]:
    """Rows and bytes of all extracts of a folder, and the bytes of the largest."""
    files = sorted(data.glob("*.csv"))
    rows = sum(pl.scan_csv(path, infer_schema=False).select(pl.len()).collect().item() for path in files)
    sizes = [path.stat().st_size for path in files]
    return {"rows": rows, "bytes": sum(sizes), "largest_extract": max(sizes)}


def read_all(data: Path) -> None:
    """Reads every file of a folder, so that it is in the page cache."""
    for path in data.glob("*.csv"):
        with path.open("rb") as file:
            while file.read(BLOCK):
                pass


if __name__ == "__main__":
    main()
