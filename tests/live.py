"""Real processes of a deployment: workers and commands as people start them, and what is left of them afterwards."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.process.registry import alive
from storage.db.checks import lock_is_free
from storage.db.ledger import LedgerRow
from storage.ledger.runs import run_row
from storage.ledger.tasks import task_rows
from storage.settings import load_settings
from tests.commands import command, document
from tests.paths import ROOT
from tests.processes import DEADLINE, go_on, running, stop, tree, until
from tests.sandbox import AS_OF

RUN_PROCESS = "engine.worker.run_process"
DONE = ("succeeded", "cached", "skipped")


@dataclass
class LiveWorker:
    """A `python -m engine worker` and what it has told the ledger."""

    process: subprocess.Popen[bytes]
    site: "Site"
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def row(self) -> LedgerRow | None:
        """Its row in the ledger, None while it is not there or not alive."""
        return next((row for row in alive(self.site.deployment, "worker") if row.pid == self.pid), None)

    @property
    def head(self) -> int:
        """The process id of its Ray head, 0 while that is not up."""
        row = self.row
        return (row.detail.get("head_pid") or 0) if row and row.detail["ray"] == "up" else 0

    def wait_up(self) -> "LiveWorker":
        """Waits until its Ray is up."""
        until(lambda: self.process.poll() is not None or self._is_up(), "Ray of the worker")
        assert self.process.poll() is None, self.log.read_text()
        return self

    def run_processes(self) -> list[int]:
        """The process ids of its run processes, with the standby."""
        return [pid for pid, words in tree(self.pid).items() if RUN_PROCESS in words]

    def busy_run_process(self) -> int:
        """The run process with an assignment: the one that holds the ledger open."""
        return until(self._busy_run_process, "busy run process")

    def guards(self) -> list[int]:
        return [pid for pid, words in tree(self.pid).items() if "engine.cluster.guard" in words]

    def sessions(self) -> list[Path]:
        return sorted(Path(tempfile.gettempdir()).glob(f"lw-{self.pid}-*"))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)

    def stop(self) -> int:
        """The exit code, after SIGTERM."""
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def _is_up(self) -> bool:
        row = self.row
        return row is not None and row.detail["ray"] == "up"

    def _busy_run_process(self) -> int:
        row = self.row
        if row is None or not row.detail["runs"]:
            return 0
        # The standby is the youngest: it was started when the one before it got its assignment.
        return min(self.run_processes(), key=lambda pid: psutil.Process(pid).create_time(), default=0)


@dataclass
class Site:
    """A deployment whose processes are real: its home, its ledger, and settings that all of them get."""

    home: Path
    ledger: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {"ledger": self.ledger or None, **self.settings}
        self.deployment = Deployment.open(load_settings(home=self.home, **given), retry_seconds=20.0)

    def variables(self, **settings: Any) -> dict[str, str]:
        """What the environment of this deployment's processes has besides."""
        given = {"ledger": self.ledger, **self.settings, **settings}
        ours = {f"LOANWATCH_{name.upper()}": str(value) for name, value in given.items()}
        return {**self.more, **ours, "LOANWATCH_HOME": str(self.home)}

    def environment(self, **settings: Any) -> dict[str, str]:
        return {**os.environ, **self.variables(**settings)}

    @contextmanager
    def worker(self, **settings: Any) -> Iterator[LiveWorker]:
        """A worker, gone with everything of it when the block ends."""
        log = self.home / f"worker-{monotonic()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "engine", "worker"],
                cwd=ROOT,
                env=self.environment(**settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        live = LiveWorker(process, self, log)
        family: set[int] = set()
        try:
            yield live
            family = set(tree(live.pid))
        finally:
            family |= set(tree(live.pid))
            process.send_signal(signal.SIGCONT)
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(DEADLINE)
            for pid in running(family):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def engine(self, *words: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        """A command that has ended; it ran in this process."""
        return command(*words, env=self.variables(**settings))

    def process(self, *words: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        """A command that has ended, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "engine", *words],
            cwd=ROOT,
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def told(self, *words: str, code: int = 0, **settings: Any) -> Any:
        """What a command says in JSON."""
        return document(*words, code=code, env=self.variables(**settings))

    def begin(self, *words: str, **settings: Any) -> subprocess.Popen[str]:
        """A command under way, its output in one pipe."""
        return subprocess.Popen(
            [sys.executable, "-m", "engine", *words],
            cwd=ROOT,
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def request(self, pipeline: str = "training", *, force: bool = False, **params: Any) -> str:
        wanted = runs.checked_request(self.deployment, pipeline, AS_OF, force=force, params=params)
        return runs.request(self.deployment, wanted)

    def run(self, run_id: str) -> LedgerRow:
        with self.deployment.ledger.reading() as connection:
            return run_row(connection, run_id)

    def states(self, run_id: str) -> dict[str, str]:
        with self.deployment.ledger.reading() as connection:
            return {row.task: row.state for row in task_rows(connection, run_id)}

    def done(self, run_id: str) -> list[str]:
        return [task for task, state in self.states(run_id).items() if state in DONE]

    def wait_begun(self, run_id: str, task: str) -> None:
        """Waits until a task runs."""
        until(lambda: self.states(run_id).get(task) in ("running", *DONE), f"{task} of {run_id}")

    def ended(self, run_id: str) -> LedgerRow:
        """The run's row, once it has ended."""
        until(lambda: self.run(run_id).finished_at, f"end of {run_id}")
        return self.run(run_id)

    def close(self) -> None:
        self.deployment.ledger.close()


def run_processes(site: Site, run_id: str) -> list[int]:
    """The run processes of the worker that has claimed the run, the standby one too."""
    owner = until(lambda: site.run(run_id).owner, f"owner of {run_id}")
    worker = int(owner.split(":")[2])
    return until(lambda: [pid for pid, words in tree(worker).items() if RUN_PROCESS in words], "run process")


def stop_outside_a_write(site: Site, pids: Sequence[int]) -> None:
    """Stops processes, at a moment at which none of them holds the writers' turn."""
    stop(pids)
    while not lock_is_free(site.deployment.ledger, 0.3):
        go_on(pids)  # until the write has ended: stopped again at once, they would starve and lose their lease
        until(lambda: lock_is_free(site.deployment.ledger, 0.3), "end of a write")
        stop(pids)


@contextmanager
def held(site: Site, run_id: str) -> Iterator[None]:
    """Has the process of a run stand still, so that the run can't end meanwhile, however slow the test is."""
    stopped = run_processes(site, run_id)
    stop_outside_a_write(site, stopped)
    try:
        yield
    finally:
        go_on(stopped)


@pytest.fixture
def site(tmp_path: Path, ledger_url: str, small_book: Path) -> Iterator[Site]:
    """A deployment for real processes, on each of the two databases, that is to be trained on the small book."""
    opened = Site(tmp_path / "home", ledger_url, {"data": str(small_book)})
    yield opened
    opened.close()
