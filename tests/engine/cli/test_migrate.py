"""Who migrates a ledger: `migrate` and what does a worker's work; reading commands make and change nothing."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.db.ledger import Ledger
from storage.db.migrations.apply import upgrade
from storage.db.migrations.version import NEWEST, VERSIONS
from tests.commands import command, document
from tests.sandbox import Sandbox

READING = (
    ("runs",),
    ("show", "latest"),
    ("logs", "latest"),
    ("models",),
    ("metrics",),
    ("metrics", "--prometheus"),
    ("tables",),
    ("health",),
    ("schedule",),
    ("explain", "L1"),
    ("drift",),
    ("validation",),
    ("profile",),
    ("report", "page.html"),
    ("doctor",),
    ("doctor", "--fix"),
)
WRITING = (
    ("cancel", "latest"),
    ("resume", "latest"),
    ("promote", "20990101_000000", "--reason", "why"),
    ("rollback", "--reason", "why"),
    ("pause", "training", "--reason", "why"),
    ("run", "training", "--detach"),
)


def engine(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return command(*words, "--home", str(home))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose ledger is that of the first release."""
    home = tmp_path_factory.mktemp("oldest") / "home"
    home.mkdir()
    script = Path(__file__).parents[2] / "storage" / "db" / "first_release.sql"
    with sqlite3.connect(home / "loanwatch.db") as connection:
        connection.executescript(script.read_text(encoding="utf-8").replace(" SERIAL ", " INTEGER "))
    connection.close()
    return home


@pytest.fixture
def old(oldest: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(oldest, tmp_path / "home"))


def version_of(home: Path) -> str | None:
    ledger = Ledger(f"sqlite:///{home / 'loanwatch.db'}")
    try:
        return ledger.version()[0]
    finally:
        ledger.close()


def test_no_command_that_reads_or_requests_migrates_an_old_ledger(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(old.parent)
    for words in (*READING, *WRITING):
        done = engine(*words, home=old)
        told = done.stdout + done.stderr
        if words != ("metrics", "--prometheus"):  # which says that the ledger can't be read
            assert "run `python -m engine migrate`, or start the worker" in told, (words, told)
            assert done.returncode == (0 if words == ("doctor",) else 1 if words == ("doctor", "--fix") else 5), words
        assert "Traceback" not in told
        assert version_of(old) is None, words


def test_no_command_that_reads_makes_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "nowhere"
    for words in (*READING, *WRITING[:-1]):
        done = engine(*words, home=home)
        told = done.stdout + done.stderr
        if words[0] not in ("doctor", "metrics"):
            assert "There is no ledger at" in done.stderr, (words, told)
            assert "python -m engine up" in done.stderr
            assert done.returncode == 5
        assert "Traceback" not in told
        assert list(tmp_path.iterdir()) == [], words


def test_migrate_says_from_where_to_where_and_what_it_applied(old: Path) -> None:
    told = document("migrate", "--home", str(old))
    assert (told["from"], told["to"], told["applied"]) == (VERSIONS[0], NEWEST, list(VERSIONS[1:]))
    assert version_of(old) == NEWEST
    assert "has schema version" in engine("migrate", home=old).stdout
    assert document("migrate", "--home", str(old))["applied"] == []
    assert document("runs", "--home", str(old))


def test_migrate_makes_a_ledger_where_there_is_none(tmp_path: Path) -> None:
    told = engine("migrate", home=tmp_path / "home").stdout
    assert f"was made with schema version {NEWEST}" in told
    assert json.loads(engine("runs", "--json", home=tmp_path / "home").stdout) == []


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_a_ledger_of_each_release_is_migrated_by_its_remaining_steps(
    version: str, made_by_steps: Callable[[str], Path]
) -> None:
    home = made_by_steps(version)
    assert engine("runs", home=home).returncode == 5
    assert version_of(home) == version
    assert document("migrate", "--home", str(home))["applied"] == list(VERSIONS[VERSIONS.index(version) + 1 :])


@pytest.fixture
def made_by_steps(tmp_path: Path) -> Callable[[str], Path]:
    """A function that makes a home whose ledger has had the migrations up to that version."""

    def make(version: str) -> Path:
        home = tmp_path / version
        home.mkdir()
        (home / "loanwatch.db").touch()
        ledger = Ledger(f"sqlite:///{home / 'loanwatch.db'}")
        with ledger.writing() as connection:
            upgrade(connection, version)
        ledger.close()
        return home

    return make


def test_a_run_migrates_what_it_finds(old: Path) -> None:
    """In the foreground it is itself a worker. The first release's queued run is in its way, which it says."""
    done = engine("run", "training", "--as-of", "2024-06-01", home=old)
    assert (done.returncode, "already has an active run" in done.stderr) == (5, True), done.stderr
    assert version_of(old) == NEWEST


def test_a_ledger_of_a_later_release_is_refused_by_every_command(tmp_path: Path) -> None:
    made = Sandbox.at(tmp_path / "home")
    with made.deployment.ledger.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    made.close()
    for words in (
        ("runs",),
        ("migrate",),
        ("run", "training"),
        ("worker",),
        ("scheduler",),
        ("password", "ann", "--role", "viewer"),
    ):
        done = engine(*words, home=made.home)
        assert (done.returncode, "has schema version 9999" in done.stderr) == (5, True), (words, done.stderr)
