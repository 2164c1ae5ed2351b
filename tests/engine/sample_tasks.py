"""Task functions for the engine's own tests. Each leaves a mark in the reports folder, so that runs can be counted."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from time import sleep

import pyarrow as pa

from jobs.errors import JobError
from jobs.job import Job, TaskResult, log
from jobs.subtasks import run_subtasks
from storage.lake.names import PREDICTIONS, SCORED


def marks(job: Job) -> list[Path]:
    folder = Path(job.roots.reports)
    folder.mkdir(parents=True, exist_ok=True)
    return sorted(folder.glob(f"{job.task}.{job.partition}.*"))


def mark(job: Job) -> int:
    number = len(marks(job)) + 1
    (Path(job.roots.reports) / f"{job.task}.{job.partition}.{number}").touch()
    return number


def works(job: Job) -> TaskResult:
    mark(job)
    log.info("%s works", job.task)
    return TaskResult(1, 1, {"from": job.task})


def counts_its_own_way(job: Job) -> TaskResult:
    mark(job)
    return TaskResult(1, 1, {"sources": {"a": 3}, "flagged": 3, "rows": {"x": 5}, "files": {"a.csv": 1}})


def fails_twice(job: Job) -> TaskResult:
    if mark(job) <= 2:
        raise RuntimeError("not yet")
    return TaskResult(1, 1)


def always_fails(job: Job) -> TaskResult:
    mark(job)
    raise RuntimeError("never")


def fails_while_told(job: Job) -> TaskResult:
    mark(job)
    if (Path(job.roots.reports) / "fail").exists():
        raise RuntimeError("told to fail")
    return TaskResult(1, 1)


def bad_input(job: Job) -> TaskResult:
    mark(job)
    raise JobError("The data can't be used; mend them.")


def kills_its_process_once(job: Job) -> TaskResult:
    if mark(job) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return TaskResult(1, 1)


def waits_for_release(job: Job) -> TaskResult:
    mark(job)
    fifo = Path(job.roots.reports) / "release"
    with fifo.open("rb") as stream:
        stream.read()
    return TaskResult(1, 1)


def three_parts(_job: Job) -> Sequence[str]:
    return ["a", "b", "c"]


def one_part(job: Job) -> TaskResult:
    number = mark(job)
    if job.partition == "b" and number == 1:
        raise RuntimeError("b needs two tries")
    return TaskResult(10, 9, {"parts": 1})


def put_together(_job: Job, parts: Sequence[TaskResult]) -> TaskResult:
    return TaskResult(values={"parts": sum(part.values["parts"] for part in parts)}, rows_in=30, rows_out=27)


def writes_scores(job: Job) -> TaskResult:
    mark(job)
    rows = pa.table({"loan_id": ["L1", "L2"], "value": [len(marks(job)), 0]})
    return TaskResult(2, 2, tables=(job.write(SCORED, [rows]),))


def writes_undeclared(job: Job) -> TaskResult:
    return TaskResult(2, 2, tables=(job.write(PREDICTIONS, [pa.table({"loan_id": ["L1"]})]),))


def extends_scores(job: Job) -> TaskResult:
    """Appends a row named for as-of, as the monitoring history does."""
    mark(job)
    row = pa.table({"loan_id": [job.as_of.isoformat()]})
    rows = [job.read(SCORED), row] if SCORED in job.tables else [row]
    table = pa.concat_tables(rows)
    return TaskResult(1, table.num_rows, tables=(job.write(SCORED, [table]),))


def writes_and_fails(job: Job) -> TaskResult:
    job.write(PREDICTIONS, [pa.table({"loan_id": ["L1"]})])
    raise JobError("It failed after it wrote.")


def writes_at_every_try(job: Job) -> TaskResult:
    """The first try fails after it wrote."""
    rows = pa.table({"loan_id": ["L1"], "value": [mark(job)]})
    table = job.write(SCORED, [rows])
    if len(marks(job)) == 1:
        raise RuntimeError("not yet")
    return TaskResult(1, 1, tables=(table,))


def keeps_an_artifact(job: Job) -> TaskResult:
    mark(job)
    return TaskResult(1, 1, artifacts=(job.models.keep(b"a losing candidate"),))


def has_subtasks(job: Job) -> TaskResult:
    """Four subtasks; of each the process that ran it. The setting `elsewhere` names what other processes run.

    The first one waits until those of the items in the setting `awaited` have begun.
    """

    def here(item: str) -> int:
        while item == "a" and not all(marks(job.for_partition(other)) for other in job.settings["awaited"]):
            sleep(0.01)
        return os.getpid()

    found = run_subtasks(here, f"{__name__}:{job.settings['elsewhere']}", job, ["a", "b", "c", "d"])
    return TaskResult(4, 4, {"processes": found, "own": os.getpid()})


def process_of(job: Job, item: str) -> int:
    mark(job.for_partition(item))
    return os.getpid()


def kills_the_process_of(job: Job, item: str) -> None:
    mark(job.for_partition(item))
    os.kill(os.getpid(), signal.SIGKILL)


def has_no_answer_for(job: Job, item: str) -> None:
    mark(job.for_partition(item))
    raise JobError(f"There is no answer for {item}.")


def has_subtasks_that_wait(job: Job) -> TaskResult:
    """Two subtasks; the one of this process waits, or fails once the other one has begun."""

    def here(_: str) -> None:
        mark(job)
        if job.settings.get("fails"):
            while not marks(job.for_partition("b")):
                sleep(0.01)
            raise JobError("It failed while a subtask ran.")
        waits_for_release(job)

    run_subtasks(here, f"{__name__}:subtask_waits", job, ["a", "b"])
    return TaskResult(1, 1)


def subtask_waits(job: Job, item: str) -> None:
    waits_for_release(job.for_partition(item))
