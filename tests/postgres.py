"""A private PostgreSQL for tests, from the installed server package; tests fail when the package is missing."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

SERVERS = Path("/usr/lib/postgresql")  # where Debian's packages put their versions side by side
OWNER = "postgres"  # who the server runs as when the tests run as root, which it refuses to be
SUPERUSER = "loanwatch"
# ICU's order, unlike C's, looks past punctuation at first: text that is compared right here is compared right anywhere.
CLUSTER = ("--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8", "--auth=trust")
# No test cuts the power, and what a killed server has handed to the system is kept: syncing would only cost time.
OPTIONS = "-c listen_addresses= -c max_connections=200 -c shared_buffers=32MB -c fsync=off"


class PostgresMissing(Exception):
    """No server to test with."""


@dataclass(frozen=True)
class Postgres:
    """A running server: its programs, and the folder of its data and its socket."""

    programs: Path
    folder: Path

    def url(self, database: str, user: str = SUPERUSER) -> str:
        """The ledger address of a database."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows of one statement, executed at once."""
        told = f"host={self.folder} dbname={database} user={SUPERUSER}"
        with psycopg.connect(told, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The name of a new database, a copy of `template`, gone when the block ends."""
        name = f"ledger_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def control(self, *words: str) -> None:
        """Runs pg_ctl: `start`, `stop` or `restart`, and for the last two how, such as `-m immediate`."""
        log = self.folder / "log"
        try:
            self._run("pg_ctl", "-D", self._data, "-l", log, "-w", "-o", f"-k {self.folder} {OPTIONS}", *words)
        except subprocess.CalledProcessError as error:
            raise AssertionError(f"pg_ctl {words}: {error.stderr}{log.read_text() if log.exists() else ''}") from error

    def check(self, database: str) -> None:
        """AssertionError when the server's own check of all tables and indexes finds damage."""
        words = ("-h", self.folder, "-U", SUPERUSER, "-d", database, "--install-missing", "--heapallindexed")
        self._run("pg_amcheck", *words)

    def make(self) -> None:
        """Makes the cluster, with a role `guarded` that needs a password."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, OWNER, OWNER)
        self._run("initdb", "-D", self._data, "-U", SUPERUSER, *CLUSTER)
        access = self._data / "pg_hba.conf"
        access.write_text(f"local all guarded scram-sha-256\n{access.read_text()}")

    def remove(self) -> None:
        """Stops the server and removes its folder."""
        try:
            self.control("stop", "-m", "immediate")
        finally:
            shutil.rmtree(self.folder)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *words: object) -> None:
        user = {"user": OWNER, "group": OWNER, "extra_groups": []} if os.geteuid() == 0 else {}
        with tempfile.TemporaryFile("w+") as complaint:
            # The server outlives pg_ctl and inherits its streams: a pipe would never end.
            words = (self.programs / program, *map(str, words))
            done = subprocess.run(
                words, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=complaint, check=False, timeout=120, **user
            )
            complaint.seek(0)
            if done.returncode:
                raise subprocess.CalledProcessError(done.returncode, words, stderr=complaint.read())


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A new server on a socket in a folder of its own, both gone when the block ends."""
    server = started_postgres()
    try:
        yield server
    finally:
        server.remove()


def started_postgres() -> Postgres:
    """A new server on a socket in a folder of its own."""
    programs = newest_programs()
    folder = Path(tempfile.mkdtemp(prefix="lw-pg-", dir="/tmp"))  # short: a socket's path has at most 107 characters
    server = Postgres(programs, folder)
    try:
        server.make()
        server.control("start")
    except BaseException:
        shutil.rmtree(folder)
        raise
    return server


def newest_programs() -> Path:
    """The folder of the newest installed server's programs; PostgresMissing says what to install."""
    found = [path.parent for path in SERVERS.glob("*/bin/initdb")]
    if not found and (initdb := shutil.which("initdb")):
        found = [Path(initdb).resolve().parent]
    if not found:
        raise PostgresMissing(
            "There is no PostgreSQL server to test with; install its package (`apt-get install postgresql`)."
        )
    return max(found, key=lambda path: float(path.parent.name) if path.parent.name.replace(".", "").isdigit() else 0)
