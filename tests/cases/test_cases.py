"""Extracts as other programs write them: each is read as meant, or refused with file, column, line and remedy."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from storage.lake.names import TRAINING_DATA
from tests.cases.rewritten import DATES, MONEY, Change, Row, date_as, each, german, grouped, rewritten
from tests.sandbox import ONE_CANDIDATE, Ended, Sandbox

LEDGER, CLICKS = "lms_loan_daily", "feature_clickstream"
ATTRIBUTES, FINANCIALS = "features_attributes", "features_financials"
Loans = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def original(small_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Loans:
    """The training data of the book as it was made, by loan."""
    return trained(small_book, tmp_path_factory.mktemp("original"))[1]


def trained(data: Path, home: Path) -> tuple[Ended, Loans]:
    """(how a training on these extracts ended, its training data by loan)."""
    sandbox = Sandbox.at(home / "home", candidates=ONE_CANDIDATE)
    ended = sandbox.run("training", data=str(data))
    loans = {}
    if ended.state == "succeeded":
        loans = {row["loan_id"]: row for row in sandbox.table(TRAINING_DATA).to_pylist()}
    sandbox.close()
    return ended, loans


def exported(rows: Iterable[Row]) -> Iterable[Row]:
    """The ledger as a spreadsheet writes it: grouped amounts, US dates."""
    return each(DATES, date_as("{m}/{d}/{y}"))(list(each(MONEY, grouped)(list(rows))))


SAME: dict[str, tuple[str, Change]] = {
    "thousands separators": (LEDGER, each(MONEY, grouped)),
    "German amounts": (LEDGER, each(MONEY, german)),
    "currency signs": (LEDGER, each(MONEY, lambda text: f"$ {text}")),
    "ISO dates": (CLICKS, each(("snapshot_date",), date_as("{y}-{m:02}-{d:02}"))),
    "dates with a time": (LEDGER, each(DATES, date_as("{d}/{m}/{y} 00:00"))),
    "US dates": (LEDGER, each(DATES, date_as("{m}/{d}/{y}"))),
    "US dates of months": (CLICKS, each(("snapshot_date",), date_as("{m}/{d}/{y}"))),
    "a spreadsheet": (LEDGER, exported),
    "padded ids": (ATTRIBUTES, each(("Customer_ID",), lambda text: f"{text:<14}")),
    "a byte order mark before ids": (FINANCIALS, each(("Customer_ID",), lambda text: f"\ufeff{text}")),
    "newest first": (LEDGER, lambda rows: rows[::-1]),
    "older versions behind newer ones": (
        LEDGER,
        lambda rows: [*rows, *({**row, "overdue_amt": "77", "snapshot_date": "1/1/2010"} for row in rows)],
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", SAME)
def test_what_can_be_read_gives_the_labels_and_features_of_the_original(
    small_book: Path, original: Loans, tmp_path: Path, name: str
) -> None:
    dataset, change = SAME[name]
    ended, loans = trained(rewritten(small_book, tmp_path / "data", dataset, change), tmp_path)
    assert ended.state == "succeeded", ended.error
    assert loans.keys() == original.keys()
    for loan, row in loans.items():
        assert row == pytest.approx(original[loan], nan_ok=True), loan


REFUSED: dict[str, tuple[str, Change, tuple[str, ...]]] = {
    "percent signs": (
        FINANCIALS,
        each(("Interest_Rate",), lambda text: f"{text}%"),
        ("features_financials.csv, line 2, column Interest_Rate", "looks like '9", "without a percent sign"),
    ),
    "two decimal characters": (
        LEDGER,
        lambda rows: [
            {**row, "due_amt": row["due_amt"] + (",5" if place % 2 else ".5")} for place, row in enumerate(rows)
        ],
        ("lms_loan_daily.csv, line 3, column due_amt", "declare `decimal_char` and `thousands_char`"),
    ),
    "mixed dates": (
        CLICKS,
        lambda rows: [
            {**row, "snapshot_date": date_as("{y}-{m:02}-{d:02}" if place % 2 else "{d}/{m}/{y}")(row["snapshot_date"])}
            for place, row in enumerate(rows)
        ],
        ("feature_clickstream.csv, line 3, column snapshot_date", "looks like '9999-99-99'", "`date_formats="),
    ),
    "rounded ids": (
        LEDGER,
        each(("loan_id",), lambda _: "4.10000E+14"),
        ("lms_loan_daily.csv, line 2, column loan_id", "a spreadsheet has rounded", "export the column as text"),
    ),
    "one id of several loans": (
        LEDGER,
        each(("loan_id",), lambda text: text[-10:]),
        ("lms_loan_daily, column loan_id", "loans of several customers"),
    ),
    "ids that do not meet": (
        ATTRIBUTES,
        each(("Customer_ID",), lambda text: f"X{text}"),
        ("loans of lms_loan_daily have no row in features_attributes", "ids that are written alike"),
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_read_is_refused_with_file_column_and_remedy(
    small_book: Path, tmp_path: Path, name: str
) -> None:
    dataset, change, sentences = REFUSED[name]
    ended, _ = trained(rewritten(small_book, tmp_path / "data", dataset, change), tmp_path)
    assert (ended.state, ended.error.get("exit_code")) == ("failed", 3), ended.error
    for sentence in sentences:
        assert sentence in ended.error["message"]


@pytest.mark.thorough
def test_text_for_null_is_no_customer(small_book: Path, original: Loans, tmp_path: Path) -> None:
    lost = {row["Customer_ID"] for row in list(original.values())[::9]}
    change = each(("Customer_ID",), lambda text: "NULL" if text in lost else text)
    ended, loans = trained(rewritten(small_book, tmp_path / "data", LEDGER, change), tmp_path)
    assert ended.state == "succeeded", ended.error
    assert loans.keys() == {loan for loan, row in original.items() if row["Customer_ID"] not in lost}


@pytest.mark.thorough
def test_a_ledger_that_ends_early_gives_no_good_loan(small_book: Path, original: Loans, tmp_path: Path) -> None:
    end = date(2024, 3, 1)

    def cut(rows: list[Row]) -> Iterable[Row]:
        return (row for row in rows if tuple(map(int, reversed(row["snapshot_date"].split("/")))) <= (2024, 3, 1))

    ended, loans = trained(rewritten(small_book, tmp_path / "data", LEDGER, cut), tmp_path)
    assert ended.state == "succeeded", ended.error
    assert 0 < len(loans) < len(original)
    for loan, row in loans.items():
        assert row["label"] == original[loan]["label"] or (row["observation_date"] > end and row["label"] == 1)
