"""Stores of another deployment, or of a newer ledger of the same one, lose nothing (row 37), and others' files stay."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from engine.deployment import Deployment
from engine.execution.executors import LocalExecutor
from engine.execution.vacuum import vacuum
from storage.db.ledger import utc_now
from storage.lake.names import SCORED
from storage.ledger.runs import run_row
from storage.settings import load_settings
from tests.commands import command
from tests.engine.runner import PipelineRunner, task

WRITES = task("one", "writes_scores", writes=(SCORED,))


@pytest.fixture(autouse=True)
def no_retention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_RETENTION_DAYS", "0")


@contextmanager
def deployment_in(home: Path, **more: object) -> Iterator[PipelineRunner]:
    deployment, executor = Deployment.open(load_settings(home=home, **more)), LocalExecutor()
    yield PipelineRunner(deployment, executor, (WRITES,))
    executor.close()
    deployment.ledger.close()


def parts_in(home: Path) -> list[Path]:
    return sorted((home / "datamart" / ".versions").rglob("*.parquet"))


def test_a_run_with_the_tables_of_another_deployment_is_refused_and_removes_nothing(tmp_path: Path) -> None:
    with deployment_in(tmp_path / "a") as other:
        other.run()
        other.run(force=True)
    before = parts_in(tmp_path / "a")
    assert len(before) == 2
    with deployment_in(tmp_path / "b") as book:
        book.run()
    with deployment_in(tmp_path / "b", datamart=str(tmp_path / "a" / "datamart")) as mixed:
        run_id, state = mixed.run(force=True)
        vacuum(mixed.deployment)
        with mixed.deployment.ledger.reading() as connection:
            error = run_row(connection, run_id).error
    assert parts_in(tmp_path / "a") == before
    assert (state, error["exit_code"]) == ("failed", 5)
    assert "belongs to deployment" in error["message"]
    assert "LOANWATCH_DATAMART" in error["message"]


def test_a_ledger_that_was_restored_from_an_older_copy_removes_nothing_newer(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with deployment_in(home) as book:
        book.run()
    with closing(sqlite3.connect(home / "loanwatch.db")) as ledger, closing(sqlite3.connect(tmp_path / "old")) as copy:
        ledger.backup(copy)
    with deployment_in(home) as book:
        book.run(force=True)
    newest = parts_in(home)
    for end in ("", "-wal", "-shm"):
        (home / f"loanwatch.db{end}").unlink(missing_ok=True)
    (tmp_path / "old").rename(home / "loanwatch.db")
    with deployment_in(home) as book:
        assert book.run(force=True)[1] == "succeeded"
    assert set(newest) < set(parts_in(home))
    shown = command("prune", "--yes", "--home", str(home))
    assert (shown.returncode, "Unknown to this ledger" in shown.stdout) == (0, True)
    assert set(newest) < set(parts_in(home))
    assert "no record of" in command("doctor", "--home", str(home)).stdout


def test_tables_without_a_mark_are_taken_when_the_ledger_records_them_else_a_person_adopts_them(tmp_path: Path) -> None:
    mark = tmp_path / "a" / "datamart" / ".loanwatch-deployment"
    with deployment_in(tmp_path / "a") as book:
        book.run()
        mark.unlink()  # as in a home of an earlier release
        assert book.run(force=True)[1] == "succeeded"
    assert mark.exists()
    mark.unlink()
    mine = {"LOANWATCH_DATAMART": str(mark.parent)}
    with deployment_in(tmp_path / "b"):  # has a ledger
        pass
    refused = command("prune", "--home", str(tmp_path / "b"), env=mine)
    assert (refused.returncode, "no mark of a deployment" in refused.stderr) == (5, True)
    shown = command("adopt", "--home", str(tmp_path / "b"), env=mine)
    assert (shown.returncode, mark.exists()) == (0, False)
    assert command("adopt", "--yes", "--home", str(tmp_path / "b"), env=mine).returncode == 0
    assert command("prune", "--yes", "--home", str(tmp_path / "b"), env=mine).returncode == 0
    assert len(parts_in(tmp_path / "a")) == 2
    with deployment_in(tmp_path / "a") as book:
        assert book.run(force=True)[1] == "failed"


def test_only_our_drafts_are_removed_and_by_the_ledgers_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_RETENTION_DAYS", "1")
    with deployment_in(tmp_path) as book:
        book.run()
    theirs = [tmp_path / "model_store" / "notes.tmp", tmp_path / "datamart" / "silver" / "sheet.12.tmp"]
    ours = tmp_path / "model_store" / "best_model_20250101_000000.pkl.123.tmp"
    for file in (*theirs, ours):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"half")
        os.utime(file, (0, 0))  # what a host sees whose clock is fast
    for ahead, is_there in ((0, True), (0.9, True), (1.1, False)):
        moment = utc_now() + timedelta(days=ahead)
        deployment = Deployment.open(load_settings(home=tmp_path), clock=lambda: moment)  # noqa: B023
        vacuum(deployment)
        deployment.ledger.close()
        assert ours.exists() == is_there
    assert all(file.exists() for file in theirs)
