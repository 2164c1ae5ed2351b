"""What cleaning removes: leftovers of attempts, what a killed cleaning marked, artifacts that nobody used for long."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from engine.deployment import Deployment
from engine.execution.vacuum import vacuum
from storage.db.ledger import utc_now
from storage.files.away import HeldTransaction
from storage.lake.datamart import TableVersion
from storage.lake.names import SCORED
from storage.ledger.catalog import current_versions, mark_removed
from tests.commands import command
from tests.engine.runner import PipelineRunner, task
from tests.job_factory import JobFactory

Maker = Callable[..., PipelineRunner]


def test_an_attempt_that_ends_late_leaves_its_successors_part(job_factory: JobFactory) -> None:
    job = job_factory.job()
    first, second = job.for_partition("", 1), job.for_partition("", 2)

    def rows_of_the_first() -> list[pa.Table]:
        assert second.write(SCORED, [pa.table({"value": [2]})])
        return [pa.table({"value": [1]})]

    late = first.write(SCORED, rows_of_the_first())
    written = second.write(SCORED, [pa.table({"value": [2]})])
    first.write(SCORED, rows_of_the_first())
    assert job.datamart.read(TableVersion(SCORED, job.run_id, written.parts)).to_pydict() == {"value": [2]}
    assert late.parts[0].name != written.parts[0].name


def test_leftovers_of_earlier_attempts_go_at_the_end_of_the_run(runner_of: Maker) -> None:
    book = runner_of(task("one", "writes_at_every_try", writes=(SCORED,), retries=1))
    run_id, state = book.run()
    assert state == "succeeded"
    folder = Path(book.deployment.roots.datamart) / ".versions" / "staged" / "scored" / run_id
    with book.deployment.ledger.reading() as connection:
        part = current_versions(connection)[SCORED].parts[0]
    assert [file.name for file in folder.iterdir()] == [part.name.rpartition("/")[2]] == ["part-00000-2.parquet"]


def test_what_a_killed_cleaning_had_marked_is_deleted_by_the_next(runner_of: Maker) -> None:
    book = runner_of(task("one", "writes_scores", writes=(SCORED,)))
    (old, _), _ = book.run(), book.run(force=True)
    with book.deployment.ledger.writing() as connection:
        mark_removed(connection, [(SCORED, old)], utc_now())
    folder = Path(book.deployment.roots.datamart) / ".versions" / "staged" / "scored"
    assert (folder / old).exists()
    vacuum(book.deployment)
    assert not (folder / old).exists()
    assert len(list(folder.iterdir())) == 1


def test_artifacts_go_after_their_retention_and_are_made_anew(
    runner_of: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = runner_of(task("one", "keeps_an_artifact"))
    book.run()
    settings = book.deployment.settings
    stored = Path(settings.models_root) / ".artifacts"
    given = "--home", str(settings.home)
    monkeypatch.setenv("LOANWATCH_LEDGER", settings.ledger_url)
    assert command("prune", "--yes", *given).returncode == 0
    assert len(list(stored.rglob("*/*"))) == 1
    monkeypatch.setenv("LOANWATCH_ARTIFACT_DAYS", "0")
    shown = command("prune", *given)
    assert "no run has used it since" in shown.stdout
    assert len(list(stored.rglob("*/*"))) == 1
    assert command("prune", "--yes", *given).returncode == 0
    assert list(stored.iterdir()) == []
    run_id, _ = book.run()
    assert book.states(run_id) == {"one": "succeeded"}


def test_no_store_is_called_within_a_transaction_that_writes(deployment: Deployment) -> None:
    with deployment.ledger.writing(), pytest.raises(HeldTransaction):
        deployment.datamart.versions()
