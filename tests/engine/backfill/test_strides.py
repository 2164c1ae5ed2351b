"""Strides through the calendar."""

from datetime import date

import pytest

from engine.backfill.strides import Stride, stride_of
from engine.errors import UnusableRequest


@pytest.mark.parametrize(
    ("text", "stride"),
    [
        ("month", Stride(1, "month")),
        (" 2 Weeks ", Stride(2, "week")),
        ("10days", Stride(10, "day")),
        ("1 year", Stride(1, "year")),
    ],
)
def test_a_stride_is_a_unit_or_so_many(text: str, stride: Stride) -> None:
    assert stride_of(text, "--every") == stride


@pytest.mark.parametrize("text", ["", "fortnight", "0 days", "-1 month", "1.5 months", "month month", "99999 days"])
def test_what_is_no_stride_is_named_with_its_option(text: str) -> None:
    with pytest.raises(UnusableRequest, match="--every") as refused:
        stride_of(text, "--every")
    assert refused.value.exit_code == 2


def test_months_keep_the_day_as_far_as_they_have_it() -> None:
    days = Stride(1, "month").dates(date(2023, 11, 30), date(2024, 3, 30))
    assert [day.isoformat() for day in days] == ["2023-11-30", "2023-12-30", "2024-01-30", "2024-02-29", "2024-03-30"]


def test_both_ends_count_and_nothing_beyond() -> None:
    assert Stride(2, "week").dates(date(2024, 1, 1), date(2024, 1, 29)) == (
        date(2024, 1, 1),
        date(2024, 1, 15),
        date(2024, 1, 29),
    )
    assert Stride(1, "year").dates(date(2024, 2, 29), date(2026, 2, 27)) == (date(2024, 2, 29), date(2025, 2, 28))


def test_the_end_of_all_calendars_ends_the_dates() -> None:
    assert Stride(9, "year").dates(date(9990, 1, 1), date.max) == (date(9990, 1, 1), date(9999, 1, 1))
    assert Stride(9999, "day").dates(date(9990, 1, 1), date.max) == (date(9990, 1, 1),)
