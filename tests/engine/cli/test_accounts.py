"""What `show` says of where everything went: files, formats, nulls, customers, loans and scores."""

import csv
import shutil
from pathlib import Path

import pytest

from tests.commands import command, document
from tests.sandbox import Sandbox


@pytest.fixture
def rewritten(sample_data: Path, tmp_path: Path) -> Path:
    """The sample with its ledger in two parts, the first with a blank line, and incomes with a decimal comma."""
    data = shutil.copytree(sample_data, tmp_path / "data")
    header, *rows = (data / "lms_loan_daily.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (data / "lms_loan_daily.csv").unlink()
    (data / "lms_loan_daily").mkdir()
    (data / "lms_loan_daily" / "1.csv").write_text("".join([header, *rows[:5000], "\n"]), encoding="utf-8")
    (data / "lms_loan_daily" / "2.csv").write_text("".join([header, *rows[5000:], "too,few\n"]), encoding="utf-8")
    financials = data / "features_financials.csv"
    with financials.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    with financials.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        for row in table:
            writer.writerow({**row, "Annual_Income": row["Annual_Income"].replace(".", ",")})
    return data


def test_show_gives_the_accounts_of_a_run(sandbox: Sandbox, rewritten: Path) -> None:
    run_id = sandbox.succeed("training", data=str(rewritten))
    rows = sandbox.table("bronze.LMS_loans").num_rows
    quality = sandbox.values(run_id, "remove_flagged_customers")
    gold = sandbox.table("gold.model_training_data").num_rows
    nulls = sandbox.table("staged.financials")["Credit_Mix"].null_count
    sandbox.close()
    told = document("show", run_id, "--home", str(sandbox.home))
    assert {one["balanced"] for one in told["accounts"]} == {True}
    said = command("show", run_id, "--home", str(sandbox.home)).stdout
    for line in (
        "✓ lms_loan_daily/1.csv: 5,000 records read = 5,000 stored + 0 quarantined",
        f"✓ lms_loan_daily/2.csv: {rows - 4999:,} records read = {rows - 5000:,} stored + 1 quarantined",
        "✓ lms_loan_daily/2.csv: 1 record quarantined = 1 with 2 fields, expected 11",
        f"✓ loan_daily: {rows:,} rows stored = {rows:,} cleaned",
        f"✓ Credit_Mix of financials: 1,200 values = {1200 - nulls:,} readable + {nulls:,} placeholder",
        f"✓ customers: 1,200 known = {1200 - quality['flagged']:,} kept + {quality['flagged']:,} removed",
        f"✓ customers: {quality['flagged']:,} flagged: ",
        f"✓ loans: {gold:,} known = {gold:,} labelled + 0 waiting",
        "Annual_Income in features_financials.csv is written with decimal character ','.",
        "lms_loan_daily/1.csv: 1 blank line is no record.",
    ):
        assert line in said, said
    assert "{" not in said.partition("Records of each file")[2]


def test_inference_on_new_extracts_accounts_for_what_it_reads(sandbox: Sandbox, rewritten: Path) -> None:
    run_id = sandbox.succeed("inference", data=str(rewritten))
    sandbox.close()
    said = command("show", run_id, "--home", str(sandbox.home)).stdout
    for words in (
        "✓ lms_loan_daily/1.csv: 5,000 records read",
        "✓ Credit_Mix of financials: 1,200 values",
        "✓ customers: 1,200 known",
        "scored of flagged customers + 0 not due yet",
        "% of the amount), scored and left out of every metric; ",
        "Annual_Income in features_financials.csv is written with",
    ):
        assert words in said, said
    assert "✗" not in said


def test_an_account_that_does_not_balance_is_marked(sandbox: Sandbox, rewritten: Path) -> None:
    before = sandbox.versions()
    sandbox.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.silver.quality.report.number_of_customers", lambda _customers, rows: len(rows))
        again = Sandbox.at(sandbox.home)
        ended = again.run("training", data=str(rewritten))
        assert again.versions() == before
        again.close()
    assert ended.error["exit_code"] == 1
    said = command("show", ended.run_id, "--home", str(sandbox.home)).stdout
    assert "✗ customers: 4 known ≠ 4 kept + " in said
    assert "are too many)" in said
