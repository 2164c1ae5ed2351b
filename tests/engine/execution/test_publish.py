"""The end of a run: everything or nothing, and effects once, however often a cached task hands them over."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.control import runs
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from jobs.sample.write import SampleSpec, write_sample
from storage.db.schema import decisions, table_versions
from storage.lake.names import SCORED
from storage.ledger.catalog import current_versions
from storage.ledger.models import model_by_alias
from storage.ledger.runs import recent_runs, run_row
from storage.settings import load_settings
from tests.databases import both_thoroughly
from tests.engine.runner import PipelineRunner, task

Maker = Callable[..., PipelineRunner]
CUSTOMERS = 5000


@pytest.fixture(scope="module")
def drifting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book, and the same book whose newest cohorts have drifted."""
    folder = tmp_path_factory.mktemp("books")
    write_sample(folder / "calm", SampleSpec(CUSTOMERS, 3))
    write_sample(folder / "drifted", SampleSpec(CUSTOMERS, 3, drift=1.5))
    return folder


def run(deployment: Deployment, pipeline: str, **more: object) -> str:
    executor = LocalExecutor()
    run_id = runs.request(deployment, runs.checked_request(deployment, pipeline, **more))  # type: ignore[arg-type]
    assert execute_run(deployment, run_id, executor) == "succeeded"
    executor.close()
    return run_id


@both_thoroughly
def test_a_drifted_book_makes_the_gate_ask_for_exactly_one_training_run(
    drifting: Path, tmp_path: Path, ledger_url: str
) -> None:
    deployment = Deployment.open(load_settings(home=tmp_path / "home", ledger=ledger_url))
    run(deployment, "training", params={"data": str(drifting / "calm")})
    run(deployment, "inference")
    run(deployment, "monitoring")
    with deployment.ledger.reading() as connection:
        (calm,) = connection.execute(select(decisions)).all()
        champion = model_by_alias(connection)
    assert (calm.action, calm.requested_run_id) == ("none", None)
    assert calm.numbers["psi"] < 0.1

    run(deployment, "inference", params={"data": str(drifting / "drifted")}, force=True)
    cause = run(deployment, "monitoring")
    again = run(deployment, "monitoring")  # cached: the decision is not taken twice
    forced = run(deployment, "monitoring", force=True)  # taken again, but a training run is waiting already
    with deployment.ledger.reading() as connection:
        taken = {row.run_id: row for row in connection.execute(select(decisions))}
        waiting = [row for row in recent_runs(connection, 50, "training") if row.state == "queued"]
    assert len(waiting) == 1
    assert (waiting[0].cause, waiting[0].cause_run_id) == ("governance", cause)
    assert waiting[0].cause_detail["psi"] >= 0.2
    assert taken[cause].action == "requested"
    assert again not in taken
    assert (taken[forced].action, taken[forced].requested_run_id) == ("suppressed", waiting[0].run_id)

    executor = LocalExecutor()
    assert execute_run(deployment, waiting[0].run_id, executor) == "succeeded"
    executor.close()
    with deployment.ledger.reading() as connection:
        new = model_by_alias(connection)
        # It learnt from the book that drifted, not from the one that the old champion knew.
        assert run_row(connection, waiting[0].run_id).snapshot["data"] == str(drifting / "drifted")
    assert champion is not None
    assert new is not None
    assert new.version != champion.version
    deployment.ledger.close()


def test_only_the_newest_versions_are_kept(runner_of: Maker) -> None:
    book = runner_of(task("one", "writes_scores", writes=(SCORED,)))
    for _ in range(8):
        book.run(force=True)
    with book.deployment.ledger.reading() as connection:
        kept = connection.execute(select(table_versions.c.version).where(table_versions.c.removed_at.is_(None))).all()
        newest = current_versions(connection)[SCORED]
    folder = Path(book.deployment.roots.datamart) / ".versions" / "staged" / "scored"
    assert len(kept) == len(list(folder.iterdir())) == 5
    book.deployment.datamart.verify(newest)


def test_the_logical_date_of_a_retrain_is_that_of_the_monitoring_run(drifting: Path, tmp_path: Path) -> None:
    deployment = Deployment.open(load_settings(home=tmp_path / "home", psi_threshold=0.0001))
    run(deployment, "training", as_of=date(2025, 7, 1), params={"data": str(drifting / "calm")})
    run(deployment, "inference", as_of=date(2025, 7, 1))
    run(deployment, "monitoring", as_of=date(2025, 7, 1))
    with deployment.ledger.reading() as connection:
        (waiting,) = [row for row in recent_runs(connection, 9, "training") if row.state == "queued"]
    assert waiting.as_of == date(2025, 7, 1)
    deployment.ledger.close()
