"""The ledger of a backup: a snapshot while others write, of any schema version, from a disk that is full."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from storage.db.copies import copy_ledger, opened_copy
from storage.db.engines import make_place
from storage.db.ledger import Ledger
from storage.db.migrations.version import NEWEST
from storage.ledger.tasks import LogLine, add_logs
from tests.commands import command, document
from tests.databases import BOTH_THOROUGHLY
from tests.paths import ROOT
from tests.processes import until
from tests.sandbox import Sandbox

FIRST_RELEASE = ROOT / "tests/storage/db/first_release.sql"
PAIR = 40  # lines that one transaction writes: a copy has all of them or none


@pytest.fixture(params=BOTH_THOROUGHLY)
def old_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger as the first release left it."""
    script = FIRST_RELEASE.read_text(encoding="utf-8")
    if request.param == "sqlite":
        (tmp_path / "home").mkdir()
        yield _filled(f"sqlite:///{tmp_path / 'home' / 'loanwatch.db'}", script.replace(" SERIAL ", " INTEGER "))
        return
    server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield _filled(server.url(name), script.replace("%", "%%"))


def _filled(url: str, script: str) -> Ledger:
    make_place(url)
    ledger = Ledger(url)
    with ledger.writing() as connection:
        for statement in script.split(";\n"):
            connection.exec_driver_sql(statement)
    ledger.close()
    return ledger


def test_a_ledger_of_the_first_release_is_backed_up_as_it_is_and_migrated_when_it_is_restored(
    old_ledger: Ledger, tmp_path: Path
) -> None:
    env = {"LOANWATCH_LEDGER": old_ledger.url}
    home, folder = str(tmp_path / "home"), str(tmp_path / "backup")
    made = document("backup", folder, "--home", home, "--without-damaged", env=env)  # its tables are not there
    assert made["left_out"]
    assert old_ledger.version()[0] is None
    restored = document("restore", folder, "--home", str(tmp_path / "new"))
    assert restored["crashed_runs"] == made["active_runs"] != []
    with old_ledger.reading() as connection:
        expected = connection.execute(text("SELECT run_id, requested_at FROM runs ORDER BY run_id")).all()
    new = Ledger(f"sqlite:///{tmp_path / 'new' / 'loanwatch.db'}")
    with new.reading() as connection:
        assert connection.execute(text("SELECT run_id, requested_at FROM runs ORDER BY run_id")).all() == expected
    assert new.version() == (NEWEST, NEWEST)
    new.close()
    old_ledger.close()


def test_a_copy_is_a_snapshot_while_another_process_writes(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'loanwatch.db'}")
    ledger.prepare()
    writer = os.fork()
    if not writer:
        try:
            _write_for_ever(Ledger(ledger.url))
        finally:
            os._exit(1)
    try:
        counts = []
        for number in range(5):
            until(lambda: _lines(ledger) > (counts[-1] if counts else 0), "lines of the writer")
            least = _lines(ledger)
            copy_ledger(ledger, tmp_path / f"copy-{number}", lambda *_: None)
            with opened_copy(tmp_path / f"copy-{number}") as connection:
                assert inspect(connection).has_table("runs")
                counts.append(connection.execute(text("SELECT count(*) FROM logs")).scalar_one())
            assert counts[-1] >= least
            assert counts[-1] % PAIR == 0
        assert os.waitpid(writer, os.WNOHANG) == (0, 0)
    finally:
        os.kill(writer, 9)
        os.waitpid(writer, 0)
        ledger.close()


def _write_for_ever(ledger: Ledger) -> None:
    while True:
        with ledger.writing() as connection:
            for number in range(PAIR):
                add_logs(connection, "run", [LogLine("task", ledger.clock(), "INFO", f"{number} " + "x" * 2000)])


def _lines(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM logs")).scalar_one())


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, smaller than a backup."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], check=True, timeout=30)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)


@pytest.mark.thorough
def test_a_full_disk_is_told_in_a_sentence_and_nothing_stays(kept_site: Sandbox, kept_backup: Path, disk: Path) -> None:
    for words in (
        ("backup", str(disk / "backup"), "--home", str(kept_site.home)),
        ("restore", str(kept_backup), "--home", str(disk / "home")),
    ):
        done = command(*words)
        assert done.returncode == 1, done.stderr
        assert str(disk) in done.stderr
        assert "free space or repair the disk" in done.stderr
        assert done.stderr.count("\n") == 1
        assert list(disk.iterdir()) == []
