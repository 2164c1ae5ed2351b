"""A backup of a deployment, and the deployment that is restored from it."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from engine.deployment import Deployment
from engine.process.registry import ProcessRegistry
from engine.stores.cleaning import clean
from storage.db.ledger import Ledger
from storage.ledger.catalog import stored_versions
from storage.ledger.processes import BACKUP
from storage.ledger.runs import run_row
from tests.commands import command, document
from tests.databases import new_ledger
from tests.sandbox import Sandbox


@pytest.fixture(params=["sqlite", "postgresql"])
def other_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "elsewhere").mkdir()
    with new_ledger(request, tmp_path / "elsewhere") as url:
        yield url


def problems(home: Path, env: dict[str, str] | None = None) -> list[str]:
    done = command("doctor", "--home", str(home), "--json", env=env)
    return [f"{each['check']}: {each['message']}" for each in json.loads(done.stdout) if each["level"] == "problem"]


def rows_of(ledger: Ledger) -> dict[str, list[str]]:
    """All rows of a ledger as text, by table."""
    with ledger.reading() as connection:
        if ledger.is_sqlite:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        else:
            query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        names = list(connection.execute(text(query)).scalars())
        return {
            name: sorted(
                str({key: int(value) if isinstance(value, bool) else _parsed(value) for key, value in row.items()})
                for row in connection.execute(text(f"SELECT * FROM {name}")).mappings()  # noqa: S608
            )
            for name in names
        }


def _parsed(value: Any) -> Any:
    """JSON, which PostgreSQL's driver parses and SQLite's does not."""
    return json.loads(value) if isinstance(value, str) and (value[:1] in ("{", "[") or value == "null") else value


def left(folder: Path) -> list[str]:
    """What is in a folder, also what is hidden."""
    return sorted(entry.name for entry in folder.iterdir())


def test_a_restored_deployment_is_the_one_that_was_backed_up(kept_site: Sandbox, backup: Path, tmp_path: Path) -> None:
    restored = document("restore", str(backup), "--home", str(tmp_path / "new"))
    queued = restored["crashed_runs"]
    copy = Sandbox.at(tmp_path / "new")
    try:
        assert {name: table.digest for name, table in copy.versions().items()} == {
            name: table.digest for name, table in kept_site.versions().items()
        }
        assert copy.table("gold.model_predictions").equals(kept_site.table("gold.model_predictions"))
        assert [model.version for model in copy.champions()] == [model.version for model in kept_site.champions()]
        with copy.deployment.ledger.reading() as connection:
            run = run_row(connection, queued[0])
        assert (run.pipeline, run.state) == ("training", "crashed")
        assert "backup" in run.error["message"]
        assert set(copy.states(copy.succeed("training", data=kept_site.data())).values()) <= {"cached", "skipped"}
    finally:
        copy.close()
    assert problems(tmp_path / "new") == []
    picture = next((kept_site.home / "reports").glob("*.png"))
    assert (tmp_path / "new" / "reports" / picture.name).read_bytes() == picture.read_bytes()
    passwords = tmp_path / "new" / "passwords"
    assert passwords.read_bytes() == (kept_site.home / "passwords").read_bytes()
    assert {path.stat().st_mode & 0o77 for path in (passwords, backup, backup / "passwords", backup / "ledger.db")} == {
        0
    }
    assert left(tmp_path) == ["backup", "new"]


@pytest.mark.thorough
def test_a_backup_of_either_database_is_restored_to_either(other_ledger: str, backup: Path, tmp_path: Path) -> None:
    moved = {"LOANWATCH_LEDGER": other_ledger}
    document("restore", str(backup), "--home", str(tmp_path / "moved"), env=moved)
    assert problems(tmp_path / "moved", moved) == []
    document("backup", str(tmp_path / "second"), "--home", str(tmp_path / "moved"), env=moved)
    document("restore", str(tmp_path / "second"), "--home", str(tmp_path / "back"))
    first, second = Ledger(other_ledger), Ledger(f"sqlite:///{tmp_path / 'back' / 'loanwatch.db'}")
    expected, found = rows_of(first), rows_of(second)
    for name in ("processes", "actions"):  # the second restore is recorded, the second backup was a process
        expected.pop(name), found.pop(name)
    ids = expected.pop("deployments", ["first"]), found.pop("deployments", ["second"])
    assert [len(each) for each in ids] == [1, 1]  # each deployment has one id,
    assert ids[0] != ids[1]  # and none that of another
    assert found == expected
    assert len(found["runs"]) == 4
    with first.writing() as connection:  # the ids go on behind those that were restored
        newest = connection.execute(text("SELECT max(action_id) FROM actions")).scalar_one()
        insert = (
            "INSERT INTO actions (at, who, action, subject, reason) VALUES ('', '', '', '', '') RETURNING action_id"
        )
        assert connection.execute(text(insert)).scalar_one() == newest + 1
    first.close()
    second.close()
    refused = command("restore", str(backup), "--home", str(tmp_path / "third"), env=moved)
    assert (refused.returncode, (tmp_path / "third").exists()) == (5, False)
    assert "in use" in refused.stderr


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _renamed(name: str) -> Callable[[Path], None]:
    """Has the manifest name a file of the backup otherwise."""

    def rename(backup: Path) -> None:
        manifest = json.loads((backup / "manifest.json").read_text())
        next(each for each in manifest["files"] if each["name"].startswith("reports/") or "part-" in each["name"])[
            "name"
        ] = name
        (backup / "manifest.json").write_text(json.dumps(manifest))

    return rename


def _part(backup: Path) -> Path:
    return next(backup.rglob("part-*.parquet"))


def _unlisted(backup: Path) -> None:
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["files"] = [each for each in manifest["files"] if "part-" not in each["name"]]
    (backup / "manifest.json").write_text(json.dumps(manifest))


def _linked(backup: Path) -> None:
    part = _part(backup)
    part.rename(backup.parent / "outside")
    part.symlink_to(backup.parent / "outside")


def _linked_folder(backup: Path) -> None:
    (backup / "datamart").rename(backup.parent / "outside")
    (backup / "datamart").symlink_to(backup.parent / "outside")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "table": lambda backup: _flip(_part(backup)),
    "ledger": lambda backup: _flip(backup / "ledger.db"),
    "model": lambda backup: _flip(next(backup.glob("models/best_model_*"))),
    "missing": lambda backup: _part(backup).unlink(),
    "passwords": lambda backup: (backup / "passwords").unlink(),
    "manifest": lambda backup: (backup / "manifest.json").write_text("{"),
    "no manifest": lambda backup: (backup / "manifest.json").unlink(),
    "unlisted": _unlisted,
    "link": _linked,
    "linked folder": _linked_folder,
    "above": _renamed("datamart/../../escaped"),
    "absolute": _renamed("/tmp/escaped"),
    "encoded": _renamed("datamart/%2e%2e/escaped"),
    "backslash": _renamed("datamart\\..\\escaped"),
    "elsewhere": _renamed("escaped"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_backup_that_was_changed_is_refused_and_leaves_nothing(damage: str, backup: Path, tmp_path: Path) -> None:
    DAMAGE[damage](backup)
    before = left(tmp_path)
    done = command("restore", str(backup), "--home", str(tmp_path / "new"))
    assert done.returncode == 3, done.stderr
    assert "can't be restored" in done.stderr
    assert "Traceback" not in done.stderr
    assert left(tmp_path) == before
    assert command("restore", str(backup), "--check").returncode == 3


def test_what_can_not_be_backed_up_or_restored_is_refused(site: Sandbox, backup: Path, tmp_path: Path) -> None:
    def refused(*words: str) -> str:
        done = command(*words)
        assert (done.returncode, "Traceback" in done.stderr) == (5, False), done.stderr
        return done.stderr

    home = str(site.home)
    assert "exists already" in refused("backup", str(backup), "--home", home)
    assert "inside" in refused("backup", f"{home}/backup", "--home", home)
    assert "inside" in refused("backup", f"{home}/datamart/backup", "--home", home)
    assert "no folder" in refused("backup", str(tmp_path / "none" / "backup"), "--home", home)
    assert "no ledger" in refused("backup", str(tmp_path / "typo-backup"), "--home", str(tmp_path / "typo"))
    assert "not empty" in refused("restore", str(backup), "--home", home)
    assert command("backup", "s3://bucket/backup", "--home", home).returncode == 2
    (tmp_path / "new").symlink_to(tmp_path / "home")
    refused("restore", str(backup), "--home", str(tmp_path / "new"))
    assert left(tmp_path) == ["backup", "home", "new"]


def test_a_damaged_table_is_not_backed_up_unless_it_is_left_out(site: Sandbox, tmp_path: Path) -> None:
    part = next((site.home / "datamart" / ".versions" / "silver").rglob("*.parquet"))
    _flip(part)
    done = command("backup", str(tmp_path / "backup"), "--home", str(site.home))
    assert done.returncode == 1
    assert part.name in done.stderr
    assert left(tmp_path) == ["home"]
    made = document("backup", str(tmp_path / "backup"), "--home", str(site.home), "--without-damaged")
    assert [Path(name).name for name in made["left_out"]] == [part.name]
    assert document("restore", str(tmp_path / "backup"), "--check")["left_out"] == made["left_out"]


def test_cleaning_waits_for_a_running_backup_but_not_for_a_killed_one(site: Sandbox) -> None:
    deployment = Deployment(site.deployment.settings.changed(keep_versions=1, retention_days=0), site.deployment.ledger)
    with deployment.ledger.writing() as connection:
        connection.execute(text("UPDATE runs SET state = 'cancelled' WHERE state = 'queued'"))
    site.succeed("inference", force=True)
    running = os.fork()
    if not running:  # a backup that is killed while it copies
        try:
            mine = Deployment.as_it_is(deployment.settings)
            ProcessRegistry(mine, BACKUP).register({})
            os.kill(os.getpid(), 19)  # SIGSTOP: the test goes on
        finally:
            os._exit(0)
    os.waitpid(running, os.WUNTRACED)
    before = _stored(deployment)
    clean(deployment)
    assert _stored(deployment) == before
    os.kill(running, 9)
    os.waitpid(running, 0)
    clean(deployment)
    assert _stored(deployment) < before


def _stored(deployment: Deployment) -> set[tuple[str, str]]:
    with deployment.ledger.reading() as connection:
        return stored_versions(connection)


def test_a_backup_of_a_newer_release_is_refused(backup: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(backup / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    _recorded_anew(backup, "ledger.db")
    done = command("restore", str(backup), "--home", str(tmp_path / "new"))
    assert done.returncode == 5, done.stderr
    assert "9999" in done.stderr
    assert not (tmp_path / "new").exists()


def _recorded_anew(backup: Path, name: str) -> None:
    """Has the manifest agree with a file that was changed."""
    manifest = json.loads((backup / "manifest.json").read_text())
    data = (backup / name).read_bytes()
    facts = next(each for each in manifest["files"] if each["name"] == name)
    facts |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (backup / "manifest.json").write_text(json.dumps(manifest))
