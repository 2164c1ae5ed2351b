from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jobs.book.functions import different_parts, months_of_text
from jobs.gold.features import before_imputation, imputed, loan_features
from tests.book import Customers
from tests.retail import BOOK, CATEGORICAL, FEATURE_SETS, FULL, SAFE15, SOURCES


def one(**values: Any) -> dict[str, Any]:
    """The features of the one loan of a customer with these attributes and financials."""
    return Customers().person("c", **values).loan("c").features()["l"]


def test_the_latest_snapshot_up_to_the_prediction_date_counts() -> None:
    book = Customers().loan("c")
    book.person("c", date(2024, 4, 16), Age=99, Occupation="Later", Interest_Rate=99.0, Credit_Mix="Bad")
    book.person("c", date(2024, 4, 15), Age=41, Occupation="Then", Interest_Rate=2.0, Credit_Mix="Good")
    book.person("c", date(2023, 1, 1), Age=39, Occupation="Before", Interest_Rate=1.0, Credit_Mix="Standard")
    found = book.features()["l"]
    assert (found["Age"], found["Occupation"], found["Interest_Rate"]) == (41, "Then", 2.0)
    assert found["Credit_Mix"] == "Good"


def test_of_two_snapshots_of_a_day_the_last_row_counts() -> None:
    assert Customers().person("c", Age=30).person("c", Age=31).loan("c").features()["l"]["Age"] == 31


def test_ratios_are_what_their_names_say() -> None:
    found = one(
        Total_EMI_per_month=50.0,
        Amount_invested_monthly=20.0,
        Monthly_Inhand_Salary=200.0,
        Outstanding_Debt=600.0,
        Annual_Income=2400.0,
    )
    assert found["DTI"] == 0.25
    assert found["Savings_Ratio"] == 0.1
    assert found["Monthly_Surplus"] == 130
    assert found["Debt_to_Annual_Income"] == 0.25


def test_a_division_by_zero_is_null() -> None:
    found = one(
        Total_EMI_per_month=5.0,
        Amount_invested_monthly=0.0,
        Monthly_Inhand_Salary=0.0,
        Outstanding_Debt=1.0,
        Annual_Income=0.0,
    )
    assert [found[name] for name in ("DTI", "Savings_Ratio", "Debt_to_Annual_Income")] == [None, None, None]
    assert found["Monthly_Surplus"] == -5


def test_missing_numbers_are_the_median_of_the_book() -> None:
    book = Customers()
    for number, rate in enumerate([1.0, None, 4.0, 10.0, 20.0]):
        book.person(f"c{number}", Interest_Rate=rate, Num_Bank_Accounts=None if rate is None else int(rate))
        book.loan(f"c{number}", f"l{number}")
    found = book.features()
    assert [found[f"l{number}"]["Interest_Rate"] for number in range(5)] == [1, 7, 4, 10, 20]
    assert found["l1"]["Num_Bank_Accounts"] == 7
    assert found["l1"]["Monthly_Inhand_Salary"] is None  # nobody has one: there is no median


def test_15_financial_columns_are_imputed() -> None:
    financials = SOURCES["features_financials"]
    assert len([column for column in financials.columns if column.median]) == 15
    column = imputed(pa.table({"Num_of_Loan": pa.array([None, 2, 3], pa.int64())}), financials, "Num_of_Loan")
    assert column.to_pylist() == [2.5, 2.0, 3.0]


@pytest.mark.parametrize("table", ["attributes", "financials"])
def test_a_loan_about_whose_customer_nothing_is_known_is_counted_and_left_out(table: str) -> None:
    book = Customers().person("c").loan("c").loan("stranger", "theirs").person("late", date(2024, 4, 16))
    book.loan("late", "early").person("stranger")
    book.rows[table] = [row for row in book.rows[table] if row["Customer_ID"] != "stranger"]
    found = loan_features(book.tables(), BOOK)
    other = ({"attributes", "financials"} - {table}).pop()
    assert found.rows["loan_id"].to_pylist() == ["l"]
    # The loan of "late" has neither, and is counted under the source that the book declares first.
    assert found.left_out == (
        {"without_attributes": 2} if table == "attributes" else {f"without_{other}": 1, f"without_{table}": 1}
    )


def test_a_customer_without_a_loan_makes_no_row() -> None:
    features = loan_features(Customers().person("c").person("idle").loan("c").tables(), BOOK).rows
    assert features["Customer_ID"].to_pylist() == ["c"]


def test_each_of_several_loans_has_a_row_with_its_own_history() -> None:
    later = date(2024, 8, 1)
    book = Customers().person("c", date(2023, 6, 1), Interest_Rate=1.0).person("c", date(2024, 9, 1), Interest_Rate=2.0)
    book.loan("c", "first", due=[0, 10]).loan("c", "second", later, due=[0, 20, 30])
    book.click("c", date(2023, 12, 1), 1).click("c", date(2024, 7, 1), 5)
    found = book.features()
    assert {loan: row["Interest_Rate"] for loan, row in found.items()} == {"first": 1.0, "second": 2.0}
    assert {loan: row["fe_10_mean"] for loan, row in found.items()} == {"first": 1.0, "second": 3.0}
    assert {loan: row["hist_total_due"] for loan, row in found.items()} == {"first": 10.0, "second": 50.0}
    assert {row["prediction_date"] for row in found.values()} == {date(2024, 4, 15), date(2024, 11, 1)}


