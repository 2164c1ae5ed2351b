"""Parts of a dataset that together show the order of day and month, or contradict each other."""

from collections.abc import Mapping

import pytest

from jobs.book.columns import Dialect
from jobs.errors import InputRejected
from jobs.silver.dialects.orders import Order, check_orders, order_of
from tests.retail import SOURCES

CLICKS = SOURCES["feature_clickstream"]
US = Dialect(date_formats=("M/d/yyyy",))


def orders(parts: Mapping[str, list[str]], dialect: Dialect | None = None) -> dict[str, dict[str, Order]]:
    found = {
        f"data/{name}.csv": order_of({"snapshot_date": texts}, {"snapshot_date": dialect or CLICKS.dialect}, CLICKS)
        for name, texts in parts.items()
    }
    return {CLICKS.dataset: {name: order for name, order in found.items() if order is not None}}


@pytest.mark.parametrize(
    ("parts", "file"),
    [
        ({"a": ["1/1/2024"], "b": ["2/1/2024"], "c": ["3/1/2024"], "d": ["4/1/2024"]}, "a.csv"),  # a month each
        ({"a": ["1/5/2024", "1/6/2024"], "b": ["3/1/2024", "4/1/2024"]}, "b.csv"),
    ],
)
def test_parts_that_are_monthly_only_in_the_exchanged_order_are_refused(parts: dict[str, list[str]], file: str) -> None:
    with pytest.raises(InputRejected, match=f"{file}, column snapshot_date: the dates may have the day or the month"):
        check_orders(orders(parts), [CLICKS])


@pytest.mark.parametrize(
    "parts",
    [
        {"a": ["1/1/2024"], "b": ["1/2/2024"], "c": ["1/3/2024"], "d": ["1/4/2024"]},
        {"a": ["2/1/2024"], "b": ["3/1/2024"]},  # two days of January
        {"a": ["2/1/2024", "3/1/2024"], "b": ["14/1/2024"], "c": ["4/1/2024", "5/1/2024"]},
        {"a": ["5/6/2024", "7/8/2024"]},
    ],
)
def test_parts_that_nothing_contradicts_are_read_in_the_declared_order(parts: dict[str, list[str]]) -> None:
    check_orders(orders(parts), [CLICKS])


def test_a_part_that_shows_nothing_beside_one_with_the_month_first_is_refused() -> None:
    both = orders({"new": ["2/1/2024"]})
    both[CLICKS.dataset] |= orders({"old": ["1/31/2024"]}, US)[CLICKS.dataset]
    with pytest.raises(InputRejected, match=r"new.csv.*old.csv has the month first; declare `date_formats="):
        check_orders(both, [CLICKS])


def test_another_dataset_with_the_month_first_makes_days_doubtful_and_months_not() -> None:
    ledger = {"lms_loan_daily": {"data/loans.csv": {"order": "month first"}}}
    sources = list(SOURCES.values())
    with pytest.raises(InputRejected, match=r"a.csv.*loans.csv has the month first"):
        check_orders(ledger | orders({"a": ["5/6/2024", "7/8/2024"]}), sources)
    check_orders(ledger | orders({"a": [f"1/{month}/2024" for month in range(1, 7)]}), sources)


def test_declared_orders_are_not_questioned() -> None:
    assert order_of({"snapshot_date": ["2/1/2024"]}, {}, SOURCES["lms_loan_daily"]) is not None
    declared = [Dialect(exact=True), US]
    for dialect in declared:
        source = type(CLICKS)(**{**{name: getattr(CLICKS, name) for name in KEPT}, "dialect": dialect})
        assert order_of({"snapshot_date": ["2/1/2024"]}, {}, source) is None


KEPT = ("dataset", "bronze", "silver", "known_on", "key", "columns")
