"""The rules for numbers by example, and that no text is ever read as a number it is not."""

import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.book.columns import Column
from jobs.silver.cleaning import Cleaned, cleaned
from tests.columns import COUNT, DECIMAL, INTEGER, source_of

NUMBERS = (INTEGER, COUNT, DECIMAL)


def column_of(rule: Column, texts: list[str | None]) -> Cleaned:
    source = source_of(rule)
    return cleaned(pa.table({"x": pa.array(texts, pa.string())}), source)


def value_of(rule: Column, text: str | None) -> Any:
    return column_of(rule, [text]).table["x"][0].as_py()


def reason_of(rule: Column, text: str | None) -> str | None:
    result = column_of(rule, [text])
    assert (result.table["x"].null_count == 1) == bool(result.problems)
    return next(iter(result.problems["x"])) if result.problems else None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("40", 40),
        ("40_", 40),
        ("_40", 40),
        ("__10000__", 10000),
        ("-500", -500),
        ("\u2212500", -500),
        ("_-500_", -500),
        ("+5", 5),
        ("$40", 40),
        ("€ 40", 40),
        ("40 ", 40),
        ("\t40\r\n", 40),
        ("40\u00a0€", 40),
        ("'40", 40),
        ("007", 7),
        ("-0", 0),
        ("3.0", 3),
        ("3.", 3),
        ("1e3", 1000),
        ("12.5e1", 125),
        ("999999999999999", 999999999999999),
        ("1000000000000000", 10**15),
        ("-1000000000000000", -(10**15)),
        ("0" * 5000 + "12", 12),
        ("12." + "0" * 5000, 12),
    ],
)
def test_one_number_with_junk_around_it_is_that_number(text: str, number: int) -> None:
    for rule in (INTEGER, DECIMAL):
        assert value_of(rule, text) == number
        assert reason_of(rule, text) is None
    assert isinstance(value_of(INTEGER, text), int)
    assert isinstance(value_of(DECIMAL, text), float)


@pytest.mark.parametrize(
    "text",
    [
        *("1,5", "1,500", "1 000", "1_000", "1\u00a0000", "1'000", "1.2.3", "1..2", "12-34", "1/2", "2*3", "1;2"),
        *(
            "--5",
            "+-5",
            "- 5",
            "-_5",
            "-$5",
            "5+",
            "5_-",
            "((5))",
            "(5",
            "-(5)",
            "(-5)",
            "(5-",
            "-5-",
            "[5]",
            "<5",
            ">5",
            "~5",
            "±5",
        ),
        *("\u20135", "\u20145", "\uff0d5", "\ufe635"),
        *("\uff14\uff10", "\u0664\u0660", "4\uff10", "\u0967"),
        *("0x1F", "0b1", "0o7", "1F", "1k", "5M", "1e", "e5", "1e5e5", "40 years", "USD 40", "5%", "5\u2030", "1O0"),
        *("5,", ",5", "5..", "..5", "._5", "5_.", "1e99999", "1e_5", "40\u200b", "\ufeff40", "\x0040"),
    ],
)
def test_a_number_that_takes_a_guess_is_null(text: str) -> None:
    for rule in NUMBERS:
        assert value_of(rule, text) is None
        assert reason_of(rule, text) == "ambiguous number"


@pytest.mark.parametrize("text", ["_", "inf", "-inf", "Infinity", "nil", ".", "-", "_-_", "½", "²"])
def test_a_text_without_digits_is_no_number(text: str) -> None:
    for rule in NUMBERS:
        assert value_of(rule, text) is None
        assert reason_of(rule, text) in {"no number", "ambiguous number"}


@pytest.mark.parametrize("text", ["NaN", "nan", "null", "NULL", " None ", "#N/A", "<NA>", "(null)", "\\N"])
def test_a_text_that_exports_write_for_null_is_no_unreadable_number(text: str) -> None:
    for rule in NUMBERS:
        assert value_of(rule, text) is None
        assert reason_of(rule, text) == "a text for null"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1e400",
            "-1e400",
            "1e16",
            "1000000000000001",
            "-1000000000000001",
            "9007199254740993",
            "9223372036854775808",
        ),
        *("9" * 5000, "-" + "9" * 5000, "__-333333333333333333333333333__", "1000000000000000.1"),
    ],
)
def test_a_magnitude_beyond_1e15_is_a_placeholder(text: str) -> None:
    for rule in (INTEGER, DECIMAL):
        assert value_of(rule, text) is None
        assert reason_of(rule, text) == "beyond 1e15"


@pytest.mark.parametrize("text", ["3.7", "-0.5", ".5", "1e-3", "2.0000000000000000000000000001", "40.5_"])
def test_a_fraction_is_no_integer(text: str) -> None:
    assert reason_of(INTEGER, text) == reason_of(COUNT, text) == "not a whole number"
    assert value_of(DECIMAL, text) == float(text.strip("_"))


def test_a_count_below_zero_is_null_and_other_integers_are_not() -> None:
    assert reason_of(COUNT, "-100") == reason_of(COUNT, "_-1_") == "negative count"
    assert value_of(COUNT, "0") == value_of(COUNT, "-0") == 0
    assert value_of(INTEGER, "-5") == -5
    assert value_of(DECIMAL, "-6.49") == -6.49


ANY = st.none() | st.text(max_size=30) | st.text("0123456789.,-+_eExX $%()\u2212\uff11NaInf/", max_size=12)


@given(st.lists(ANY, max_size=20))
def test_a_number_found_is_the_only_run_of_digits_in_the_text(texts: list[str | None]) -> None:
    for rule in NUMBERS:
        for text, value in zip(texts, column_of(rule, texts).table["x"].to_pylist(), strict=True):
            if value is not None:
                assert text is not None
                plain = text.replace("\u2212", "-")
                bare = plain.strip("".join(letter for letter in plain if not (letter.isdigit() or letter in ".+-")))
                if bare.endswith("-") or "(" in text:
                    bare = "-" + bare.removesuffix("-")
                assert Decimal(bare) == value or math.isclose(float(bare), value, rel_tol=1e-15)
                assert abs(value) <= 10**15


@given(st.integers(-(10**15), 10**15), st.text("_ $", max_size=4), st.text("_ ", max_size=4))
def test_an_integer_in_junk_comes_back_exactly(number: int, before: str, after: str) -> None:
    assert value_of(INTEGER, f"{before}{number}{after}") == number


@given(st.floats(-1e15, 1e15))
def test_a_decimal_comes_back_exactly(number: float) -> None:
    assert value_of(DECIMAL, repr(number)) == number
    assert value_of(DECIMAL, f"__{number!r}_") == number


@pytest.mark.parametrize("text", ["(500)", "500-", "( 500 )", "$(500)", "(500) ", "500 -", "(500.0)", "€500-"])
def test_a_number_in_parentheses_or_with_a_minus_behind_it_is_negative(text: str) -> None:
    assert value_of(INTEGER, text) == -500
    assert value_of(DECIMAL, text) == -500.0
    assert reason_of(COUNT, text) == "negative count"
