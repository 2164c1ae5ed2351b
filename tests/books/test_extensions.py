"""What a lender adds to the default book, line by line, and what the pipelines make of it."""

from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest

from tests.books.extension import add_column, copied, rows_of, with_book, write_rows, written
from tests.console.pages import Opened, words

CHILDREN = """\
BOOK = BOOK.with_column("attributes", Column("Children", Kind.COUNT, "Children in the household", median=True))
BOOK = BOOK.with_feature(Latest("Children", "attributes", description="Children"), into="safe15")
"""
CHECKS = """\
CHECKS = Source("bureau_checks", "bureau_checks", "checks", "snapshot_date", ("Customer_ID", "snapshot_date"), columns=(
    Column("Customer_ID", Kind.IDENTIFIER, "Customer"),
    Column("checks", Kind.COUNT, "Checks at the credit bureau in the month"),
    Column("snapshot_date", Kind.DATE, "First day of the month"),
))
CHECKS_SUM = Window("checks_3_months", "checks", "checks", "sum", months=3, description="Checks of 3 months")
CHECKS_MEAN = Window("checks_mean", "checks", "checks", "mean", "loan_start", description="Checks in a month")
BOOK = BOOK.with_source(CHECKS).with_feature(CHECKS_SUM, CHECKS_MEAN, into="safe15")
"""
BOOSTING = """\
BOOK = BOOK.with_candidate(Candidate("sklearn.ensemble.HistGradientBoostingClassifier", {"random_state": 42}))
"""
REQUIRED = """\
BOOK = BOOK.changed_column("attributes", "Occupation", required=True)
"""
DAYS = """\
BOOK = BOOK.with_column("loan_daily", Column("days_past_due", Kind.INTEGER, "Days past due"))
BOOK = replace(BOOK, prediction=1, observation=12, bad_loan=BadLoan("loan_daily", "days_past_due", 89, 2, 12))
"""
GERMAN = """\
BOOK = BOOK.changed_source("financials", dialect=Dialect(delimiter=";", decimal_char=","))
BOOK = BOOK.changed_column("financials", "Annual_Income", received="Jahreseinkommen")
BOOK = BOOK.changed_column("financials", "Interest_Rate", received="Zinssatz")
"""


def month(day: str) -> int:
    """The months since the year 0 of a day as the sample writes it (day/month/year)."""
    _, month, year = (int(part) for part in day.split("/"))
    return year * 12 + month - 1


@pytest.mark.thorough
def test_a_feature_of_a_new_column_takes_two_lines(small_book: Path, tmp_path: Path) -> None:
    data = copied(small_book, tmp_path / "data")
    add_column(data / "features_attributes.csv", "Children", lambda row: int(row["Customer_ID"][-1], 16) % 4)
    made = with_book(tmp_path / "home", written(tmp_path / "children.py", CHILDREN, most=2))
    made.succeed("training", data=str(data))
    made.succeed("inference")
    gold = made.table("gold.model_training_data")
    expected = [float(int(customer[-1], 16) % 4) for customer in gold["Customer_ID"].to_pylist()]
    assert gold["Children"].to_pylist() == expected
    (champion,) = made.champions()
    model = made.deployment.models.load(champion.files["model"])
    assert "Children" in model.feature_names_in_
    assert len(model.feature_names_in_) == 16
    assert made.table("gold.model_predictions").num_rows > 0
    made.succeed("monitoring")
    assert "Children" in made.table("gold.model_monitoring_features")["feature"].to_pylist()


