"""What the benchmarks of scale measure, fit and write."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.scaling.document import MARK, goals, write_between
from tests.benchmarks.scaling.growth import beyond, exponent
from tests.benchmarks.scaling.watch import Watch

MIB = 1024**2
HOLDS = """
import mmap, os, sys
shared = mmap.mmap(-1, 64 * 2**20)
for _ in range(64):
    shared.write(b"x" * 2**20)
if child := os.fork():
    own = b"x" * (64 * 2**20)
else:
    for place in range(0, len(shared), 4096):
        shared[place]
    os.read(0, 1)
    os._exit(0)
with open(os.devnull, "wb", buffering=0) as file:
    file.write(own)
print(flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("power", [0.0, 1.0, 1.3])
def test_the_exponent_of_a_growth_is_found_and_carried_on(power: float) -> None:
    sizes = [1e5, 1e6, 1e7]
    found = exponent(sizes, [3 * size**power for size in sizes])
    assert found == pytest.approx(power, abs=1e-9)
    assert beyond(1e9, sizes[-1], 3 * sizes[-1] ** power, found) == pytest.approx(3 * 1e9**power)
    assert exponent(sizes[:1], [1.0]) is None


def test_pages_that_processes_share_count_once_and_written_bytes_are_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        with Watch(process.pid) as watch:
            process.stdout.readline()
        process.communicate(b"\n\n")
    found = watch.found()
    assert 128 * MIB < found["peak_process"] < 190 * MIB
    assert 128 * MIB < found["peak_all"] < 190 * MIB  # the shared 64 MiB twice would be more
    assert 64 * MIB <= found["written"] < 80 * MIB


def test_a_text_is_put_between_its_markers_again_and_again(tmp_path: Path) -> None:
    readme, (begin, end) = tmp_path / "README.md", (MARK.format(side, "scale") for side in ("begin", "end"))
    readme.write_text(f"before\n{begin}\n{end}\nafter\n")
    for text in ("first", "second"):
        write_between(readme, "scale", text)
    assert readme.read_text() == f"before\n{begin}\n\nsecond\n\n{end}\nafter\n"


def test_a_goal_is_judged_beside_the_fastest_rival_that_finished() -> None:
    seconds = {"loanwatch": 6.0, "polars_streaming": 12.0, "duckdb_sql": 9.0, "polars_eager": 1.0}
    costs = [
        {"customers": 1_250_000, "way": way, "seconds": each, "rows": 1, "rounds": [{}]}
        for way, each in seconds.items()
    ]
    assert goals(costs) == "- 1,250,000 customers, beside DuckDB: **0.67**, goal at most 0.6: missed"
    costs[2]["rounds"] = []
    assert goals(costs) == "- 1,250,000 customers, beside Polars, streaming: **0.50**, goal at most 0.6: met"
