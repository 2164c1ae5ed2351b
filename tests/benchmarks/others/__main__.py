"""`python -m tests.benchmarks.others`: twelve tasks that do nothing, beside Prefect, Dagster and Metaflow.

Each tool keeps what it did in its lightest durable way: ours in the ledger, Prefect in its server's SQLite database,
Dagster in those of its instance, Metaflow in the local datastore. The first runs of a process warm it up; Metaflow has
no process that stays. Rounds take turns, so that whatever else the machine does hits all alike, and the table, which
goes into the benchmarks' README, has medians. The tools are installed into an environment of their own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from urllib.error import URLError
from urllib.request import urlopen

from tests.benchmarks.__main__ import quiet_load
from tests.benchmarks.scaling.document import README, folder_with_readme, machine, markdown, write_between
from tests.paths import ROOT

HERE = Path(__file__).parent
GOAL = 5
PATIENCE = 600  # seconds for the runs of a tool in a round
QUIET_SECONDS = 20
PORT = 47_711
OURS = "Loanwatch: each task in a warm process, ledger"
OURS_IN_PROCESS = "Loanwatch: one after another in one process, ledger"
DAGSTER_IN_PROCESS = "Dagster: one after another in one process"
Measure = Callable[[Path, int, int], list[float]]  # folder, runs to warm up, runs to seconds of each run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.others", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warm-ups", type=int, default=2, help="runs of a process before those that count")
    parser.add_argument("--runs", type=int, default=3, help="runs of a process that count")
    parser.add_argument("--tools", type=Path, default=ROOT / ".venv/others", help="environment, made when missing")
    parser.add_argument(
        "--out", type=folder_with_readme, default=HERE.parent, help="folder of the README.md with the table"
    )
    given = parser.parse_args()
    tools = environment(given.tools.absolute())
    ways = ways_of(tools)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, measure in ways.items():
            quiet_load(QUIET_SECONDS)
            with tempfile.TemporaryDirectory(prefix="loanwatch-others-") as folder:
                times[name] += measure(Path(folder), given.warm_ups, given.runs)
            print(name, [round(each, 3) for each in times[name]], file=sys.stderr, flush=True)
    text = told(times, machine(), releases(tools))
    print(text)
    write_between(given.out / README, "others", text)


def environment(folder: Path) -> Path:
    """The interpreter of the environment with the tools."""
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]
        subprocess.run([*install, HERE / "requirements.txt"], check=True)
    return python


def releases(python: Path) -> str:
    lines = (HERE / "requirements.txt").read_text().splitlines()
    names = [line.partition("==")[0] for line in lines if "==" in line]
    asked = f"from importlib.metadata import version\nfor name in {names}: print(name, version(name))"
    found = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True)
    return ", ".join(found.stdout.splitlines())


def ways_of(python: Path) -> dict[str, Measure]:
    """What measures each tool, by the tool's name."""

    def dagster(way: str) -> Measure:
        return lambda folder, warm_ups, runs: printed(
            [python, HERE / "dagster_noop.py", way, warm_ups, runs], dagster_home(folder)
        )

    def prefect(folder: Path, warm_ups: int, runs: int) -> list[float]:
        with prefect_server(python, folder) as variables:
            return printed([python, HERE / "prefect_noop.py", warm_ups, runs], variables)

    def ours(way: str) -> Measure:
        module = "tests.benchmarks.others.ours"
        return lambda folder, warm_ups, runs: printed([sys.executable, "-m", module, way, warm_ups, runs, folder], {})

    return {
        OURS: ours("ray"),
        OURS_IN_PROCESS: ours("in-process"),
        "Prefect: threads of one process, server beside": prefect,
        DAGSTER_IN_PROCESS: dagster("in-process"),
        "Dagster: each op in a process of its own": dagster("processes"),
        "Metaflow: each step in a process of its own": lambda folder, _, runs: metaflow(python, folder, runs),
    }


def printed(command: list[object], variables: dict[str, str]) -> list[float]:
    """The seconds that a command prints in its last line."""
    done = run(command, variables)
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


def run(command: list[object], variables: dict[str, str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, "DO_NOT_TRACK": "1", **variables},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if ended.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {ended.returncode}:\n{ended.stderr[-2000:]}")
    return ended


def dagster_home(folder: Path) -> dict[str, str]:
    (folder / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return {"DAGSTER_HOME": str(folder)}


@contextmanager
def prefect_server(python: Path, folder: Path) -> Iterator[dict[str, str]]:
    """A server of Prefect; the variables with which a flow finds it. Logs are not sent to it, which is faster."""
    variables = {
        "PREFECT_HOME": str(folder),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "DO_NOT_TRACK": "1",
    }
    command = [python.parent / "prefect", "server", "start", "--port", str(PORT), "--no-ui"]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, env={**os.environ, **variables}, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{PORT}/api"
        await_answer(f"{address}/health")
        yield {**variables, "PREFECT_API_URL": address}
    finally:
        server.terminate()
        server.wait()


def await_answer(address: str) -> None:
    until = perf_counter() + PATIENCE
    while perf_counter() < until:
        with suppress(URLError, OSError), urlopen(address):  # noqa: S310 - of this machine
            return
        sleep(0.2)
    sys.exit(f"Prefect's server does not answer at {address}.")


def metaflow(python: Path, folder: Path, runs: int) -> list[float]:
    variables = {
        "METAFLOW_USER": "benchmark",
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_DEFAULT_DATASTORE": "local",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder),
    }
    times = []
    for _ in range(runs):
        begun = perf_counter()
        run([python, HERE / "metaflow_noop.py", "--no-pylint", "--quiet", "run"], variables, folder)
        times.append(perf_counter() - begun)
    return times


def told(times: dict[str, list[float]], about: dict[str, str], tools: str) -> str:
    """The table, and how many times less ours takes: like beside like, and beside the best of all."""
    middle = {name: median(each) for name, each in times.items()}
    rows = [
        [name, f"{middle[name]:.3f}", f"{min(each):.3f}", f"{max(each):.3f}", f"{middle[name] / middle[OURS]:.1f}"]
        for name, each in times.items()
    ]
    others = [name for name in middle if name not in (OURS, OURS_IN_PROCESS)]
    apart = min((name for name in others if name != DAGSTER_IN_PROCESS), key=lambda name: middle[name])
    best, own_best = (min(names, key=lambda name: middle[name]) for names in (others, (OURS, OURS_IN_PROCESS)))
    verdicts = [
        verdict("Tasks outside the flow's thread", middle, apart, OURS),
        verdict("Tasks in the flow's process", middle, DAGSTER_IN_PROCESS, OURS_IN_PROCESS),
        verdict("Each task in a process, beside the best of all in whatever way", middle, best, OURS),
        verdict("The best of ours beside the best of all", middle, best, own_best),
    ]
    return (
        f"Measured on {about['date']} with {about['hardware']} ({about['software']}, {tools}), medians of "
        f"{len(times[OURS])} runs.\n\n"
        + markdown(["way", "seconds", "least", "most", "beside ours in warm processes"], rows)
        + "\n\n"
        + "\n".join(verdicts)
    )


def verdict(what: str, middle: dict[str, float], other: str, own: str) -> str:
    ratio = middle[other] / middle[own]
    judged = "met" if ratio >= GOAL else "missed"
    return f"- {what}: {other} takes **{ratio:.1f}** times as long as {own}, goal at least {GOAL}: {judged}."


if __name__ == "__main__":
    main()
