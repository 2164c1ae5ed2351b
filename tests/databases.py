"""The two databases of a ledger: SQLite, and one PostgreSQL server for all processes of a test run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.db.ledger import Ledger
from tests.postgres import Postgres, newest_programs, started_postgres
from tests.shared import exclusive, run_folder

TEMPLATE = "ledger_template"
# What SQLite alone does; every other test of the ledger runs on both databases.
sqlite_only = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
# What takes long, or has the ledger only below it: on SQLite in `make test`, on PostgreSQL too in `make test-all`.
BOTH_THOROUGHLY = ("sqlite", pytest.param("postgresql", marks=pytest.mark.thorough))
SERVER = "postgres"  # the file that names the server's folder


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Postgres:
    """The server of this test run, with one database to copy: a ledger of the newest schema."""
    place = run_folder(tmp_path_factory) / SERVER
    with exclusive(place):
        if place.exists():
            return Postgres(newest_programs(), Path(place.read_text()))
        server = started_postgres()
        place.write_text(str(server.folder))
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        ledger = Ledger(server.url(TEMPLATE))
        ledger.prepare()
        ledger.close()
        return server


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops the server when the test run ends; xdist's controller outlives its workers and does it."""
    temporary = getattr(config, "_tmp_path_factory", None)
    if hasattr(config, "workerinput") or temporary is None or temporary._basetemp is None:
        return
    place = temporary._basetemp / SERVER
    if place.exists():
        Postgres(newest_programs(), Path(place.read_text())).remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a ledger of the test's own, on each of the two databases; on SQLite its file is empty."""
    with new_ledger(request, tmp_path) as url:
        if request.param == "sqlite":
            (tmp_path / "loanwatch.db").touch()
        yield url


@contextmanager
def new_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new ledger on the database that the fixture's parameter names, gone when the block ends."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'loanwatch.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.database(TEMPLATE) as name:
            yield server.url(name)
