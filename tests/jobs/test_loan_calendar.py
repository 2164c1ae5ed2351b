import calendar
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.loan_calendar import known_by, months_between, months_later, months_of


def later(day: date, months: int) -> date:
    """The rule, written down once more without numpy."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2023, 1, 1), 3, date(2023, 4, 1)),
        (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2022, 11, 30), 3, date(2023, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2023, 12, 31), 6, date(2024, 6, 30)),
        (date(1999, 11, 30), 3, date(2000, 2, 29)),
        (date(2099, 11, 30), 3, date(2100, 2, 28)),
        (date(1969, 10, 31), 6, date(1970, 4, 30)),
        (date(2023, 10, 31), 0, date(2023, 10, 31)),
    ],
)
def test_months_later_keeps_the_day_or_takes_the_months_last(day: date, months: int, expected: date) -> None:
    assert months_later(pa.array([day]), months).to_pylist() == [expected]


@given(st.lists(st.none() | st.dates(date(1900, 1, 1), date(2200, 1, 1)), min_size=1), st.integers(0, 240))
def test_months_later_is_the_rule_for_every_day(days: list[date | None], months: int) -> None:
    found = months_later(pa.chunked_array([pa.array(days, pa.date32())]), months)
    assert found.to_pylist() == [None if day is None else later(day, months) for day in days]
    assert found.type == pa.date32()


def test_months_later_of_nothing_is_nothing() -> None:
    assert months_later(pa.array([], pa.date32()), 3).to_pylist() == []


def test_known_by_admits_the_day_itself_and_no_missing_date() -> None:
    days = pa.chunked_array([[date(2024, 1, 1), date(2024, 1, 2), None, date(2024, 1, 3)]], pa.date32())
    assert known_by(days, date(2024, 1, 2)).tolist() == [True, True, False, False]
    assert known_by(days, date(2024, 1, 2)).dtype == np.bool_


def test_months_of_names_the_month() -> None:
    days = pa.chunked_array([pa.array([date(2024, 5, 31), None, date(1999, 12, 1)], pa.date32())])
    assert months_of(days).to_pylist() == ["2024-05", None, "1999-12"]


@given(
    st.lists(st.tuples(st.none() | st.dates(date(2022, 1, 1), date(2023, 1, 1)), st.integers(-400, 400)), max_size=9),
    st.sampled_from([1, 900]),
)
def test_months_between_ends_a_month_on_the_day_that_months_later_gives(
    rows: list[tuple[date | None, int]], times: int
) -> None:
    starts = [start for start, _ in rows] * times  # so many rows that each day of the calendar is looked up
    days = [start and start + timedelta(days=apart) for start, apart in rows] * times
    found = months_between(pa.array(starts, pa.date32()), pa.array(days, pa.date32())).tolist()
    assert len(found) == len(starts)
    for start, day, months in zip(starts[: len(rows)], days, found[len(found) - len(rows) :], strict=False):
        if start is None or day is None:
            assert np.isnan(months)
        else:
            assert later(start, int(months)) >= day > later(start, int(months) - 1)


def test_months_between_is_unknown_where_one_of_both_days_is() -> None:
    day = date(2024, 1, 31)
    starts, days = pa.array([day, day, None, day]), pa.array([None, date(2024, 2, 29), day, date(2024, 3, 1)])
    assert np.array_equal(months_between(starts, days), [np.nan, 1, np.nan, 2], equal_nan=True)
