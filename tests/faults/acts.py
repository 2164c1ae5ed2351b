"""What a fork server's children do (`python -m tests.faults.acts`): publish tables, or look at the schedule, once.

Reads lines `ACT WORDS...`. For each, a child gets ready, prints its process id, waits for a line, acts, and ends; the
exit code and what the child told are printed then.
"""

import logging
import os
import signal
import sqlite3  # noqa: F401 - SQLAlchemy imports it when it connects; no child is to pay for that
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime

import psycopg  # noqa: F401 - as above
import pyarrow as pa
import pyarrow.compute as pc

from engine.control.runs import checked_request, request
from engine.deployment import Deployment
from engine.execution.publish import commit
from engine.execution.vacuum import vacuum
from engine.process.identity import this_process
from engine.scheduling.scheduler import timetables
from engine.scheduling.slots import process_due_slots
from jobs.job import TaskResult
from storage.errors import LoanwatchError
from storage.lake.datamart import Datamart, TableVersion
from storage.lake.names import PREDICTIONS
from storage.ledger.catalog import record_versions
from storage.ledger.leases import Lease, claim
from storage.settings import load_settings
from tests.retail import BRONZE_CLICKSTREAM

TABLES = (BRONZE_CLICKSTREAM, PREDICTIONS)  # published together, of two parts and of one
ROWS = 100
ONES = pa.array([1] * ROWS)  # made here, because Arrow imports pandas for its first array
Act = Iterator[None]


def written(mart: Datamart, version: str, number: int, rows: int = ROWS) -> list[TableVersion]:
    """A version of each of the two tables, in whose every row stands `number`."""
    content = pa.table({"publish": pc.multiply(ONES.slice(0, rows), number)})
    parts = {TABLES[0]: 2, TABLES[1]: 1}
    return [
        TableVersion(name, version, tuple(mart.write(name, version, part, [content]) for part in range(count)))
        for name, count in parts.items()
    ]


def claimed(deployment: Deployment, pipeline: str) -> Lease:
    """The lease of a new run of this process."""
    run_id = request(deployment, checked_request(deployment, pipeline, date(2024, 6, 1)))
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, this_process(), deployment.ledger.clock())
    assert lease
    return lease


def publish(home: str, ledger: str, number: str) -> Act:
    """A run that writes the two tables, publishes them, and puts the datamart in order."""
    deployment = Deployment.open(load_settings(home=home, ledger=ledger, keep_versions=1, retention_days=0))
    lease = claimed(deployment, "training")
    yield
    tables = written(deployment.datamart, lease.run_id, int(number))
    with deployment.ledger.writing() as connection:
        record_versions(connection, lease, tables, deployment.ledger.clock())
    commit(deployment, lease, [(lease.run_id, TaskResult(tables=tuple(tables)))])
    vacuum(deployment)


def schedule(home: str, ledger: str, moment: str) -> Act:
    """Two looks at the timetable of inference, at one moment."""
    deployment = Deployment.open(load_settings(home=home, ledger=ledger))
    now = datetime.fromisoformat(moment).astimezone(UTC)
    (table,) = [table for table in timetables(deployment) if table.pipeline == "inference"]
    with deployment.ledger.reading() as connection:
        connection.exec_driver_sql("SELECT 1")
    yield
    process_due_slots(deployment, table, now)
    process_due_slots(deployment, table, now)


ACTS: Mapping[str, Callable[..., Act]] = {"publish": publish, "schedule": schedule}


def child(order: list[str], answer: int) -> int:
    """The exit code of one act."""
    logging.basicConfig(stream=os.fdopen(os.dup(answer), "w"), format="%(message)s")
    acting = ACTS[order[0]](*order[1:])
    next(acting)
    os.write(1, f"{os.getpid()}\n".encode())
    os.read(0, 100)
    try:
        next(acting, None)
    except LoanwatchError as error:
        logging.error("%s", error)  # noqa: TRY400 - one sentence, as a person gets it
        return error.exit_code
    return 0


def main() -> None:
    """Forks a child for each line of standard input."""
    while order := os.read(0, 10_000).decode().split():
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os._exit(child(order, writing))
        os.close(writing)
        with os.fdopen(reading) as told:
            sentence = told.read().replace("\n", "\\n")
        _, status = os.waitpid(pid, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)} {sentence}\n".encode())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main())
