"""A broken feed asks for a person and is never learnt; a drifted population still retrains."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.ledger.leases import finish
from storage.ledger.models import AliasEvent, ModelVersion, move_alias, register
from tests.books.extension import with_book, written
from tests.cases.rewritten import Row, rewritten
from tests.champions import claimed_lease
from tests.sandbox import AS_OF, ONE_CANDIDATE, Sandbox

RATE = "Interest_Rate"


def delivered(book: Path, folder: Path, write: Callable[[str], str], column: str = RATE) -> str:
    """A later delivery of the book's financials, with every value of a column written otherwise."""

    def change(rows: list[Row]) -> list[Row]:
        return [{**row, column: write(row[column])} for row in rows]

    return str(rewritten(book, folder, "features_financials", change))


def judged(sandbox: Sandbox, data: str) -> Any:
    """The gate's decision on a delivery that inference could read."""
    sandbox.succeed("inference", data=data)
    sandbox.succeed("monitoring")
    return sandbox.decisions()[-1]


def promotion(sandbox: Sandbox, data: str) -> dict[str, Any]:
    run_id = sandbox.succeed("training", data=data, candidates=ONE_CANDIDATE)
    found: dict[str, Any] = sandbox.values(run_id, "store_best_model")["promotion"]
    return found


@pytest.mark.thorough
def test_percent_signs_in_every_row_are_a_data_fault(sandbox: Sandbox, sample_data: Path, tmp_path: Path) -> None:
    data = delivered(sample_data, tmp_path / "percent", lambda text: f"{text}%")
    for pipeline in ("inference", "training"):
        assert sandbox.run(pipeline, data=data).error["exit_code"] == 3
        sandbox.succeed("monitoring")
        decision = sandbox.decisions()[-1]
        assert (decision.status, decision.action) == (
            "data fault",
            "escalated" if pipeline == "inference" else "suppressed",
        )
        assert decision.reason.startswith(f"The newest delivery was rejected ({pipeline} of {AS_OF}, folder {data}): ")
        assert f"column {RATE}" in decision.reason
    assert (len(sandbox.champions()), sandbox.governance_requests()) == (1, [])
    # A delivery that can be read ends it, also for a monitoring run that would be cached.
    assert judged(sandbox, str(sample_data)).status != "data fault"


@pytest.mark.thorough
def test_a_column_that_may_be_unreadable_is_a_data_fault_when_all_of_it_is(small_book: Path, tmp_path: Path) -> None:
    lenient = f'BOOK = BOOK.changed_column("financials", "{RATE}", unreadable=1.0)\n'
    made = with_book(tmp_path / "home", written(tmp_path / "lenient.py", lenient))
    made.succeed("training", data=str(small_book))
    data = delivered(small_book, tmp_path / "percent", lambda text: f"{text}%")
    made.succeed("inference", data=data)
    made.succeed("monitoring", drift_rows=50)
    decision = made.decisions()[-1]
    assert decision.status == "data fault"
    assert decision.reason.startswith(f"{RATE} has no value in any of ")
    verdict = promotion(made, data)
    assert (verdict["promote"], made.governance_requests()) == (False, [])
    assert f"data fault: {RATE} has no value" in verdict["reason"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda text: "" if len(text) > 1 else text, f"{RATE} is missing in "),
        (lambda _: "", f"{RATE} has no value in any of "),
        (lambda text: f"{text}00", f"{RATE} is about 100 times what it was"),
        (lambda _: "12", f"{RATE} has one and the same value in all "),
    ],
)
def test_a_broken_column_asks_for_a_person_and_is_not_learnt(
    sandbox: Sandbox, sample_data: Path, tmp_path: Path, write: Callable[[str], str], told: str
) -> None:
    data = delivered(sample_data, tmp_path / "broken", lambda text: write(text) if text.isdigit() else text)
    decision = judged(sandbox, data)
    assert (decision.status, decision.action) == ("data fault", "escalated")
    assert told in decision.reason
    assert f"check column {RATE} of features_financials." in decision.reason
    features, outcomes = (sandbox.table(name)[RATE] for name in ("staged.inference_features", "staged.outcomes"))
    if "missing" in told:  # the model gets imputed values, drift is measured before
        assert features.null_count == 0 < outcomes.null_count
    verdict = promotion(sandbox, data)
    assert (verdict["promote"], len(sandbox.champions()), sandbox.governance_requests()) == (False, 1, [])
    assert f"data fault: {told}" in verdict["reason"]


def test_a_drift_of_one_deviation_is_no_fault_and_retrains(sandbox: Sandbox, sample_data: Path, tmp_path: Path) -> None:
    data = delivered(
        sample_data, tmp_path / "drift", lambda text: str(int(text) + 9) if text.isdigit() and int(text) < 100 else text
    )
    sandbox.succeed("inference", data=data)
    sandbox.succeed("monitoring", psi_threshold=0.001)
    decision = sandbox.decisions()[-1]
    assert (decision.status, decision.action) == ("breach", "requested")
    assert len(sandbox.governance_requests()) == 1


@pytest.mark.thorough
def test_a_model_of_an_earlier_release_is_monitored_as_before(sandbox: Sandbox) -> None:
    champion, store, ledger = sandbox.champions()[0], sandbox.deployment.models, sandbox.deployment.ledger
    metadata = json.loads(store.read(champion.files["metadata"]))
    del metadata["reference"]["before_imputation"], metadata["cut_off"]
    old = store.folder.write("model_metadata_20300101_000000.json", json.dumps(metadata).encode())
    model = ModelVersion("20300101_000000", "Old", {**champion.files, "metadata": old}, champion.summary, {})
    lease = claimed_lease(sandbox)
    with ledger.writing() as connection:
        assert register(connection, lease, model, ledger.clock())
        move_alias(connection, AliasEvent(model.version, "a test", "of an earlier release"), ledger.clock())
        finish(connection, lease, "succeeded", None, ledger.clock())
    sandbox.succeed("inference")
    run_id = sandbox.succeed("monitoring")
    told = "measured after imputation: model 20300101_000000 was trained by an earlier release."
    assert told in sandbox.log(run_id, "fetch_predictions_and_actuals")
    assert sandbox.decisions()[-1].status in ("healthy", "watch")
    assert not sandbox.values(run_id, "calculate_monitoring_metrics")["validation"]["calibrated"]
    features = sandbox.table("staged.inference_features")
    outcomes = sandbox.table("staged.outcomes")
    assert outcomes[RATE].null_count == features[RATE].null_count == 0
