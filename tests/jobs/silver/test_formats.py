"""Formats that are decided from all texts of a column, and those that stay undecided."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.book.columns import Dialect, Kind
from jobs.silver.dates import date_of
from jobs.silver.dialects.date_forms import date_dialect
from jobs.silver.dialects.number_marks import number_dialect
from jobs.silver.numbers import numbers

DEFAULT = Dialect()
ENGLISH, GERMAN = (".", ","), (",", ".")


def marks(*texts: str, kind: Kind = Kind.DECIMAL) -> tuple[str, str] | None:
    """(decimal character, thousands character) that a column of these texts is read with; None when in doubt."""
    column = pa.array(texts, pa.string())
    _, reasons = numbers(column, kind, DEFAULT)
    found = number_dialect(column, kind, DEFAULT, unreadable=bool(set(reasons.values()) - {"empty"}))
    return None if found is None else (found.decimal_char, found.thousands_char)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("1,000", "950", "12,500"), ENGLISH),
        (("1,000.50", "950.25"), ENGLISH),
        (("1,234,567", "12"), ENGLISH),
        (("$1,000", "(2,500)", "3,000-", "$ 950"), ENGLISH),
        (("1.234,50", "950,00"), GERMAN),
        (("1.234.567", "12"), GERMAN),
        (("12,50", "950,25"), (",", "")),
        (("1,000", "1,5"), (",", "")),  # no group has one digit
        (("1 234,50", "950,00"), (",", " ")),
        (("1\u00a0234,50", "1\u00a0000,00"), (",", "\u00a0")),
        (("1'234.50", "950.25"), (".", "'")),
        (("1\u2019234.50", "950.25"), (".", "\u2019")),
        (("1\u202f234,50", "950,00"), (",", "\u202f")),
        (("12,34,567", "950", "1,00,000.50"), ENGLISH),
        (("\u22121,234.50", "950.25"), ENGLISH),
        (("12.50", "950.25", "1000"), (".", "")),
        (("0.123", "0.456"), (".", "")),
        (("0,125", "1,250"), (",", "")),
        (("4.125", "5.250", "0.500"), (".", "")),
        (("1.234", "2.500", "1950"), (".", "")),  # a number from 1,000 on without a separator
    ],
)
def test_the_marks_of_numbers_are_decided_from_the_whole_column(
    texts: tuple[str, ...], expected: tuple[str, str]
) -> None:
    assert marks(*texts) == expected


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (("4.125", "5.250", "6.375"), Kind.DECIMAL),  # rates, or amounts with points between thousands
        (("4.125", "5.250", "12"), Kind.DECIMAL),
        (("10.000",), Kind.DECIMAL),  # every loan of one amount
        (("1.000", "2.500", "950"), Kind.DECIMAL),
        (("12.000", "3.000"), Kind.INTEGER),
    ],
)
def test_points_that_may_separate_thousands_are_in_doubt(texts: tuple[str, ...], kind: Kind) -> None:
    assert marks(*texts, kind=kind) is None
    exact = Dialect(exact=True)
    assert number_dialect(pa.array(texts), kind, exact, unreadable=False) is exact


def test_points_in_whole_numbers_separate_thousands() -> None:
    assert marks("1.250", "12.500", "950", kind=Kind.INTEGER) == GERMAN


@pytest.mark.parametrize(
    "texts",
    [
        ("1,5", "1.5"),  # two decimal characters
        ("1.234,5", "1,234.5"),  # both marks are decimal characters
        ("27%", "14%"),  # a share or percent
        ("4,125", "5,375"),  # rates, or amounts
        ("0,125", "1,2500", "1.5"),
    ],
)
def test_what_can_mean_two_things_stays_unreadable(texts: tuple[str, ...]) -> None:
    assert marks(*texts) == (".", "")
    _, reasons = numbers(pa.array(texts), Kind.DECIMAL, DEFAULT)
    assert reasons


@pytest.mark.parametrize("text", ["1 234,50 €", "  1 234,50", "1\u00a0234,50 ", "€ 1 234,50"])
def test_blanks_around_a_number_with_blanks_in_it_do_not_matter(text: str) -> None:
    dialect = Dialect(decimal_char=",", thousands_char="\u00a0" if "\u00a0" in text else " ")
    assert numbers(pa.array([text]), Kind.DECIMAL, dialect)[0].to_pylist() == [1234.5]


@given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=20), st.sampled_from([ENGLISH, GERMAN]))
def test_grouped_amounts_with_cents_come_back(cents: list[int], chars: tuple[str, str]) -> None:
    decimal, thousands = chars
    texts = [f"{cent / 100:,.2f}".translate(str.maketrans(",.", thousands + decimal)) for cent in cents]
    column = pa.array(texts)
    _, reasons = numbers(column, Kind.DECIMAL, DEFAULT)
    dialect = number_dialect(column, Kind.DECIMAL, DEFAULT, unreadable=bool(reasons))
    assert dialect is not None
    values, reasons = numbers(column, Kind.DECIMAL, dialect)
    assert reasons == {}
    assert values.to_pylist() == pytest.approx([cent / 100 for cent in cents])


def test_a_declared_dialect_is_never_replaced() -> None:
    german = Dialect(decimal_char=",", date_formats=("d.M.yyyy",))
    assert number_dialect(pa.array(["1,000.50"]), Kind.DECIMAL, german, unreadable=True) is german
    assert date_dialect(["2024-05-01"], german) is german


DAYS = [date(2023, 12, 31), date(2024, 2, 29), date(2024, 5, 1), date(2025, 7, 4)]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("{d}/{m}/{y}", "d/M/yyyy"),
        ("{d}/{m}/{y} 00:00", "d/M/yyyy HH:mm"),
        ("{m}/{d}/{y}", "M/d/yyyy"),
        ("{y}-{m:02}-{d:02}", "yyyy-MM-dd"),
        ("{y}-{m:02}-{d:02}T08:30:00", "yyyy-MM-ddTHH:mm:ss"),
        ("{d}.{m}.{y}", "d.M.yyyy"),
        ("{y}{m:02}{d:02}", "yyyyMMdd"),
        ("{m}/{d}/{s:02}", "M/d/yy"),
        ("{d}/{m}/{y} 0:00", "d/M/yyyy H:mm"),
        ("{m}/{d}/{y} 12:00:00 AM", "M/d/yyyy h:mm:ss a"),
        ("{y}-{m:02}-{d:02} 00:00:00.000", "yyyy-MM-dd HH:mm:ss.SSS"),
        ("{y}-{m:02}-{d:02}T00:00:00Z", "yyyy-MM-ddT00:00:00X"),
        ("{y}-{m:02}-{d:02} 00:00:00+00:00", "yyyy-MM-dd 00:00:00X"),
        ("{d:02}-{name}-{y}", "d-MMM-yyyy"),
        ("{d:02}-{name}-{s:02}", "d-MMM-yy"),
        ("{name} {d}, {y}", "MMM d, yyyy"),
    ],
)
def test_the_form_of_dates_is_decided_from_the_whole_column(form: str, expected: str) -> None:
    texts = [form.format(d=day.day, m=day.month, y=day.year, s=day.year % 100, name=day.strftime("%b")) for day in DAYS]
    found = date_dialect([*texts, "", "TOTAL"], DEFAULT)
    assert found.date_formats == (expected,)
    assert [date_of(text, found.date_formats) for text in texts] == DAYS


@pytest.mark.parametrize("text", ["2024-04-30T22:00:00Z", "2024-05-01T00:00:00+02:00"])
def test_an_hour_of_another_zone_may_be_another_day(text: str) -> None:
    assert date_dialect([text], DEFAULT) == DEFAULT


def test_a_short_year_that_may_be_of_the_last_century_is_not_read() -> None:
    assert date_of("1/5/69", ("d/M/yy",)) == date(2069, 5, 1)
    assert date_of("1/5/70", ("d/M/yy",)) is None
    assert date_dialect(["31/5/98"], DEFAULT) == DEFAULT


def test_days_of_a_spreadsheet_are_counted_from_1900() -> None:
    texts = [str((day - date(1899, 12, 30)).days) for day in DAYS]
    assert [date_of(text, date_dialect(texts, DEFAULT).date_formats) for text in texts] == DAYS


def test_first_days_of_months_that_read_as_days_of_january_are_exchanged() -> None:
    texts = [f"{month}/1/{year}" for year in (2023, 2024) for month in range(1, 13)]
    assert date_dialect(texts, DEFAULT).date_formats == ("M/d/yyyy",)


def test_days_of_one_january_and_first_days_of_months_of_one_year_are_undecided() -> None:
    texts = [f"{part}/1/2024" for part in range(1, 13)]
    assert date_dialect(texts, DEFAULT) is None
    assert date_dialect([*texts, "13/1/2024"], DEFAULT) == DEFAULT
    assert date_dialect([*texts, "1/13/2024"], DEFAULT) == Dialect(date_formats=("M/d/yyyy",))
    exact = Dialect(exact=True)
    assert date_dialect(texts, exact) is exact
    assert date_dialect([f"1/{month}/2024" for month in range(1, 13)], DEFAULT) == DEFAULT


@pytest.mark.parametrize("texts", [["01-01-2022", "02-01-2023"], ["23/01/15", "23/02/08"], ["23.01.15", "22.02.08"]])
def test_dates_that_two_forms_read_as_other_days_are_not_decided(texts: list[str]) -> None:
    assert date_dialect(texts, DEFAULT) == DEFAULT


def test_forms_that_are_mixed_are_not_decided() -> None:
    assert date_dialect(["31/12/2023", "2024-05-01"], DEFAULT) == DEFAULT
