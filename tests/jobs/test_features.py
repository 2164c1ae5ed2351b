import math
import statistics
from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.features import (
    CATEGORICAL,
    FEATURE_SETS,
    IMPUTED,
    NEEDED,
    SAFE15,
    credit_history_months,
    imputed,
    loan_features,
    pairs,
)
from jobs.sources import SOURCES

SCHEMAS = {source.silver: source.silver_schema for source in SOURCES.values()}
START = date(2024, 1, 15)  # of a loan: scored from 15 April, its outcome known on 15 July
Rows = list[dict[str, Any]]


class Customers:
    """A small governed book, grown row by row."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {name: [] for name in NEEDED}

    def person(self, customer: str, day: date = START, **values: Any) -> "Customers":
        """A customer with attributes and financials of a day."""
        for table in ("attributes", "financials"):
            fields = {name: value for name, value in values.items() if name in SCHEMAS[table].names}
            self.rows[table].append({"Customer_ID": customer, "snapshot_date": day, "Age": 40} | fields)
        return self

    def loan(self, customer: str, loan: str = "l", start: date = START, due: Sequence[int] = ()) -> "Customers":
        """A loan of 10 installments, the first ones with these dues, all paid."""
        common = {"Customer_ID": customer, "loan_id": loan, "loan_start_date": start, "tenure": 10, "loan_amt": 100}
        for number, amount in enumerate(due or [0]):
            self.pay(common, number, amount, amount)
        return self

    def pay(self, common: dict[str, Any], number: int, due: int | None, paid: int | None, overdue: int = 0) -> None:
        amounts = {"installment_num": number, "due_amt": due, "paid_amt": paid, "overdue_amt": overdue}
        self.rows["loan_daily"].append(common | amounts | {"snapshot_date": common["loan_start_date"]})

    def click(self, customer: str, day: date, value: int | None) -> "Customers":
        self.rows["clickstream"].append({"Customer_ID": customer, "snapshot_date": day, "fe_10": value})
        return self

    def tables(self) -> dict[str, pa.Table]:
        return {
            name: pa.Table.from_pylist(rows, SCHEMAS[name]).select(NEEDED[name]) for name, rows in self.rows.items()
        }

    def features(self) -> dict[str, dict[str, Any]]:
        """The features by loan."""
        return {row["loan_id"]: row for row in loan_features(self.tables())[0].to_pylist()}


def one(**values: Any) -> dict[str, Any]:
    """The features of the one loan of a customer with these attributes and financials."""
    return Customers().person("c", **values).loan("c").features()["l"]


def test_clickstream_counts_strictly_before_the_loan_began() -> None:
    book = Customers().person("c").loan("c")
    book.click("c", date(2023, 11, 1), 10).click("c", date(2024, 1, 14), 30).click("c", date(2023, 12, 1), None)
    book.click("c", START, 1000).click("c", date(2024, 2, 1), 1000).click("other", date(2023, 1, 1), 1000)
    found = book.features()["l"]
    assert found["fe_10_mean"] == 20
    assert found["fe_10_std"] == pytest.approx(math.sqrt(200))


@pytest.mark.parametrize(("values", "mean", "deviation"), [([], None, None), ([7], 7.0, None), ([7, 7], 7.0, 0.0)])
def test_mean_and_deviation_need_their_values(values: list[int], mean: float | None, deviation: float | None) -> None:
    book = Customers().person("c").loan("c")
    for month, value in enumerate(values, 1):
        book.click("c", date(2023, month, 1), value)
    found = book.features()["l"]
    assert (found["fe_10_mean"], found["fe_10_std"]) == (mean, deviation)


CLICK = st.tuples(st.sampled_from("abc"), st.dates(date(2023, 1, 1), date(2024, 12, 31)), st.integers(-500, 500))
STARTED = st.tuples(st.sampled_from("abc"), st.dates(date(2023, 1, 1), date(2024, 12, 31)))


@given(st.lists(CLICK, max_size=20), st.lists(STARTED, min_size=1, max_size=6))
def test_every_loan_has_its_customers_clicks_before_it(
    clicked: list[tuple[str, date, int]], started: list[tuple[str, date]]
) -> None:
    book = Customers()
    for customer in "abc":
        book.person(customer, date(2022, 1, 1))
    for number, (customer, start) in enumerate(started):
        book.loan(customer, f"loan {number}", start)
    for customer, day, value in clicked:
        book.click(customer, day, value)
    features = book.features()
    assert len(features) == len(started)
    for number, (customer, start) in enumerate(started):
        values = [value for who, day, value in clicked if who == customer and day < start]
        found = features[f"loan {number}"]
        assert found["fe_10_mean"] == (pytest.approx(statistics.fmean(values), abs=1e-9) if values else None)
        several = len(values) > 1
        assert found["fe_10_std"] == (pytest.approx(statistics.stdev(values), abs=1e-9) if several else None)


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


def test_history_counts_installments_before_number_3_of_the_loan_itself() -> None:
    book = Customers().person("c").loan("c", "mine", due=[0, 10, 20, 4000, 5000]).loan("c", "other", due=[0, 700])
    common = {"Customer_ID": "c", "loan_id": "poor", "loan_start_date": START}
    book.pay(common, 1, 100, 25, overdue=75)
    book.pay(common, 2, 100, None, overdue=100)
    book.pay(common, 3, 100, 1000, overdue=1000)
    found = book.features()
    history = {
        loan: [row[f"hist_{name}"] for name in ("total_paid", "total_due", "total_overdue_amount")]
        for loan, row in found.items()
    }
    assert history == {"mine": [30, 30, 0], "other": [700, 700, 0], "poor": [25, 200, 175]}
    assert found["poor"]["hist_Loan_Payment_Ratio"] == 0.125


@pytest.mark.parametrize(("due", "paid", "ratio"), [(0, 0, 1.0), (0, 50, 1.0), (None, None, 1.0), (10, 0, 0.0)])
def test_the_payment_ratio_is_1_when_nothing_was_due(due: int | None, paid: int | None, ratio: float) -> None:
    book = Customers().person("c")
    book.pay({"Customer_ID": "c", "loan_id": "l", "loan_start_date": START}, 0, due, paid)
    assert book.features()["l"]["hist_Loan_Payment_Ratio"] == ratio


def test_a_loan_without_early_installments_has_no_history() -> None:
    book = Customers().person("c")
    book.pay({"Customer_ID": "c", "loan_id": "l", "loan_start_date": START}, 3, 10, 10)
    found = book.features()["l"]
    assert found["hist_total_paid"] is None
    assert found["hist_Loan_Payment_Ratio"] is None


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
    assert len(IMPUTED) == 15
    table = imputed(pa.table({"Num_of_Loan": pa.array([None, 2, 3], pa.int64())}), ("Num_of_Loan",))
    assert table["Num_of_Loan"].to_pylist() == [2.5, 2.0, 3.0]


@pytest.mark.parametrize("table", ["attributes", "financials"])
def test_a_loan_about_whose_customer_nothing_is_known_is_counted_and_left_out(table: str) -> None:
    book = Customers().person("c").loan("c").loan("stranger", "theirs").person("late", date(2024, 4, 16))
    book.loan("late", "early").person("stranger")
    book.rows[table] = [row for row in book.rows[table] if row["Customer_ID"] != "stranger"]
    features, left_out = loan_features(book.tables())
    other = ({"attributes", "financials"} - {table}).pop()
    assert features["loan_id"].to_pylist() == ["l"]
    assert left_out == {f"without_{table}": 2, f"without_{other}": 1}


def test_a_customer_without_a_loan_makes_no_row() -> None:
    features, _ = loan_features(Customers().person("c").person("idle").loan("c").tables())
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
    found, left_out = loan_features(book.tables())
    assert found.select(["loan_id", "fe_10_mean"]).to_pylist() == [{"loan_id": "l", "fe_10_mean": 3.0}]
    assert left_out == {"without_attributes": 1, "without_financials": 1}


def test_encoded_ids_give_the_same_features() -> None:
    book = Customers().person("a", Age=20).person("b", Age=30).loan("b", "two").loan("a", "one")
    book.click("a", date(2023, 1, 1), 1).click("b", date(2023, 1, 1), 2)
    plain = book.tables()
    encoded = {}
    for name, table in plain.items():
        place = table.column_names.index("Customer_ID")
        encoded[name] = table.set_column(place, "Customer_ID", table["Customer_ID"].dictionary_encode())
    assert loan_features(encoded)[0].equals(loan_features(plain)[0])


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
    assert credit_history_months(pa.chunked_array([[text]], pa.string())).to_pylist() == [months]
    assert one(Credit_History_Age=text)["Credit_History_Months"] == months


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_pairs_are_all_pairs_of_a_row_and_a_loan(owners: list[str | None], customers: list[str]) -> None:
    book = pa.table({"Customer_ID": pa.array(owners, pa.string())})
    rows, loans = pairs(book, pa.chunked_array([pa.array(customers, pa.string())]))
    expected = [(row, loan) for row, name in enumerate(customers) for loan, owner in enumerate(owners) if owner == name]
    assert sorted(zip(rows.tolist(), loans.tolist(), strict=True)) == expected


def test_the_feature_sets_are_those_of_the_design() -> None:
    assert (
        "Credit_History_Months Credit_Mix Age Monthly_Inhand_Salary Occupation loan_amt tenure Interest_Rate fe_10_mean "
        "fe_10_std Savings_Ratio DTI Num_Bank_Accounts Num_Credit_Card Amount_invested_monthly"
    ).split() == list(SAFE15)
    assert FEATURE_SETS["safe15"] == SAFE15
    assert FEATURE_SETS["behavioural"] == (*SAFE15, "hist_total_paid", "hist_Loan_Payment_Ratio")
    assert set(CATEGORICAL) < set(SAFE15)


def test_no_personal_data_reach_the_features() -> None:
    names = set(loan_features(Customers().person("c").loan("c").tables())[0].column_names)
    assert not names & {"Name", "SSN", "overdue_amt", "paid_amt"}
