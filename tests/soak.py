"""Soak: worker and scheduler under a fast clock while a random process is killed every few seconds.

    python -m tests.soak [MINUTES] [--seed N] [--ledger URL] [--services]

With `--services` the deployment is on services that fail too (tests/soak_services.py), its days are longer, and there
are fewer kills, so that runs have the time to succeed in spite of all.
At the end no run may be stuck, no slot missing or doubled, and no process, folder, socket or temporary file of ours may
be left; in the last third, worker and scheduler are spared, and their memory and file descriptors must stay flat.
Prints the figures, and ends with 1 when one of them is wrong.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter, deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep, time

import psutil

from engine.control.runs import reap_stale_runs
from engine.deployment import Deployment
from engine.process.supervisor import Child, keep_running
from engine.scheduling.scheduler import Scheduler, timetables
from jobs.sample.write import SampleSpec, write_sample
from storage.ledger.runs import recent_runs
from storage.ledger.schedules import schedule_of
from storage.settings import Settings, load_settings
from tests.soak_checks import findings, report
from tests.soak_services import Services, running_services

ORIGIN = datetime(2025, 12, 1, 1, 30, tzinfo=UTC)
SPEED = 8640.0  # simulated seconds in a real one: a day every ten seconds
SPEED_ON_SERVICES = 1440.0  # a day every minute
PAUSES, PAUSES_ON_SERVICES = (3.0, 9.0), (20.0, 60.0)  # seconds between two kills
CUSTOMERS = 800
LAST_LINES = 40  # of worker and scheduler, shown when the soak fails
PATIENCE = 60.0  # seconds for a database server that is restarted
QUIET = 90.0  # seconds that what is under way at the end has to end by itself
SETTINGS_ON_SERVICES = {"heartbeat": 2.0, "lease": 15.0}  # longer than a database server takes to restart
SETTINGS = {
    "heartbeat": 1.0,
    "lease": 6.0,
    "retry_pause": 0.1,
    "stop_grace": 3.0,
    "keep_versions": 3,
    "retention_days": 0,
}


@dataclass
class Soak:
    """One soak: its deployment, its children, and what was seen."""

    deployment: Deployment
    begun: float
    origin: datetime
    random: random.Random
    killed: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    memory: dict[str, list[int]] = field(default_factory=dict)
    handles: dict[str, list[int]] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)
    services: Services | None = None

    def run(self, seconds: float) -> None:
        """Keeps the children running for so long, killing as it goes, then lets everything come to rest."""
        home = str(self.deployment.settings.home)
        clock = ["--clock", str(self.begun), *(["--services"] if self.services is not None else [])]
        self.children = [
            Child("worker", ["-m", "engine", "worker", "--home", home, "--tied"], self._hear, 2.0),
            Child("scheduler", ["-m", "tests.soak", *clock, "--home", home], self._hear, 2.0),
        ]
        stop = threading.Event()
        keeper = threading.Thread(target=keep_running, args=(self.children, stop, 20.0))
        keeper.start()
        try:
            self._kill_for(seconds)
            self.children[1].arguments = ["-c", "import sys; sys.stdin.read()"]  # no more slots
            self._end("scheduler")
            if self.services is not None:
                self.services.end()
            self._come_to_rest()
        finally:
            stop.set()
            keeper.join()
        if self.services is not None:
            self.services.send_the_rest(self.deployment)

    def _kill_for(self, seconds: float) -> None:
        end, next_kill, next_look = monotonic() + seconds, monotonic() + 15, monotonic()
        spare = monotonic() + seconds * 2 / 3
        pauses = PAUSES_ON_SERVICES if self.services is not None else PAUSES
        if self.services is not None:
            self.services.begin()
        while monotonic() < end:
            if self.services is not None:
                self.services.disturb()
            if monotonic() > next_kill:
                self._kill_one(sparing=monotonic() > spare)
                next_kill = monotonic() + self.random.uniform(*pauses)
            if monotonic() > next_look:
                reap_stale_runs(self.deployment)  # somebody looks
                if monotonic() > spare:
                    self._measure()
                next_look = monotonic() + 1
            sleep(0.1)

    def _kill_one(self, *, sparing: bool) -> None:
        """Kills one process of the deployment; worker and scheduler may be spared."""
        victims = self._victims()
        pair = {child.process.pid for child in self.children if child.process is not None}
        if sparing:
            victims = {pid: name for pid, name in victims.items() if pid not in pair}
        if not victims:
            return
        pid = self.random.choice(sorted(victims))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.killed[victims[pid]] += 1

    def _victims(self) -> dict[int, str]:
        found = {}
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                found[child.process.pid] = child.name
                with suppress(psutil.Error):
                    for process in psutil.Process(child.process.pid).children(recursive=True):
                        found[process.pid] = kind_of(process)
        return {pid: kind for pid, kind in found.items() if kind}

    def _measure(self) -> None:
        for child in self.children:
            if child.process is not None:
                with suppress(psutil.Error):
                    process = psutil.Process(child.process.pid)
                    self.memory.setdefault(f"{child.name} {process.pid}", []).append(process.memory_info().rss)
                    self.handles.setdefault(f"{child.name} {process.pid}", []).append(process.num_fds())

    def _end(self, name: str) -> None:
        for child in self.children:
            if child.name == name:
                child.terminate()

    def _come_to_rest(self) -> None:
        deadline = monotonic() + QUIET
        while monotonic() < deadline and self._active():
            reap_stale_runs(self.deployment)
            sleep(0.5)

    def _active(self) -> int:
        with self.deployment.ledger.reading() as connection:
            return len(recent_runs(connection, 10, state="queued")) + len(recent_runs(connection, 10, state="running"))

    def _hear(self, name: str, line: str) -> None:
        self.last_lines.append(f"{time() - self.begun:6.1f} s  {name}: {line[:160]}")
        if "Traceback" in line or "Error" in line:
            self.lines[f"{name}: {line[:160]}"] += 1


def kind_of(process: psutil.Process) -> str:
    """What a process is to a soak; '' for what is not to be killed by itself."""
    words = " ".join(process.cmdline())
    for mark in (
        "engine.worker.run_process",
        "engine.cluster.guard",
        "ray.scripts",
        "gcs_server",
        "raylet/raylet",
        "ray::",
    ):
        if mark in words:
            return mark
    return ""


def serve_scheduler(settings: Settings, begun: float, speed: float) -> None:
    """The scheduler under the fast clock; ends with the process that started it."""
    deployment = Deployment.open(settings, retry_seconds=PATIENCE)
    fast = Scheduler(deployment, lambda: ORIGIN + timedelta(seconds=(time() - begun) * speed), pause=0.2)
    signal.signal(signal.SIGTERM, lambda *_: fast.stop())
    threading.Thread(target=lambda: (sys.stdin.read(), fast.stop()), daemon=True).start()
    fast.serve()


def prepared(home: Path, seed: int) -> Deployment:
    """A deployment with a small book, trained once."""
    write_sample(home / "data", SampleSpec(CUSTOMERS, seed))
    deployment = Deployment.open(load_settings(home=home), retry_seconds=PATIENCE)
    words = ["run", "training", "--as-of", ORIGIN.date().isoformat(), "--home", str(home)]
    done = subprocess.run([sys.executable, "-m", "engine", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the first training failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    with deployment.ledger.writing() as connection:
        for table in timetables(deployment):
            schedule_of(connection, table.pipeline, ORIGIN)
    return deployment


def main() -> int:
    """The exit code: 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("minutes", type=float, nargs="?", default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", default="")
    parser.add_argument("--services", action="store_true")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--clock", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    settings = SETTINGS | (SETTINGS_ON_SERVICES if given.services else {})
    os.environ.update({f"LOANWATCH_{name.upper()}": str(value) for name, value in settings.items()})
    if given.ledger:
        os.environ["LOANWATCH_LEDGER"] = given.ledger
    if given.clock is not None:
        serve_scheduler(load_settings(home=given.home), given.clock, SPEED_ON_SERVICES if given.services else SPEED)
        return 0
    # A temporary folder of its own, which every process inherits: what is left in it is the soak's. A short name, for
    # the paths of Ray's sockets have a limit.
    with tempfile.TemporaryDirectory(prefix="s-") as folder, ExitStack() as opened:
        services = opened.enter_context(running_services(given.seed)) if given.services else None
        os.environ.update(services.environment() if services else {})
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        home = given.home or Path(folder) / "home"
        soak = Soak(prepared(home, given.seed), time(), ORIGIN, random.Random(given.seed), services=services)
        soak.run(given.minutes * 60)
        report(soak)
        found = findings(soak) + (services.findings(soak.deployment) if services else [])
    for line in soak.last_lines if found else ():
        print(f"last heard: {line}")
    for finding in found:
        print(f"WRONG: {finding}")
    print("soak failed" if found else "soak passed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
