"""Checks of a ledger for `doctor`: whether a writer gets the lock, which processes have the file open, the time."""

import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import text
from sqlalchemy.engine import make_url

from storage.db.engines import WRITER_LOCK
from storage.db.ledger import Ledger

PAUSE = 0.1


def lock_is_free(ledger: Ledger, timeout: float) -> bool:
    """Whether a writer gets the ledger's lock within `timeout` seconds."""
    deadline = monotonic() + timeout
    while True:
        if _sqlite_lock(ledger) if ledger.is_sqlite else _postgresql_lock(ledger):
            return True
        if monotonic() > deadline:
            return False
        sleep(PAUSE)


def pids_with_open_file(ledger: Ledger) -> list[int]:
    """Ids of the other processes of this machine that have a SQLite ledger open, if this user may see their files."""
    database = make_url(ledger.url).database
    if not ledger.is_sqlite or not database:
        return []
    file = str(Path(database).resolve())
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # the process has ended, or belongs to another user
            opened = {os.readlink(handle) for handle in process.joinpath("fd").iterdir()}  # noqa: PTH115 - the text
            if file in opened and int(process.name) != os.getpid():
                pids.append(int(process.name))
    return sorted(pids)


def server_time(ledger: Ledger) -> datetime | None:
    """The time of the PostgreSQL server, UTC; None for SQLite."""
    if ledger.is_sqlite:
        return None
    with ledger.reading() as connection:
        time: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return time


def _sqlite_lock(ledger: Ledger) -> bool:
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


def _postgresql_lock(ledger: Ledger) -> bool:
    with ledger.reading() as connection:
        query = text("SELECT pg_try_advisory_xact_lock(:lock)")
        return bool(connection.execute(query, {"lock": WRITER_LOCK}).scalar_one())