def test_ids_are_kept_exactly() -> None:
    ids = ["007", "7", "a,b", 'say "x"', "😀", "x" * 500]
    book = Customers()
    for number, name in enumerate(ids):
        book.person(name, Age=20 + number).loan(name, f"{name}/1")
    found = book.features()
    assert {loan: (row["Customer_ID"], row["Age"]) for loan, row in found.items()} == {
        f"{name}/1": (name, 20 + number) for number, name in enumerate(ids)
    }


def test_loans_and_rows_without_a_customer_meet_nobody() -> None:
    book = Customers().person("c").loan("c").loan("nobody", "orphan").click("c", date(2023, 1, 1), 3)
    book.click("nobody", date(2023, 1, 1), 1000)
    for rows in book.rows.values():
        for row in rows:
            row["Customer_ID"] = None if row["Customer_ID"] == "nobody" else row["Customer_ID"]
    found = loan_features(book.tables(), BOOK)
    assert found.rows.select(["loan_id", "fe_10_mean"]).to_pylist() == [{"loan_id": "l", "fe_10_mean": 3.0}]
    assert found.left_out == {"without_attributes": 1}


def test_encoded_ids_give_the_same_features() -> None:
    book = Customers().person("a", Age=20).person("b", Age=30).loan("b", "two").loan("a", "one")
    book.click("a", date(2023, 1, 1), 1).click("b", date(2023, 1, 1), 2)
    plain = book.tables()
    encoded = {}
    for name, table in plain.items():
        place = table.column_names.index("Customer_ID")
        encoded[name] = table.set_column(place, "Customer_ID", table["Customer_ID"].dictionary_encode())
    assert loan_features(encoded, BOOK).rows.equals(loan_features(plain, BOOK).rows)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("10 Years and 9 Months", 129),
        ("0 Years and 0 Months", 0),
        ("1 Year and 1 Month", 13),
        (" 3 Years and 2 Months ", 38),
        ("NA", None),
        ("", None),
        (None, None),
        ("10 Years", None),
        ("-1 Years and 2 Months", None),
        ("10 Years and 9 Months or so", None),
    ],
)
def test_credit_history_is_counted_in_months(text: str | None, months: int | None) -> None:
    assert months_of_text(pa.chunked_array([[text]], pa.string())).to_pylist() == [months]
    assert one(Credit_History_Age=text)["Credit_History_Months"] == months


def test_the_feature_sets_are_those_of_the_design() -> None:
    assert " ".join(SAFE15) == (
        "Credit_History_Months Credit_Mix Age Monthly_Inhand_Salary Occupation loan_amt tenure Interest_Rate "
        "fe_10_mean fe_10_std Savings_Ratio DTI Num_Bank_Accounts Num_Credit_Card Amount_invested_monthly"
    )
    assert FEATURE_SETS["safe15"] == SAFE15
    assert FEATURE_SETS["behavioural"] == (*SAFE15, "hist_total_paid", "hist_Loan_Payment_Ratio")
    assert FEATURE_SETS["safe14"] == tuple(name for name in SAFE15 if name != "Age")
    assert set(CATEGORICAL) < set(FULL)


def test_the_full_set_is_every_column_known_at_scoring_but_the_loan_history() -> None:
    """Names, ids and dates aside; two texts are there as numbers."""
    known = {name for source in ("attributes", "financials") for name in BOOK.by_table[source].names}
    known -= {"Customer_ID", "Name", "SSN", "snapshot_date", "Credit_History_Age", "Type_of_Loan"}
    clicks = {f"fe_{number}_mean" for number in range(1, 21)}
    computed = {
        "Credit_History_Months",
        "Loan_Types",
        "DTI",
        "Savings_Ratio",
        "Monthly_Surplus",
        "Debt_to_Annual_Income",
    }
    assert set(FULL) == known | clicks | computed | {"loan_amt", "tenure", "fe_10_std"}
    assert set(SAFE15) < set(FULL)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Auto Loan, and Auto Loan", 1),
        ("Auto Loan, Payday Loan, and Auto Loan", 2),
        ("A,B ,  and C", 3),
        ("Student and Auto Loan", 1),
        ("A", 1),
        ("", 0),
        (None, None),
    ],
)
def test_different_parts_of_a_text_are_counted(text: str | None, number: int | None) -> None:
    column = pa.chunked_array([["x, y"], [], [text, "z"]], pa.string())
    assert different_parts(column).to_pylist() == [2, number, 1]


def test_there_are_no_parts_without_rows() -> None:
    assert different_parts(pa.chunked_array([], pa.string())).to_pylist() == []


def test_no_personal_data_reach_the_features() -> None:
    names = set(loan_features(Customers().person("c").loan("c").tables(), BOOK).rows.column_names)
    assert not names & {"Name", "SSN", "overdue_amt", "paid_amt"}


def test_imputed_values_and_what_is_computed_from_them_are_known() -> None:
    book = Customers().person("a", Monthly_Inhand_Salary=None).loan("a", "one")
    book.person("b", Monthly_Inhand_Salary=100.0).loan("b", "two")
    found = loan_features(book.tables(), BOOK)
    cells = {row["loan_id"]: {name for name, cell in row.items() if cell is True} for row in found.imputed.to_pylist()}
    assert cells == {"one": {"Monthly_Inhand_Salary", "DTI", "Savings_Ratio", "Monthly_Surplus"}, "two": set()}
    assert found.rows["Monthly_Inhand_Salary"].null_count == 0
    before = before_imputation(found.rows, found.imputed, "loan_id")
    more = {name for name in before.column_names if before[name].null_count > found.rows[name].null_count}
    assert more == {"Monthly_Inhand_Salary"}  # the others have no other input here
    assert before.filter(pc.equal(before["loan_id"], "two")).equals(
        found.rows.filter(pc.equal(found.rows["loan_id"], "two"))
    )
