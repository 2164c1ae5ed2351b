"""Loans of flagged customers are scored and marked, and change nothing of the others."""

import csv
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pytest

from engine.documents.runs import run_details
from jobs.silver.quality.report import quality_report
from storage.lake.names import INFERENCE_FEATURES, MONITORING, OUTCOMES, PREDICTIONS
from tests.commands import command
from tests.retail import BOOK, KEYS
from tests.sandbox import AS_OF, Sandbox

MEASURED = ("auc", "auc_low", "psi", "labelled", "defaults", "window_rows", "fitted_left_out", "estimate_rows")


def flagged_customers(sandbox: Sandbox) -> set[str]:
    return set(
        quality_report({name: sandbox.table(f"staged.{name}") for name in KEYS}, AS_OF, BOOK).flagged.to_pylist()
    )


@pytest.fixture(scope="module")
def without_them(sample_data: Path, trained_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The trained deployment after a delivery that leaves out the flagged customers, scored and monitored."""
    folder = Path(shutil.copytree(sample_data, tmp_path_factory.mktemp("unflagged") / "data"))
    flagged = flagged_customers(trained_sandbox)
    for path in folder.iterdir():
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(row for row in rows if row["Customer_ID"].strip() not in flagged)
    made = trained_sandbox.copy(tmp_path_factory.mktemp("without") / "home")
    made.succeed("inference", data=str(folder))
    made.succeed("monitoring")
    return made


def test_every_loan_of_a_flagged_customer_is_scored_and_marked(trained_sandbox: Sandbox) -> None:
    predictions, flagged = trained_sandbox.table(PREDICTIONS), flagged_customers(trained_sandbox)
    assert {row["customer_id"] for row in predictions.to_pylist() if row["flagged"]} == flagged
    reasons = set(predictions.filter(predictions["flagged"])["flagged_reason"].to_pylist())
    assert {"Age over 100", "SSN invalid", "Age under 18; SSN invalid"} <= reasons
    assert predictions.filter(pc.invert(predictions["flagged"]))["flagged_reason"].null_count == sum(
        not row for row in predictions["flagged"].to_pylist()
    )
    probabilities = predictions.filter(predictions["flagged"])["predicted_proba"].to_pylist()
    assert len(set(probabilities)) > len(flagged) / 2  # they are no constant
    assert flagged.isdisjoint(trained_sandbox.table("gold.model_training_data")["Customer_ID"].to_pylist())


def test_flagged_customers_change_no_number_of_the_others(without_them: Sandbox, monitored_sandbox: Sandbox) -> None:
    for name in (PREDICTIONS, INFERENCE_FEATURES):
        table = monitored_sandbox.table(name)
        assert table.filter(pc.invert(table["flagged"])).equals(without_them.table(name))
    assert monitored_sandbox.table(OUTCOMES).equals(without_them.table(OUTCOMES))
    (row,), (other,) = (made.table(MONITORING).to_pylist() for made in (monitored_sandbox, without_them))
    assert {name: row[name] for name in MEASURED} == {name: other[name] for name in MEASURED}
    assert (other["flagged_loans"], other["flagged_share"], other["flagged_defaults"]) == (0, 0.0, 0)


def test_their_loans_amount_and_defaults_are_counted(monitored_sandbox: Sandbox) -> None:
    (row,), flagged = monitored_sandbox.table(MONITORING).to_pylist(), flagged_customers(monitored_sandbox)
    ledger = monitored_sandbox.table("staged.loan_daily").to_pandas()
    theirs = ledger[ledger["Customer_ID"].isin(flagged)]
    late = theirs[theirs["installment_num"].between(3, 6)].groupby("loan_id")["overdue_amt"].max() > 0
    amounts = ledger.groupby("loan_id")["loan_amt"].max()
    assert (row["flagged_loans"], row["flagged_labelled"]) == (theirs["loan_id"].nunique(), len(late))
    assert row["flagged_defaults"] == late.sum() > 0
    assert row["flagged_amount"] == amounts[theirs["loan_id"].unique()].sum()
    assert row["flagged_share"] == pytest.approx(row["flagged_amount"] / amounts.sum())


def test_the_accounts_of_both_runs_have_them(monitored_sandbox: Sandbox, tmp_path: Path) -> None:
    count = len(flagged_customers(monitored_sandbox))
    versions = monitored_sandbox.versions()
    runs = {"inference": versions[PREDICTIONS].version, "monitoring": versions[MONITORING].version}
    with monitored_sandbox.deployment.ledger.reading() as connection:
        accounts = {name: run_details(connection, run)["accounts"] for name, run in runs.items()}
    assert {one["balanced"] for told in accounts.values() for one in told} == {True}
    assert f" + {count} scored of flagged customers + 0 not due yet" in accounts["inference"][-1]["sentence"]
    assert f" = {count} of flagged customers + " in accounts["monitoring"][-1]["sentence"]
    home = Sandbox.copied(monitored_sandbox.home, tmp_path / "home").home
    assert f"{count} scored of flagged customers" in command("show", runs["inference"], "--home", str(home)).stdout