@pytest.mark.thorough
def test_a_fifth_dataset_takes_eight_lines(
    small_book: Path, tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = copied(small_book, tmp_path / "data")
    starts = {row["Customer_ID"]: month(row["snapshot_date"]) for row in rows_of(data / "features_attributes.csv")}
    rows = [
        {"Customer_ID": customer, "checks": str(at - start + 4), "snapshot_date": f"1/{at % 12 + 1}/{at // 12}"}
        for customer, start in starts.items()
        for at in range(start - 2, start + 5)
    ]
    write_rows(data / "bureau_checks.csv", rows)
    file = written(tmp_path / "checks.py", CHECKS, most=8)
    made = with_book(tmp_path / "home", file)
    run_id = made.succeed("training", data=str(data))
    gold = made.table("gold.model_training_data")
    # The rows of a customer say 2, 3, 4, 5 ... from two months before the start on; scoring is three months after it.
    assert set(gold["checks_3_months"].to_pylist()) == {4 + 5 + 6}
    assert set(gold["checks_mean"].to_pylist()) == {2.5}
    states = made.states(run_id)
    assert states["ingest_bureau_checks"] == states["clean_checks"] == "succeeded"
    assert {"bronze.bureau_checks", "quarantine.bureau_checks", "staged.checks", "silver.checks"} <= set(
        made.versions()
    )
    (champion,) = made.champions()
    assert {"checks_3_months", "checks_mean"} <= set(
        made.deployment.models.load(champion.files["model"]).feature_names_in_
    )
    made.succeed("inference")
    made.succeed("monitoring")
    monkeypatch.setenv("LOANWATCH_BOOK", str(file))
    made.close()
    shown = words(opened(made.home, "run", run_id=run_id))
    assert "ingest_bureau_checks" in shown
    assert "clean_checks" in shown
    listed = opened(made.home, "data", view="Tables").dataframe[0].value
    assert {"bureau_checks", "checks"} <= set(listed["Table"])
    assert "bureau_checks" in words(opened(made.home, "data", view="Row accounting"))


@pytest.mark.thorough
def test_a_fourth_candidate_takes_one_line(small_book: Path, tmp_path: Path) -> None:
    made = with_book(tmp_path / "home", written(tmp_path / "boosting.py", BOOSTING, most=1), "")
    made.succeed("training", data=str(small_book))
    (champion,) = made.champions()
    assert len(champion.summary["candidates"]) == 4
    assert 0.5 < champion.summary["candidates"]["HistGradientBoostingClassifier"]["test_auc"] < 1


@pytest.mark.thorough
def test_a_quality_check_takes_one_word(small_book: Path, tmp_path: Path) -> None:
    made = with_book(tmp_path / "home", written(tmp_path / "required.py", REQUIRED, most=1))
    run_id = made.succeed("training", data=str(small_book))
    reasons = made.values(run_id, "remove_flagged_customers")["reasons"]
    attributes = rows_of(small_book / "features_attributes.csv")
    without = sum(row["Occupation"].strip("_ ") == "" for row in attributes)
    assert without > 0
    assert [count for reason, count in reasons.items() if "Occupation" in reason] == [without]
    assert made.table("silver.attributes")["Occupation"].null_count == 0


@pytest.mark.thorough
def test_another_label_on_a_new_column_takes_two_lines(small_book: Path, tmp_path: Path) -> None:
    data = copied(small_book, tmp_path / "data")
    late: Counter[str] = Counter()

    def days(row: dict[str, str]) -> int:
        loan = row["loan_id"]
        late[loan] = late[loan] + 30 if int(row["overdue_amt"]) > 0 else 0
        return late[loan]

    add_column(data / "lms_loan_daily.csv", "days_past_due", days)
    made = with_book(tmp_path / "home", written(tmp_path / "days.py", DAYS, most=2))
    made.succeed("training", data=str(data))
    gold = made.table("gold.model_training_data")
    worst: Counter[str] = Counter()
    for row in rows_of(data / "lms_loan_daily.csv"):
        worst[row["loan_id"]] = max(worst[row["loan_id"]], int(row["days_past_due"]))
    loans, labels = gold["loan_id"].to_pylist(), gold["label"].to_pylist()
    assert labels == [int(worst[loan] >= 90) for loan in loans]
    assert 0 < sum(labels) < len(labels)
    first = gold.slice(0, 1).to_pylist()[0]
    start, prediction, observation = (
        first[name] for name in ("loan_start_date", "prediction_date", "observation_date")
    )
    months = [day.year * 12 + day.month for day in (start, prediction, observation)]
    assert (months[1] - months[0], months[2] - months[0]) == (1, 12)
    assert pc.max(gold["hist_total_due"]).as_py() == 0  # one month after the start, no instalment was due before
    made.succeed("inference")
    made.succeed("monitoring")
    assert made.table("gold.model_monitoring")["labelled_pooled"].to_pylist()[0] > 0


@pytest.mark.thorough
def test_other_names_and_decimal_commas_take_a_line_and_a_word_a_column(small_book: Path, tmp_path: Path) -> None:
    plain = with_book(tmp_path / "plain", None)
    plain.succeed("training", data=str(small_book))
    data = copied(small_book, tmp_path / "data")
    extract = data / "features_financials.csv"
    names = {"Annual_Income": "Jahreseinkommen", "Interest_Rate": "Zinssatz"}
    numbers = set(rows_of(extract)[0]) - {"Customer_ID", "Type_of_Loan", "snapshot_date", "Payment_Behaviour"}
    rows = [
        {names.get(name, name): text.replace(".", ",") if name in numbers else text for name, text in row.items()}
        for row in rows_of(extract)
    ]
    write_rows(extract, rows, ";")
    made = with_book(tmp_path / "home", written(tmp_path / "german.py", GERMAN, most=3))
    made.succeed("training", data=str(data))
    for table in ("silver.financials", "gold.model_training_data"):
        assert made.table(table).equals(plain.table(table)), table
    assert made.champions()[0].files["model"].sha256 == plain.champions()[0].files["model"].sha256
