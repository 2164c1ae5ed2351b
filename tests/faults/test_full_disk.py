"""Row 20: a disk that is full, that fails, or that was made read-only; a sentence names the place, nothing is lost."""

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.execution.executors import LocalExecutor
from engine.execution.vacuum import vacuum
from storage.errors import LoanwatchError
from storage.lake.names import PREDICTIONS, SCORED
from storage.ledger.catalog import current_versions
from storage.ledger.runs import run_row
from storage.settings import load_settings
from tests.databases import sqlite_only
from tests.engine.runner import PipelineRunner, task
from tests.faults.acts import TABLES, written
from tests.faults.counts import Count
from tests.faults.stepping import ForkServer

SIZE = 4 * 1024**2
FULL, READ_ONLY, BROKEN = "No space left on device", "Read-only file system", "Input/output error"


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, timeout=30)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)


def fill(folder: Path, leave: int = 0) -> Path:
    """A file that takes what space there is, but for `leave` bytes."""
    free = os.statvfs(folder)
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - leave)
    return ballast


def full(folder: Path) -> Callable[[], None]:
    """Fills the disk; what comes back frees it."""
    return fill(folder).unlink


def read_only(folder: Path) -> Callable[[], None]:
    """Makes the disk read-only; what comes back undoes that."""
    mount("-o", "remount,ro", str(folder))
    return lambda: mount("-o", "remount,rw", str(folder))


def drafts(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp")]


@contextmanager
def book_at(deployment: Deployment) -> Iterator[PipelineRunner]:
    executor = LocalExecutor()
    tasks = (
        task("one", "writes_scores", writes=(SCORED,)),
        task("two", "writes_undeclared", upstream=("one",), writes=(PREDICTIONS,)),
    )
    try:
        yield PipelineRunner(deployment, executor, tasks)
    finally:
        executor.close()


@pytest.mark.parametrize(("spoil", "why"), [(full, FULL), (read_only, READ_ONLY)], ids=["full", "read-only"])
def test_a_run_whose_datamart_takes_no_more_fails_and_says_where_and_goes_on_when_it_does(
    deployment: Deployment, disk: Path, spoil: Callable[[Path], Callable[[], None]], why: str
) -> None:
    place = disk / "datamart"
    moved = deployment.with_settings(deployment.settings.changed(datamart=str(place)))
    with book_at(moved) as book:
        book.run()
        with moved.ledger.reading() as connection:
            before = current_versions(connection)
        mend = spoil(disk)
        failed, state = book.run(force=True)
        assert state == "failed"
        with moved.ledger.reading() as connection:
            error = run_row(connection, failed).error
            assert current_versions(connection) == before
        assert f"{place}/.versions/staged/scored/{failed}" in error["message"]
        assert why in error["message"]
        assert error["message"].endswith("free space or repair the disk.")
        assert "Traceback" not in error["message"]
        for table in before.values():
            moved.datamart.verify(table)
            assert moved.datamart.read(table).num_rows in (1, 2)
            assert moved.datamart.is_linked(table)
        mend()
        _, state = book.execute_run(runs.resume(moved, failed))
        assert state == "succeeded"
        assert drafts(disk) == []
        assert not list(place.glob(f".versions/*/*/{failed}/*"))


def test_a_large_table_that_fills_the_disk_leaves_no_part_of_itself(deployment: Deployment, disk: Path) -> None:
    moved = deployment.with_settings(deployment.settings.changed(datamart=str(disk / "datamart")))
    written(moved.datamart, "small", 1)
    before = sorted(disk.rglob("*.parquet"))
    fill(disk, leave=64 * 1024)
    with pytest.raises(LoanwatchError, match=rf"large/part-00000.parquet could not be written \({FULL}\)"):
        moved.datamart.write(TABLES[1], "large", 0, [pa.table({"noise": [os.urandom(1024) for _ in range(8192)]})])
    assert drafts(disk) == []
    assert sorted(disk.rglob("*.parquet")) == before


@sqlite_only
def test_a_ledger_whose_disk_is_full_is_one_sentence_and_whole_afterwards(disk: Path, ledger_url: str) -> None:
    opened = Deployment.open(load_settings(home=disk / "home"))
    run_id = runs.request(opened, runs.checked_request(opened, "training"))
    free = full(disk)
    with pytest.raises(LoanwatchError, match=rf"The ledger .*{disk}/home/loanwatch.db can't be used \(.*(full|I/O)"):
        runs.request(opened, runs.checked_request(opened, "inference"))
    free()
    assert opened.ledger.check() == "ok"
    with opened.ledger.reading() as connection:
        assert run_row(connection, run_id).state == "queued"
    assert runs.request(opened, runs.checked_request(opened, "inference"))
    opened.ledger.close()


@sqlite_only
def test_a_ledger_on_a_disk_that_became_read_only_is_one_sentence_and_whole_afterwards(
    disk: Path, ledger_url: str
) -> None:
    opened = Deployment.open(load_settings(home=disk / "home"))
    run_id = runs.request(opened, runs.checked_request(opened, "training"))
    opened.ledger.close()
    mend = read_only(disk)
    with pytest.raises(LoanwatchError, match=rf"The ledger .*{disk}/home/loanwatch.db can't be used \("):
        runs.request(opened, runs.checked_request(opened, "inference"))
    opened.ledger.close()
    mend()
    assert opened.ledger.check() == "ok"
    with opened.ledger.reading() as connection:
        assert run_row(connection, run_id).state == "queued"
    opened.ledger.close()


@pytest.mark.thorough
def test_a_sync_that_fails_at_any_place_of_a_publish_is_told_and_leaves_old_or_new(
    deployment: Deployment, fork_server: ForkServer, counted: Count
) -> None:
    place = (deployment.settings.home, deployment.settings.ledger_url)
    ended = fork_server.act("publish", *place, 1)
    assert ended.code == 0, ended
    numbers, outcomes, old = count(2), Counter[str](), 1
    for kind in ("fsync", "fdatasync"):
        for nth in count(1):
            number = next(numbers)
            ended = fork_server.act("publish", *place, number, inject=f"{kind}:error=EIO:when={nth}")
            with deployment.ledger.reading() as connection:
                current = current_versions(connection)
            for table in current.values():
                deployment.datamart.verify(table)
            seen = {row for name in TABLES for row in deployment.datamart.read(current[name])["publish"].to_pylist()}
            assert seen in ({old}, {number})
            assert drafts(deployment.settings.home) == []
            runs.reap_stale_runs(deployment)
            vacuum(deployment)
            assert all(deployment.datamart.is_linked(table) for table in current.values())
            (old,) = seen
            if not ended.hit:
                assert (ended.code, seen) == (0, {number})
                break
            outcomes["told" if ended.code else "warned"] += 1
            assert str(deployment.settings.home.parent) in ended.told
            assert BROKEN in ended.told or "disk I/O error" in ended.told
            assert ended.code or seen == {number}  # when only a link is late, the run went well
    assert outcomes["told"] >= 6
    assert deployment.ledger.check() == "ok"
    told, warned = outcomes["told"], outcomes["warned"]
    counted(f"row 20: EIO at {outcomes.total()} syncs of a publish: {told} told, {warned} warned")
