import math
import statistics
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.book.features import Window
from jobs.gold.labels import loans_of
from jobs.gold.point_in_time import KnownRows
from tests.book import START, Customers
from tests.retail import BOOK, TABLES


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


@pytest.mark.parametrize(("due", "paid", "ratio"), [(0, 0, 1.0), (0, 50, 1.0), (None, None, None), (10, 0, 0.0)])
def test_the_payment_ratio_is_1_when_nothing_was_due(due: int | None, paid: int | None, ratio: float | None) -> None:
    book = Customers().person("c")
    book.pay({"Customer_ID": "c", "loan_id": "l", "loan_start_date": START}, 0, due, paid)
    assert book.features()["l"]["hist_Loan_Payment_Ratio"] == ratio


def test_a_loan_without_early_installments_has_no_history() -> None:
    book = Customers().person("c")
    book.pay({"Customer_ID": "c", "loan_id": "l", "loan_start_date": START}, 3, 10, 10)
    found = book.features()["l"]
    assert found["hist_total_paid"] is None
    assert found["hist_Loan_Payment_Ratio"] is None


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from([*"abcd", None]), max_size=8))
def test_rows_belong_to_every_loan_of_their_customer(owners: list[str], customers: list[str | None]) -> None:
    book = Customers()
    for number, owner in enumerate(owners):
        book.loan(owner, f"l{number}")
    for customer in customers:
        book.rows["clickstream"].append({"Customer_ID": customer, "snapshot_date": date(2023, 1, 1), "fe_10": 1})
    tables = book.tables()
    known = KnownRows(loans_of(tables["loan_daily"], BOOK), tables["clickstream"], TABLES["clickstream"], BOOK)
    window = BOOK.feature("fe_10_mean")
    assert isinstance(window, Window)
    rows, loans = known.within(window)
    expected = [(row, loan) for row, name in enumerate(customers) for loan, owner in enumerate(owners) if owner == name]
    assert sorted(zip(rows.tolist(), loans.tolist(), strict=True)) == expected


def test_a_window_of_months_begins_so_many_months_before_it_ends() -> None:
    book = Customers().person("c").loan("c")
    days = [date(2023, 12, 14), date(2023, 12, 15), date(2024, 1, 14), date(2024, 1, 15), date(2024, 4, 14), START]
    for day in days:
        book.click("c", day, 1)
    tables = book.tables()
    known = KnownRows(loans_of(tables["loan_daily"], BOOK), tables["clickstream"], TABLES["clickstream"], BOOK)
    counts = {
        (until, months): known.statistic(Window("n", "clickstream", "fe_10", "count", until, months)).to_pylist()
        for until in ("loan_start", "prediction")
        for months in (1, 3, None)
    }
    assert counts == {
        ("loan_start", 1): [2], ("loan_start", 3): [3], ("loan_start", None): [3],
        ("prediction", 1): [1], ("prediction", 3): [3], ("prediction", None): [6],
    }  # fmt: skip


def test_a_count_without_rows_is_0() -> None:
    book = Customers().person("c").loan("c")
    tables = book.tables()
    known = KnownRows(loans_of(tables["loan_daily"], BOOK), tables["clickstream"], TABLES["clickstream"], BOOK)
    assert known.statistic(Window("n", "clickstream", "fe_10", "count")).to_pylist() == [0]
    assert known.statistic(Window("n", "clickstream", "fe_10", "sum")).to_pylist() == [None]
