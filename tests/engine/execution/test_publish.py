"""The end of a run: everything or nothing, and effects once, however often a cached task hands them over."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.control import runs
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from jobs.sample.write import write_sample
from storage.db.schema import decisions, table_versions
from storage.lake.names import SCORED
from storage.ledger.catalog import current_versions
from storage.ledger.models import model_by_alias, model_made_by
from storage.ledger.runs import recent_runs, run_row
from storage.settings import load_settings
from tests.engine.runner import PipelineRunner, task
from tests.sandbox import AS_OF, Sandbox
from tests.trained import SAMPLE

Maker = Callable[..., PipelineRunner]
THRESHOLD = 0.1  # of PSI, which so small a book of which so little has drifted reaches


@pytest.fixture
def drifted_data(tmp_path: Path) -> Path:
    """The same book as the sample, but that its newest cohorts have drifted."""
    write_sample(tmp_path / "drifted", replace(SAMPLE, drift=3.0))
    return tmp_path / "drifted"


@pytest.fixture
def monitored(ledger_url: str, sample_data: Path, monitored_home: Path, tmp_path: Path) -> Iterator[Deployment]:
    """A deployment that was trained on the sample and monitored once, on each of the two databases."""
    home = tmp_path / "home"
    if ledger_url.startswith("sqlite"):  # everything of the deployment lies in its home, which is copied
        deployment = Sandbox.copied(monitored_home, home).deployment
    else:
        deployment = Deployment.open(load_settings(home=home, ledger=ledger_url))
        run(deployment, "training", params={"data": str(sample_data)})
        run(deployment, "inference")
        run(deployment, "monitoring")
    yield deployment.with_settings(deployment.settings.changed(psi_threshold=THRESHOLD))
    deployment.ledger.close()


def run(deployment: Deployment, pipeline: str, as_of: date = AS_OF, **more: object) -> str:
    executor = LocalExecutor()
    wanted = runs.checked_request(deployment, pipeline, as_of, **more)  # type: ignore[arg-type]
    run_id = runs.request(deployment, wanted)
    assert execute_run(deployment, run_id, executor) == "succeeded"
    executor.close()
    return run_id


@pytest.mark.thorough
def test_a_drifted_book_makes_the_gate_ask_for_exactly_one_training_run(
    monitored: Deployment, drifted_data: Path
) -> None:
    deployment = monitored
    with deployment.ledger.reading() as connection:
        (calm,) = connection.execute(select(decisions)).all()
        champion = model_by_alias(connection)
    assert (calm.action, calm.requested_run_id) == ("none", None)
    assert calm.numbers["psi"] < THRESHOLD / 2

    run(deployment, "inference", params={"data": str(drifted_data)}, force=True)
    cause = run(deployment, "monitoring")
    again = run(deployment, "monitoring")  # cached: the decision is not taken twice
    forced = run(deployment, "monitoring", force=True)  # taken again, but a training run is waiting already
    with deployment.ledger.reading() as connection:
        taken = {row.run_id: row for row in connection.execute(select(decisions))}
        waiting = [row for row in recent_runs(connection, 50, "training") if row.state == "queued"]
    assert len(waiting) == 1
    assert (waiting[0].cause, waiting[0].cause_run_id) == ("governance", cause)
    assert waiting[0].cause_detail["psi"] >= THRESHOLD
    assert taken[cause].action == "requested"
    assert again not in taken
    assert (taken[forced].action, taken[forced].requested_run_id) == ("suppressed", waiting[0].run_id)

    executor = LocalExecutor()
    assert execute_run(deployment, waiting[0].run_id, executor) == "succeeded"
    executor.close()
    with deployment.ledger.reading() as connection:
        made = model_made_by(connection, waiting[0].run_id)
        # It learnt from the book that drifted, not from the one that the old champion knew.
        assert run_row(connection, waiting[0].run_id).snapshot["data"] == str(drifted_data)
    assert champion is not None
    assert made is not None
    assert made.version != champion.version


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


@pytest.mark.thorough
def test_the_logical_date_of_a_retrain_is_that_of_the_monitoring_run(sandbox: Sandbox) -> None:
    deployment = sandbox.deployment.with_settings(sandbox.deployment.settings.changed(psi_threshold=0.0001))
    run(deployment, "monitoring", as_of=AS_OF)
    with deployment.ledger.reading() as connection:
        (waiting,) = [row for row in recent_runs(connection, 9, "training") if row.state == "queued"]
    assert waiting.as_of == AS_OF
