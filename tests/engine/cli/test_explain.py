"""`explain LOAN`: the prediction of a loan with its reasons, and what it says when there are none."""

from typing import Any

import pyarrow.compute as pc
import pytest

from jobs.modelling.explanation.contributions import MOST_REASONS
from jobs.modelling.explanation.typical import typical_payer
from storage.lake.names import INFERENCE_FEATURES, PREDICTIONS, TRAINING_DATA
from tests.commands import command, document
from tests.retail import BOOK, SAFE15
from tests.sandbox import Sandbox


def explained(sandbox: Sandbox, loan: str) -> Any:
    return document("explain", loan, "--home", str(sandbox.home))


@pytest.fixture(scope="module")
def riskiest(trained_sandbox: Sandbox) -> dict[str, Any]:
    """The row of the prediction with the highest probability of default."""
    rows = trained_sandbox.table(PREDICTIONS).sort_by([("predicted_proba", "descending")])
    return rows.slice(0, 1).to_pylist()[0]


def test_it_tells_the_prediction_and_what_raises_the_risk_most(
    trained_sandbox: Sandbox, riskiest: dict[str, Any]
) -> None:
    told = explained(trained_sandbox, riskiest["loan_id"])
    for name in ("predicted_proba", "predicted_label", "model_version", "cohort"):
        assert told[name] == riskiest[name]
    effects = [one["contribution"] for one in told["contributions"]]
    assert {one["feature"] for one in told["contributions"]} == set(SAFE15)
    assert effects == sorted(effects, reverse=True)
    assert told["reasons"] == told["contributions"][:MOST_REASONS]
    assert {one["effect"] for one in told["reasons"]} == {"raises"}
    assert sum(effects) == pytest.approx(told["log_odds"] - told["typical_log_odds"])
    assert told["others"] == pytest.approx(sum(effects[MOST_REASONS:]))
    assert told["typical_proba"] < told["predicted_proba"]


def test_the_values_are_those_of_the_loan_and_of_good_train_loans(
    trained_sandbox: Sandbox, riskiest: dict[str, Any]
) -> None:
    told = explained(trained_sandbox, riskiest["loan_id"])
    features = trained_sandbox.table(INFERENCE_FEATURES)
    own = features.filter(pc.equal(features["loan_id"], riskiest["loan_id"])).to_pylist()[0]
    training = trained_sandbox.table(TRAINING_DATA)
    typical = typical_payer(training.filter(pc.equal(training["split"], "train")), SAFE15)
    for one in told["contributions"]:
        assert one["value"] == own[one["feature"]]
        assert one["typical"] == typical[one["feature"]]
        assert one["name"] == BOOK.plain_name(one["feature"])


def test_the_text_has_plain_names_and_no_personal_data(trained_sandbox: Sandbox, riskiest: dict[str, Any]) -> None:
    told = explained(trained_sandbox, riskiest["loan_id"])
    done = command("explain", riskiest["loan_id"], "--home", str(trained_sandbox.home))
    assert done.returncode == 0
    assert f"A typical good payer has a probability of default of {told['typical_proba']:.1%}." in done.stdout
    assert f"probability of default {riskiest['predicted_proba']:.1%}" in done.stdout
    for reason in told["reasons"]:
        assert reason["name"] in done.stdout
        assert f"{reason['contribution']:+.2f}" in done.stdout
    assert sum(" raises " in line for line in done.stdout.splitlines()) == len(told["reasons"]) + 1  # and the heading
    people = trained_sandbox.table("silver.attributes").to_pylist()
    (person,) = [row for row in people if row["Customer_ID"] == riskiest["customer_id"]][-1:]
    for text in (done.stdout, str(told)):
        assert person["SSN"] not in text
        assert person["Name"] not in text


def test_an_unknown_loan_is_a_sentence_with_exit_code_2(trained_sandbox: Sandbox) -> None:
    done = command("explain", "no such loan", "--home", str(trained_sandbox.home))
    assert done.returncode == 2
    assert "Loan 'no such loan' has no prediction; check the id" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_changed_model_file_is_not_opened(sandbox: Sandbox, riskiest: dict[str, Any]) -> None:
    (champion,) = sandbox.champions()
    (sandbox.home / "model_store" / champion.files["model"].name).write_bytes(b"not it")
    done = command("explain", riskiest["loan_id"], "--home", str(sandbox.home))
    assert done.returncode == 1
    assert "its SHA-256 is not the one that was registered" in done.stderr


def test_it_works_without_the_training_data(sandbox: Sandbox, riskiest: dict[str, Any]) -> None:
    before = explained(sandbox, riskiest["loan_id"])
    sandbox.deployment.datamart.drop(TRAINING_DATA, sandbox.versions()[TRAINING_DATA].version)
    assert explained(sandbox, riskiest["loan_id"]) == before


def test_a_loan_of_a_flagged_customer_says_so(trained_sandbox: Sandbox) -> None:
    rows = trained_sandbox.table(PREDICTIONS)
    flagged = rows.filter(rows["flagged"]).slice(0, 1).to_pylist()[0]
    told = explained(trained_sandbox, flagged["loan_id"])
    assert told["flagged_reason"] == flagged["flagged_reason"]
    done = command("explain", flagged["loan_id"], "--home", str(trained_sandbox.home))
    assert f"Its customer is flagged: {flagged['flagged_reason']}." in done.stdout
