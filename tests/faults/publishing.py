"""Publishers and readers for as long as it takes: `python -m tests.faults.publishing publish|read ...`.

A publisher has runs of one pipeline after another, each of which writes both tables anew, makes them current, and goes
on to make its last versions current in turn. A reader reads both tables in one look at the ledger, and each of them by
the path that people use. Both print one line when they end.
"""

import sys
from collections import deque
from pathlib import Path
from time import sleep

import pyarrow.parquet as pq

from engine.deployment import Deployment
from engine.execution.vacuum import link_current
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import current_versions, publish, record_versions
from storage.ledger.leases import finish
from storage.settings import load_settings
from tests.faults.acts import ROWS, TABLES, claimed, written

EACH = 50  # publishes of a run
LINKED = 10  # publishes between two looks at the links
IN_TURN = 4  # versions that a publisher makes current in turn
BREATH = 0.03  # seconds between two reads, so that the publishers have their share of the processors


def keep_publishing(deployment: Deployment, pipeline: str, number: int, total: int) -> str:
    """How many publishes there were. In every row of both tables stands `number` or a number some hundreds above it."""
    made: deque[list[TableVersion]] = deque(maxlen=IN_TURN)
    for done in range(total):
        if done % EACH == 0:
            lease = claimed(deployment, pipeline)
            tables = written(deployment.datamart, lease.run_id, number + done // EACH)
            with deployment.ledger.writing() as connection:
                record_versions(connection, lease, tables, deployment.ledger.clock())
            made.append(tables)
        with deployment.ledger.writing() as connection:
            publish(connection, lease, made[(done * 7) % len(made)], deployment.ledger.clock())
        if done % LINKED == 0:
            link_current(deployment)
        if done % EACH == EACH - 1:
            with deployment.ledger.writing() as connection:
                finish(connection, lease, "succeeded", None, deployment.ledger.clock())
    return str(total)


def keep_reading(deployment: Deployment, end: Path) -> str:
    """How many reads there were through the ledger and by path, how many were torn, and how many versions were seen."""
    reads, by_path, torn = 0, 0, 0
    seen: set[int] = set()
    paths = [Path(deployment.roots.datamart) / f"{name.replace('.', '/', 1)}.parquet" for name in TABLES]
    while not end.exists():
        with deployment.ledger.reading() as connection:
            current = current_versions(connection)
        tables = [deployment.datamart.read(current[name])["publish"].to_pylist() for name in TABLES]
        found = {number for rows in tables for number in rows}
        torn += len(found) != 1 or [len(rows) for rows in tables] != [2 * ROWS, ROWS]
        seen |= found
        reads += 1
        for path, rows in zip(paths, (2 * ROWS, ROWS), strict=True):
            # The link is followed once: Arrow opens a path several times, and it may lead elsewhere by then.
            content = pq.read_table(path.resolve())["publish"].to_pylist()
            torn += len(set(content)) != 1 or len(content) != rows
            by_path += 1
        sleep(BREATH)
    return f"{reads} {by_path} {torn} {len(seen)}"


def main(act: str, home: str, ledger: str, *words: str) -> None:
    """Publishes or reads, and says how it went."""
    deployment = Deployment.open(load_settings(home=home, ledger=ledger))
    if act == "publish":
        told = keep_publishing(deployment, words[0], int(words[1]), int(words[2]))
    else:
        told = keep_reading(deployment, Path(words[0]))
    deployment.ledger.close()
    print(told)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
