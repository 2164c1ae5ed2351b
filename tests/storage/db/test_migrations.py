"""Ledgers of earlier releases become today's with every row intact, once, whole or not at all."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

import storage.db.migrations
from storage.db.ledger import Ledger, LedgerUnavailable
from storage.db.migrations.apply import upgrade
from storage.db.migrations.version import NEWEST, VERSIONS, LedgerTooNew
from storage.db.schema import STORE_TABLES, metadata
from storage.ledger.catalog import current_versions
from storage.ledger.models import model_by_alias
from storage.ledger.runs import active_run, run_row
from tests.paths import ROOT
from tests.postgres import Postgres
from tests.processes import DEADLINE

FIRST_RELEASE = Path(__file__).with_name("first_release.sql")
TRAINED, WAITING = "training-20260301-020000-0a1b", "training-20260301-030000-2c3d"
NEW_TABLES = {"processes", "schedules", "slots", "actions", "deliveries", "approvals", "checked_files", "reports"}
NEW_TABLES |= {
    "alerts",
    "alert_occurrences",
    "alert_messages",
    "alert_notices",
    "alert_silences",
    "alert_watch",
    "notes",
}
NEW_TABLES |= {table.name for table in STORE_TABLES}
NEW_COLUMNS = {("source_digests", "lines")}  # of tables that had rows


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger without tables."""
    if request.param == "sqlite":
        (tmp_path / "loanwatch.db").touch()
        opened = Ledger(f"sqlite:///{tmp_path / 'loanwatch.db'}")
        yield opened
        opened.close()
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as name:
        opened = Ledger(server.url(name))
        yield opened
        opened.close()


@pytest.fixture
def old(empty: Ledger) -> Ledger:
    """A ledger as the first release left it."""
    script = FIRST_RELEASE.read_text(encoding="utf-8")
    if empty.is_sqlite:
        script = script.replace(" SERIAL ", " INTEGER ")
    with empty.writing() as connection:
        for statement in script.split(";\n"):
            connection.exec_driver_sql(statement.replace("%", "%%") if not empty.is_sqlite else statement)
    return empty


def contents(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of the first release, as it is stored."""
    inspected = inspect(connection)
    rows = {}
    for table in sorted(set(inspected.get_table_names()) - NEW_TABLES - {"alembic_version"}):
        names = [column["name"] for column in inspected.get_columns(table)]
        columns = ", ".join(name for name in names if (table, name) not in NEW_COLUMNS)
        found = connection.execute(text(f"SELECT {columns} FROM {table}"))  # noqa: S608
        rows[table] = sorted(tuple(map(str, row)) for row in found)
    return rows


def assert_newest(ledger: Ledger) -> None:
    assert ledger.version() == (NEWEST, NEWEST)
    with ledger.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        keys = {table: inspect(connection).get_pk_constraint(table)["constrained_columns"] for table in metadata.tables}
        assert keys == {name: [column.name for column in table.primary_key] for name, table in metadata.tables.items()}


def test_the_versions_known_to_the_code_are_those_that_there_are_steps_for() -> None:
    scripts = ScriptDirectory(str(Path(storage.db.migrations.__file__).parent))
    assert tuple(step.revision for step in scripts.walk_revisions())[::-1] == VERSIONS


def test_a_new_ledger_has_todays_schema(empty: Ledger) -> None:
    assert empty.version() == (None, NEWEST)
    empty.prepare()
    assert_newest(empty)


def test_a_new_ledger_is_the_one_that_all_steps_make(empty: Ledger, tmp_path: Path) -> None:
    """To the letter on SQLite, and with one id of the deployment; without Alembic (see below)."""
    (tmp_path / "stepwise.db").touch()
    stepwise = Ledger(f"sqlite:///{tmp_path / 'stepwise.db'}")
    with stepwise.writing() as connection:
        assert upgrade(connection) == list(VERSIONS)
        expected = schema_of(connection)
    stepwise.close()
    assert empty.prepare() == list(VERSIONS)
    assert empty.prepare() == []
    with empty.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM deployments")).scalar() == 1
        if empty.is_sqlite:
            assert schema_of(connection) == expected


def schema_of(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY type, name"))
    return [(kind, name, " ".join((sql or "").split())) for kind, name, sql in rows]


def test_a_ledger_of_the_first_release_becomes_todays_with_every_row_intact(old: Ledger) -> None:
    with old.reading() as connection:
        before = contents(connection)
    assert sum(map(len, before.values())) == 13
    old.prepare()
    old.prepare()
    assert_newest(old)
    with old.reading() as connection:
        assert contents(connection) == before
        assert run_row(connection, TRAINED).params == {"data": "/data/März"}
        assert current_versions(connection)["gold.model_predictions"].bytes == 4_000_000_000
        active, champion = active_run(connection, "training"), model_by_alias(connection)
    assert active is not None
    assert champion is not None
    assert (active.run_id, active.force, champion.version) == (WAITING, True, "20260301_020009")


def test_the_renamed_columns_keep_their_values(old: Ledger) -> None:
    columns = (("runs", "pins", "snapshot"), ("tasks", "blamed", "failed_upstream"))
    with old.reading() as connection:
        before = [str(connection.execute(text(f"SELECT {was} FROM {name}")).all()) for name, was, _ in columns]  # noqa: S608
    old.prepare()
    with old.reading() as connection:
        after = [str(connection.execute(text(f"SELECT {now} FROM {name}")).all()) for name, _, now in columns]  # noqa: S608
    assert after == before


@pytest.mark.thorough
def test_processes_that_start_together_migrate_once(old: Ledger) -> None:
    program = (
        "import sys, storage.db.migrations.apply\n"
        "from storage.db.ledger import Ledger\n"
        "ledger = Ledger(sys.argv[1])\n"
        "print(ledger.version(), flush=True)\n"
        "ledger.prepare()\n"
        "print(ledger.version(), flush=True)\n"
        "ledger.close()\n"
    )
    words = [sys.executable, "-W", "error", "-c", program, old.url]
    pipe = subprocess.PIPE
    with old.writing():  # nobody gets to migrate before all have seen that it has to be done
        both = [subprocess.Popen(words, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) for _ in range(3)]
        assert [process.stdout and process.stdout.readline() for process in both] == [f"{(None, NEWEST)}\n"] * 3
    for process in both:
        told, complaint = process.communicate(timeout=DEADLINE)
        assert (process.returncode, told, complaint) == (0, f"{(NEWEST, NEWEST)}\n", "")
    assert_newest(old)


def test_a_migration_that_fails_leaves_everything_as_it_was(old: Ledger) -> None:
    with old.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE slots (x INTEGER)")
        before = contents(connection)
    with pytest.raises(LedgerUnavailable, match="slots.* already exists"):
        old.prepare()
    with old.reading() as connection:
        assert set(inspect(connection).get_table_names()) & {"processes", "alembic_version", "slots"} == {"slots"}
        assert contents(connection) == before


def test_a_ledger_of_a_later_release_is_refused(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerTooNew, match="has schema version 9999; the newest of this release is") as refused:
        ledger.prepare()
    assert refused.value.exit_code == 5
    assert ledger.version() == ("9999", NEWEST)


def test_a_start_on_a_new_or_up_to_date_ledger_does_not_pay_for_alembic(empty: Ledger) -> None:
    program = (
        "import sys\n"
        "from storage.db.ledger import Ledger\n"
        "Ledger(sys.argv[1]).prepare()\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", program, empty.url], cwd=ROOT, check=False).returncode == 0
    assert empty.version() == (NEWEST, NEWEST)
