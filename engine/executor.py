"""Where calls run: on Ray, or in a thread of this process for tests and debugging. One interface for both."""

import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any, Protocol

from engine.call import Call, Failure, Report, run_call
from engine.errors import EngineError
from engine.ray_environment import prepare_ray, session_environment
from storage.settings import Settings

prepare_ray()  # Ray reads how it is to behave when it is imported, so its import comes after

import ray  # noqa: E402
from ray import exceptions  # noqa: E402

SESSION = "lw-"  # short, for the paths of sockets have a limit
BYSTANDERS = (b"/monitor.py", b"/log_monitor.py", b"/dashboard.py")


class Executor(Protocol):
    """Runs calls somewhere else; every call that was submitted is reported once, unless it is cancelled."""

    @property
    def slots(self) -> int:
        """How many CPUs calls may take at the same time."""

    def open(self) -> None:
        """Starts whatever calls need, if it is not there yet."""

    def submit(self, call: Call) -> int:
        """A ticket for the call."""

    def wait(self, timeout: float) -> list[tuple[int, Report]]:
        """The reports that came in, after the first one or after `timeout` seconds."""

    def cancel(self, ticket: int) -> None:
        """Ends a call for good; it is not reported."""

    def close(self) -> None:
        """Ends everything that was started."""


class LocalExecutor:
    """Runs calls one after another in a thread of this process; a cancelled one that has begun ends unseen."""

    slots = 1

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "task")
        self._tickets = count()
        self._running: dict[Future[Report], int] = {}

    def open(self) -> None:
        """Nothing: the thread starts with the first call."""

    def submit(self, call: Call) -> int:
        ticket = next(self._tickets)
        self._running[self._pool.submit(run_call, call)] = ticket
        return ticket

    def wait(self, timeout: float) -> list[tuple[int, Report]]:
        if not self._running:
            sleep(timeout)
            return []
        done, _ = wait_for_futures(self._running, timeout, FIRST_COMPLETED)
        return [(self._running.pop(future), future.result()) for future in done]

    def cancel(self, ticket: int) -> None:
        for future, held in list(self._running.items()):
            if held == ticket:
                future.cancel()
                del self._running[future]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class RayExecutor:
    """Runs each call as a Ray task. Ray is started with the first call: a run that is all cached needs none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tickets = count()
        self._running: dict[Any, int] = {}
        self._titles: dict[int, str] = {}
        self._session: Path | None = None
        self._remote: Any = None
        self._cluster: Any = ray

    @property
    def slots(self) -> int:
        if self._remote is None:
            return self._settings.ray_cpus or _cpus_here()
        return max(1, int(self._cluster.cluster_resources().get("CPU", 1)))

    def open(self) -> None:
        """Starts Ray, which takes some seconds."""
        if self._remote is None:
            self._start()

    def submit(self, call: Call) -> int:
        self.open()
        ticket = next(self._tickets)
        self._titles[ticket] = f"{call.task.name}#{os.getpid()}-{ticket}"
        options = {"num_cpus": min(call.task.cpus, self.slots), "name": self._titles[ticket]}
        reference = self._remote.options(**options).remote(call)
        self._running[reference] = ticket
        return ticket

    def wait(self, timeout: float) -> list[tuple[int, Report]]:
        waiting = list(self._running)
        if not waiting:
            sleep(timeout)
            return []
        ready, waiting = ray.wait(waiting, num_returns=1, timeout=timeout)
        if ready and waiting:
            more, _ = ray.wait(waiting, num_returns=len(waiting), timeout=0)
            ready += more
        return [(self._running.pop(reference), _report(reference)) for reference in ready]

    def cancel(self, ticket: int) -> None:
        """Kills the process that runs the call.

        Not by Ray's forced cancel: when the task happens to finish at the same moment, that aborts this whole process.
        Ray is only asked for a call that has not begun, or that runs on another machine.
        """
        for reference, held in list(self._running.items()):
            if held == ticket:
                del self._running[reference]
                if not _killed(self._titles[ticket]):
                    ray.cancel(reference)

    def close(self) -> None:
        if self._remote is not None:
            if self._session is not None:
                _kill_bystanders(self._session)
            ray.shutdown()
            self._remote = None
        if self._session is not None:
            shutil.rmtree(self._session, ignore_errors=True)

    def _start(self) -> None:
        remove_dead_sessions()
        self._session = Path(tempfile.mkdtemp(prefix=f"{SESSION}{os.getpid()}-"))
        os.environ.update(session_environment(self._session))
        try:
            self._init(self._session)
        except (RuntimeError, OSError, TimeoutError, exceptions.RayError) as error:
            why = " ".join(str(error).split())[:200]
            raise EngineError(
                f"Ray could not be started ({why}); `python -m engine doctor` looks for the cause."
            ) from error
        # The runner retries, where attempts are recorded; Ray itself must not.
        self._remote = ray.remote(max_retries=0)(run_call)

    def _init(self, session: Path) -> None:
        ray.init(
            address="local",
            num_cpus=self.slots,
            object_store_memory=self._settings.ray_memory,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=False,
            _temp_dir=str(session / "r"),  # Ray opens its folder to everybody; the one above stays this user's
        )


def remove_dead_sessions() -> None:
    """Deletes what the private Rays of processes that were killed have left in the temporary folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SESSION}[0-9]*-*"):
        owner = folder.name.removeprefix(SESSION).partition("-")[0]
        if folder.stat().st_uid == os.getuid() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _killed(title: str) -> bool:
    """Whether a process of this machine was running the call of that title, and is no more."""
    return any(_kill(pid) for pid, command in _processes() if command[0].strip() == f"ray::{title}".encode())


def _kill_bystanders(session: Path) -> None:
    """Ends those of a private Ray's processes that have nothing to finish, but would be waited for at the end."""
    for pid, command in _processes():
        if any(word.endswith(BYSTANDERS) for word in command) and any(bytes(session) in word for word in command):
            _kill(pid)


def _processes() -> Iterator[tuple[int, list[bytes]]]:
    """The processes of this machine with their command lines, word by word."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            yield int(process.name), process.joinpath("cmdline").read_bytes().split(b"\0")


def _kill(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def _report(reference: Any) -> Report:
    try:
        report: Report = ray.get(reference)
    except exceptions.OutOfMemoryError:
        return Report(
            failure=Failure("OutOfMemory", "Ray ended the task because memory ran out; free some and resume.")
        )
    except (
        exceptions.WorkerCrashedError,
        exceptions.NodeDiedError,
        exceptions.RayTaskError,
        exceptions.RayError,
    ) as error:
        why = str(error).strip().splitlines()[0][:200] if str(error).strip() else "no reason given"
        return Report(failure=Failure(type(error).__name__, f"The Ray worker that ran the task died ({why})."))
    return report


def _cpus_here() -> int:
    return len(os.sched_getaffinity(0))
