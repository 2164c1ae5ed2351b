"""`python -m tests.benchmarks`: what Loanwatch costs beside bare scripts that do the same on the same files.

Each round measures everything once, so that whatever else the machine does hits all alike; the table has medians. It
reports; it doesn't fail. Ratios are shown only when both sides made the same gold rows.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from jobs.sample.write import SampleSpec, write_sample
from tests.benchmarks.sameness import differences
from tests.benchmarks.scripts.polars_eager import data_part
from tests.paths import ROOT

QUIET = 0.5
PAUSE = 0.5
GOLD = "measured/datamart/gold/model_training_data.parquet"
Seconds = dict[str, float]
ROWS = {
    "whole": "(a) whole training run, command line, cold",
    "data part": "(b) data part, warm Ray",
    "polars warm": "(c) data part in Polars, warm",
    "polars cold": "(c) data part in Polars, cold",
    "fits": "(d) bare fits, folds and importances, cold",
    "no-op": "(e) twelve no-op tasks, warm Ray",
    "start": "    bare local Ray: start",
    "shutdown": "    bare local Ray: shutdown",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the four CSV extracts; made for the occasion by default")
    parser.add_argument("--repeats", type=int, default=5, help="rounds, of which the table has the medians")
    parser.add_argument("--customers", type=int, default=12_500, help="size of the book when it is made here")
    parser.add_argument("--patience", type=float, default=20, help="seconds a round waits at most for a quiet machine")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loanwatch-benchmark-") as name:
        folder = Path(name)
        data = (given.data or folder / "data").absolute()
        if given.data is None:
            write_sample(data, SampleSpec(given.customers, seed=1))
        data_part(data, folder / "polars", today())
        rounds, different = [], []
        for number in range(given.repeats):
            rounds.append(measured(data, folder, given.patience))
            print(f"round {number + 1}: {told(rounds[-1])}", file=sys.stderr, flush=True)
            different = differences(folder / "warm" / GOLD, folder / "polars/gold/model_training_data.parquet")
            if different:
                break
    print_table(rounds)
    print_goals(rounds, different)


def today() -> date:
    return datetime.now(UTC).date()


def measured(data: Path, folder: Path, patience: float) -> Seconds:
    """One round: the seconds of everything, cold and warm in turn, and the most that others were seen to do."""
    fresh = {name: folder / name for name in ("warm", "whole", "polars-cold")}
    for path in fresh.values():
        shutil.rmtree(path, ignore_errors=True)
    loads = [quiet_load(patience)]
    times: Seconds = json.loads(output_of("tests.benchmarks.warm_runs", data, fresh["warm"]))
    loads.append(quiet_load(patience))
    for _ in range(2):  # the second one counts: like ours, it follows upon another
        begun = perf_counter()
        data_part(data, folder / "polars", today())
        times["polars warm"] = perf_counter() - begun
    cold = {
        "polars cold": ("tests.benchmarks.scripts.polars_eager", data, fresh["polars-cold"], today().isoformat()),
        "whole": ("engine", "run", "training", "--data", data, "--home", fresh["whole"], "--json"),
        "fits": ("tests.benchmarks.bare_fits", fresh["warm"] / GOLD),
    }
    for name, command in cold.items():
        loads.append(quiet_load(patience))
        begun = perf_counter()
        output_of(*command)
        times[name] = perf_counter() - begun
    times.update(json.loads(output_of("tests.benchmarks.bare_ray")))
    times["load"] = max(loads)
    return times


def output_of(*module_and_arguments: str | Path) -> str:
    """What a module prints when it is run in a process of its own."""
    command = [sys.executable, "-m", *map(str, module_and_arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def quiet_load(patience: float) -> float:
    """How many processors others keep busy; waits for a quiet moment, but not for ever."""
    until = perf_counter() + patience
    busy = busy_processors()
    while busy > QUIET and perf_counter() < until:
        busy = busy_processors()
    return busy


def busy_processors() -> float:
    """How many processors were busy for half a second in which this process slept (Linux; 0 elsewhere)."""
    counter = Path("/proc/stat")
    if not counter.exists():
        return 0.0
    before = busy_ticks(counter)
    sleep(PAUSE)
    return (busy_ticks(counter) - before) / os.sysconf("SC_CLK_TCK") / PAUSE


def busy_ticks(counter: Path) -> int:
    user, nice, system, _idle, _waiting, *interrupts = map(int, counter.read_text().splitlines()[0].split()[1:8])
    return user + nice + system + sum(interrupts)


def told(times: Seconds) -> str:
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in times.items())


def print_table(rounds: list[Seconds]) -> None:
    print(f"{f'seconds, {len(rounds)} rounds':<46}{'median':>8}{'least':>8}{'most':>8}")
    for name, title in ROWS.items():
        times = [one[name] for one in rounds]
        print(f"{title:<46}{median(times):>8.2f}{min(times):>8.2f}{max(times):>8.2f}")
    busiest = max(one["load"] for one in rounds)
    advice = "; repeat it when the machine is quiet" if busiest > QUIET else ""
    print(f"processors that others kept busy: at most {busiest:.2f}{advice}\n")


def print_goals(rounds: list[Seconds], different: list[str]) -> None:
    """The three goals, from the medians and, as noise only ever adds time, from the least."""
    middle, least = ({name: choose(one[name] for one in rounds) for name in ROWS} for choose in (median, min))
    print(f"{'goals':<46}{'median':>8}{'least':>8}")
    if different:
        print("No ratios: the two gold tables differ (" + "; ".join(different) + ").")
    else:
        print_goal("(b) / (c) warm", data_ratio(middle), data_ratio(least), 1.2)
        print_goal("(a) / ((c) cold + (d) + Ray start)", whole_ratio(middle), whole_ratio(least), 1.1)
    print_goal("(e), seconds", middle["no-op"], least["no-op"], 0.5)


def data_ratio(times: Seconds) -> float:
    return times["data part"] / times["polars warm"]


def whole_ratio(times: Seconds) -> float:
    return times["whole"] / (times["polars cold"] + times["fits"] + times["start"])


def print_goal(title: str, value: float, least: float, goal: float) -> None:
    print(f"{title:<46}{value:>8.2f}{least:>8.2f}   goal {goal:.1f}: {'met' if value <= goal else 'missed'}")


if __name__ == "__main__":
    main()
