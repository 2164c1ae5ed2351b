"""What a run that ended in vain left as it was."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.control import runs
from engine.documents.running.impact import impact_document
from engine.documents.runs import run_details
from storage.lake.names import PREDICTIONS
from storage.ledger.runs import run_row
from tests.sandbox import AS_OF, Sandbox


@pytest.fixture
def monitored(monitored_home: Path, tmp_path: Path) -> Sandbox:
    """A deployment with scores that the test may change."""
    return Sandbox.copied(monitored_home, tmp_path / "home")


def cancelled(sandbox: Sandbox) -> str:
    run_id = runs.request(sandbox.deployment, runs.checked_request(sandbox.deployment, "inference", AS_OF, force=True))
    runs.cancel(sandbox.deployment, run_id)
    return run_id


def test_the_impact_names_what_is_in_use_and_a_later_success(monitored: Sandbox) -> None:
    run_id = cancelled(monitored)
    zone = ZoneInfo("Europe/Berlin")
    with monitored.deployment.ledger.reading() as connection:
        before = impact_document(connection, run_row(connection, run_id), zone)
        assert run_details(connection, run_id)["impact"]["scores"] == before["scores"]
    champion, loans = monitored.champions()[0].version, monitored.table(PREDICTIONS).num_rows
    assert before["published"] == []
    assert before["sentences"][0] == f"Published tables and champion {champion} are unchanged."
    assert before["sentences"][1].startswith(f"Scores in use are of 1 Dec 2025: {loans:,} loans, by model {champion}")
    assert "CE" in before["sentences"][1].rpartition(" ")[2]
    assert before["sentences"][2] == "The last success of inference was as of 1 Dec 2025."
    later = monitored.succeed("inference")
    with monitored.deployment.ledger.reading() as connection:
        after = impact_document(connection, run_row(connection, run_id), zone)
        assert impact_document(connection, run_row(connection, later), zone) is None
    assert after["last_success"]["run_id"] == later
    assert after["sentences"][2] == "Inference has succeeded since then, as of 1 Dec 2025."


def test_the_impact_without_a_model_says_that_there_is_none(tmp_path: Path) -> None:
    empty_sandbox = Sandbox.at(tmp_path / "home")
    run_id = cancelled(empty_sandbox)
    with empty_sandbox.deployment.ledger.reading() as connection:
        found = impact_document(connection, run_row(connection, run_id), ZoneInfo("UTC"))
    assert found["sentences"] == [
        "Published tables are unchanged; there is no champion yet.",
        "No loan has been scored yet.",
        "Inference has not succeeded yet.",
    ]
