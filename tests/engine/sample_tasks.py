"""Task functions for the engine's own tests. Each leaves a mark in the reports folder, so that runs can be counted."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from jobs.errors import JobError
from jobs.job import Job, Outcome, log
from storage.lake.names import PREDICTIONS, SCORED


def marks(job: Job) -> list[Path]:
    folder = Path(job.places.reports)
    folder.mkdir(parents=True, exist_ok=True)
    return sorted(folder.glob(f"{job.task}.{job.part}.*"))


def mark(job: Job) -> int:
    number = len(marks(job)) + 1
    (Path(job.places.reports) / f"{job.task}.{job.part}.{number}").touch()
    return number


def works(job: Job) -> Outcome:
    mark(job)
    log.info("%s works", job.task)
    return Outcome(1, 1, {"from": job.task})


def fails_twice(job: Job) -> Outcome:
    if mark(job) <= 2:
        raise RuntimeError("not yet")
    return Outcome(1, 1)


def always_fails(job: Job) -> Outcome:
    mark(job)
    raise RuntimeError("never")


def fails_while_told(job: Job) -> Outcome:
    mark(job)
    if (Path(job.places.reports) / "fail").exists():
        raise RuntimeError("told to fail")
    return Outcome(1, 1)


def bad_input(job: Job) -> Outcome:
    mark(job)
    raise JobError("The data can't be used; mend them.")


def kills_its_process_once(job: Job) -> Outcome:
    if mark(job) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(1, 1)


def waits_for_release(job: Job) -> Outcome:
    mark(job)
    fifo = Path(job.places.reports) / "release"
    with fifo.open("rb") as stream:
        stream.read()
    return Outcome(1, 1)


def three_parts(_job: Job) -> Sequence[str]:
    return ["a", "b", "c"]


def one_part(job: Job) -> Outcome:
    number = mark(job)
    if job.part == "b" and number == 1:
        raise RuntimeError("b needs two tries")
    return Outcome(10, 9, {"parts": 1})


def put_together(_job: Job, parts: Sequence[Outcome]) -> Outcome:
    return Outcome(values={"parts": sum(part.values["parts"] for part in parts)}, rows_in=30, rows_out=27)


def writes_scores(job: Job) -> Outcome:
    mark(job)
    rows = pa.table({"loan_id": ["L1", "L2"], "value": [len(marks(job)), 0]})
    return Outcome(2, 2, tables=(job.write(SCORED, [rows]),))


def writes_undeclared(job: Job) -> Outcome:
    return Outcome(2, 2, tables=(job.write(PREDICTIONS, [pa.table({"loan_id": ["L1"]})]),))


def extends_scores(job: Job) -> Outcome:
    """Appends a row named for as-of, as the monitoring history does."""
    mark(job)
    row = pa.table({"loan_id": [job.as_of.isoformat()]})
    rows = [job.read(SCORED), row] if SCORED in job.tables else [row]
    table = pa.concat_tables(rows)
    return Outcome(1, table.num_rows, tables=(job.write(SCORED, [table]),))


def writes_and_fails(job: Job) -> Outcome:
    job.write(PREDICTIONS, [pa.table({"loan_id": ["L1"]})])
    raise JobError("It failed after it wrote.")
