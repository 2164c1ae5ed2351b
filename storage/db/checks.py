"""What `doctor` asks of a ledger besides its integrity: whether it takes writers, who holds it, what time it has."""

import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import text
from sqlalchemy.engine import make_url

from storage.db.engines import WRITERS_TURN
from storage.db.ledger import Ledger

PAUSE = 0.1


def takes_writers(ledger: Ledger, patience: float) -> bool:
    """Whether a writer gets its turn within `patience` seconds; False when another one does not let go of it."""
    deadline = monotonic() + patience
    while True:
        if _sqlite_turn(ledger) if ledger.is_sqlite else _postgresql_turn(ledger):
            return True
        if monotonic() > deadline:
            return False
        sleep(PAUSE)


def holders(ledger: Ledger) -> list[int]:
    """Ids of this machine's other processes that have a SQLite ledger open, as far as this user may see."""
    database = make_url(ledger.url).database
    if not ledger.is_sqlite or not database:
        return []
    wanted = str(Path(database).resolve())
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            opened = {os.readlink(handle) for handle in process.joinpath("fd").iterdir()}  # noqa: PTH115 - the text
            if wanted in opened and int(process.name) != os.getpid():
                found.append(int(process.name))
    return sorted(found)


def server_time(ledger: Ledger) -> datetime | None:
    """The time that a database server has, UTC; None for SQLite, which has this machine's."""
    if ledger.is_sqlite:
        return None
    with ledger.reading() as connection:
        found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found


def _sqlite_turn(ledger: Ledger) -> bool:
    database = make_url(ledger.url).database or ""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                return False
            raise
        connection.execute("ROLLBACK")
    return True


def _postgresql_turn(ledger: Ledger) -> bool:
    with ledger.reading() as connection:
        query = text("SELECT pg_try_advisory_xact_lock(:turn)")
        return bool(connection.execute(query, {"turn": WRITERS_TURN}).scalar_one())
