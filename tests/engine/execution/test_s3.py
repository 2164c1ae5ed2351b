"""Everything but the ledger on object storage: the same code, a real S3 server, no links."""

from pathlib import Path

import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.doctor.checks import findings
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from storage.errors import DamagedFile
from storage.lake.report_store import facts_of
from storage.ledger.catalog import current_versions
from storage.ledger.published.reports import current_reports
from storage.settings import load_settings


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_three_pipelines_run_on_object_storage(bucket: str, small_book: Path, tmp_path: Path) -> None:
    settings = load_settings(
        home=tmp_path / "home",
        data=str(small_book),
        datamart=bucket.format("datamart"),
        models=bucket.format("models"),
        reports=bucket.format("reports"),
    )
    deployment = Deployment.open(settings)
    executor = LocalExecutor()
    for pipeline in ("training", "inference", "monitoring"):
        run_id = runs.request(deployment, runs.checked_request(deployment, pipeline))
        assert execute_run(deployment, run_id, executor) == "succeeded"
    executor.close()
    with deployment.ledger.reading() as connection:
        current = current_versions(connection)
        (report,) = current_reports(connection)
    assert deployment.reports.is_placed(facts_of(report))
    assert report.placed_at is not None
    predictions = current["gold.model_predictions"]
    assert deployment.datamart.read(predictions).num_rows > 400
    assert not (tmp_path / "home" / "datamart").exists()
    found = findings(deployment)
    assert {finding.check for finding in found if finding.level == "problem"} == set()
    told = [(each.check, each.message) for each in found if each.check in ("links", "reports")]
    assert told == [("reports", "every report is the published one")]
    deployment.datamart.drop(predictions.table, predictions.version)
    with pytest.raises(DamagedFile, match="it is missing"):
        deployment.datamart.verify(predictions)
    deployment.ledger.close()
