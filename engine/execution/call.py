"""One call of a task function, in any process. Its log lines and its result or failure are returned as data."""

from __future__ import annotations

import logging
import os
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from engine.definitions.code import call_code
from engine.definitions.sources import code_digest, load_as_at_start
from engine.definitions.task import Task, function_named
from engine.errors import Refused
from engine.process.identity import host
from jobs.errors import InputRejected
from jobs.job import Job, TaskResult
from jobs.profiles.summary import Profile
from storage.db.ledger import Ledger, utc_now
from storage.errors import LoanwatchError
from storage.ledger.tasks import LogLine, add_logs
from storage.on_use import pa

load_as_at_start()  # a process of Ray's imports this module first, and the modules of its tasks when they are called

FLUSH_SECONDS = 1.0
ARROW_THREADS = 2  # more than the one CPU of a task, which is faster while another task waits for the disk


@dataclass(frozen=True)
class Subtask:
    """A subtask of a call (see `jobs.subtasks`): the function from job and item to its result, and the item."""

    function: str
    item: Any


@dataclass(frozen=True)
class Call:
    """A task and its job. The call that collects partitions also has their results.

    `code` is the digest of the code with which the run's process computed the cache key. With `subtask` it runs that
    alone, and its result has the value `subtask`.
    """

    task: Task
    job: Job
    ledger: str
    partition_results: Sequence[TaskResult] | None = None
    code: str = field(default_factory=code_digest)
    subtask: Subtask | None = None


class OtherCode(Refused):
    """A call was not carried out: this process has other code than the process of the run.

    Its result would be found later by the cache key of the other code.
    """

    def __init__(self, ours: str, theirs: str) -> None:
        super().__init__(
            f"Process {os.getpid()} on host {host()} has other code ({ours[:8]}) than the process of the run "
            f"({theirs[:8]}); give every machine the same image, restart the worker and resume the run."
        )


class CodeChanged(Refused):
    """The code on disk changed since the process of a run started, and Ray's newer processes have it."""


@dataclass(frozen=True)
class Failure:
    """The error of a failed call. `exit_code` and `retryable` are those of the exception.

    `profiles` are of deliveries that the call rejected.
    """

    type: str
    message: str
    exit_code: int = 1
    retryable: bool = True
    trace: str = ""
    profiles: tuple[Profile, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "profiles"}


@dataclass(frozen=True)
class Report:
    """The result or failure of a call, and its log lines that are not in the ledger yet."""

    result: TaskResult | None = None
    failure: Failure | None = None
    lines: list[LogLine] = field(default_factory=list)


class CallLog(logging.Handler):
    """Collects the log lines of a call and writes them to the ledger once a second while it runs."""

    def __init__(self, call: Call) -> None:
        super().__init__(logging.INFO)
        self._call = call
        self._lines: list[LogLine] = []
        self._ended = threading.Event()
        self._flusher = threading.Thread(target=self._flush_until_ended, daemon=True, name="call-log")
        self._flusher.start()

    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, tz=utc_now().tzinfo)
        with self.lock or threading.RLock():
            self._lines.append(LogLine(self._call.task.name, at, record.levelname, storable(record.getMessage())))

    def end(self) -> list[LogLine]:
        """Stops the flusher. Returns the lines that are not written yet."""
        self._ended.set()
        self._flusher.join()
        return self._take_lines()

    def _take_lines(self) -> list[LogLine]:
        with self.lock or threading.RLock():
            lines, self._lines = self._lines, []
        return lines

    def _flush_until_ended(self) -> None:
        while not self._ended.wait(FLUSH_SECONDS):
            lines = self._take_lines()
            if not lines:
                continue
            try:
                with _ledger(self._call.ledger).writing() as connection:
                    add_logs(connection, self._call.job.run_id, lines)
            except LoanwatchError:
                # The ledger is unavailable now. The report will contain the lines.
                self._lines[:0] = lines


def storable(text: str) -> str:
    """The text without characters that a database rejects: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def run_call(call: Call) -> Report:
    """The report of a call. An exception of the task function is returned as a Failure."""
    logger = logging.getLogger("loanwatch")
    logger.setLevel(logging.INFO)
    handler = CallLog(call)
    logger.addHandler(handler)
    pa.set_cpu_count(max(ARROW_THREADS, call.task.cpus))
    result, failure = None, None
    try:
        result = _result(call)
    except LoanwatchError as error:
        profiles = error.profiles if isinstance(error, InputRejected) else ()
        failure = Failure(
            type(error).__name__, storable(str(error)), error.exit_code, error.retryable, _trace(error), profiles
        )
    except MemoryError as error:
        failure = Failure(
            "MemoryError", "The task ran out of memory; free some memory and resume the run.", 1, True, _trace(error)
        )
    except Exception as error:  # noqa: BLE001 - every exception of a task is recorded
        failure = Failure(type(error).__name__, _one_line(error), trace=_trace(error))
    finally:
        logger.removeHandler(handler)
    return Report(result, failure, handler.end())


def call_is_imported() -> bool:
    """True. A process that returns it has imported this module and everything that a call needs."""
    return True


def _result(call: Call) -> TaskResult:
    ours = call_code(call.task, call.job.declaration)
    if ours != call.code:
        raise OtherCode(ours, call.code)
    if call.subtask is not None:
        found = function_named(call.subtask.function, call.job.declaration)(call.job, call.subtask.item)
        return TaskResult(values={"subtask": found})
    if call.partition_results is not None and call.task.collect is not None:
        result: TaskResult = function_named(call.task.collect, call.job.declaration)(call.job, call.partition_results)
    else:
        result = function_named(call.task.run, call.job.declaration)(call.job)
    return result


def _one_line(error: Exception) -> str:
    return storable(f"{type(error).__name__}: {' '.join(str(error).split())[:300] or 'no message'}")


def _trace(error: BaseException) -> str:
    return storable("".join(traceback.format_exception(error))[-8000:])


@lru_cache(maxsize=4)
def _ledger(url: str) -> Ledger:
    return Ledger(url)
