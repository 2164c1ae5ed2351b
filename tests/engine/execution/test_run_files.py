"""The files of a run: published as plain Parquet, removed when the run did not finish."""

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from engine.control import runs
from engine.definitions.task import Task
from storage.db.ledger import utc_now
from storage.lake.names import SCORED
from storage.ledger.catalog import current_versions
from storage.ledger.leases import claim, finish
from storage.ledger.runs import request_run, run_row
from tests.engine.runner import TASKS, PipelineRunner, task

Maker = Callable[..., PipelineRunner]


def test_a_failed_run_leaves_the_published_tables_as_they_were(runner_of: Maker) -> None:
    book = runner_of(
        task("one", "writes_scores", writes=(SCORED,)),
        task("two", "fails_while_told", upstream=("one",), reads=(SCORED,)),
    )
    book.run()
    with book.deployment.ledger.reading() as connection:
        before = current_versions(connection)
    (Path(book.deployment.roots.reports) / "fail").touch()
    _, state = book.run(force=True)
    assert state == "failed"
    with book.deployment.ledger.reading() as connection:
        assert current_versions(connection) == before
    assert book.deployment.datamart.read(before[SCORED])["value"].to_pylist() == [1, 0]


def test_files_of_a_task_that_never_finished_are_removed(runner_of: Maker) -> None:
    book = runner_of(
        task("one", "writes_scores", writes=(SCORED,)),
        task("two", "writes_and_fails", upstream=("one",), writes=("gold.model_predictions",)),
    )
    run_id, state = book.run()
    assert state == "failed"
    versions = Path(book.deployment.roots.datamart) / ".versions"
    assert list((versions / "staged" / "scored" / run_id).iterdir())
    assert not (versions / "gold" / "model_predictions" / run_id).exists()


def test_a_task_that_writes_what_it_does_not_declare_fails(runner_of: Maker) -> None:
    book = runner_of(task("sly", "writes_undeclared"))
    run_id, state = book.run()
    assert state == "failed"
    with book.deployment.ledger.reading() as connection:
        assert "gold.model_predictions" in run_row(connection, run_id).error["message"]


def test_a_path_that_can_not_be_linked_does_not_lose_the_run(runner_of: Maker) -> None:
    book = runner_of(Task("gold", f"{TASKS}:writes_undeclared", writes=("gold.model_predictions",)))
    in_the_way = Path(book.deployment.roots.datamart) / "gold" / "model_predictions.parquet"
    in_the_way.mkdir(parents=True)
    _, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        assert "gold.model_predictions" in current_versions(connection)
    in_the_way.rmdir()
    book.run()  # all cached, and the path is set right
    assert pq.read_table(in_the_way)["loan_id"].to_pylist() == ["L1"]


def test_versions_are_not_removed_while_a_run_is_at_work(runner_of: Maker) -> None:
    book = runner_of(task("one", "writes_scores", writes=(SCORED,)))
    with book.deployment.ledger.writing() as connection:
        wanted = runs.checked_request(book.deployment, "monitoring")
        assert claim(connection, request_run(connection, wanted, utc_now()), "somebody", utc_now())
    for _ in range(7):
        book.run(force=True)
    folder = Path(book.deployment.roots.datamart) / ".versions" / "staged" / "scored"
    assert len(list(folder.iterdir())) == 7


def test_files_of_a_run_that_was_killed_are_removed_by_the_next(runner_of: Maker) -> None:
    book = runner_of(task("one", "writes_scores", writes=(SCORED,)))
    with book.deployment.ledger.writing() as connection:
        killed = request_run(connection, runs.checked_request(book.deployment, "monitoring"), utc_now())
        lease = claim(connection, killed, "somebody", utc_now())
        assert lease
        finish(connection, lease, "crashed", None, utc_now())
    orphan = Path(book.deployment.roots.datamart) / ".versions" / "staged" / "scored" / killed
    orphan.mkdir(parents=True)
    (orphan / "part-00000.parquet").touch()
    (orphan / "part-00001.parquet.0123456789abcdef.loanwatch.tmp").touch()
    book.run()
    assert not orphan.exists()


def test_published_paths_read_as_plain_parquet(runner_of: Maker) -> None:
    book = runner_of(Task("gold", f"{TASKS}:writes_undeclared", writes=("gold.model_predictions",)))
    book.run()
    link = Path(book.deployment.roots.datamart) / "gold" / "model_predictions.parquet"
    assert link.is_symlink()
    assert pq.read_table(link)["loan_id"].to_pylist() == ["L1"]
