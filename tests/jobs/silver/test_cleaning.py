"""The rules for dates, categories, texts and SSNs by example and by property."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.book.columns import Column
from jobs.silver.cleaning import Cleaned, cleaned, matches
from jobs.silver.values import Ordered, Spread
from tests.columns import CATEGORY, CODE, COUNT, DATE, DECIMAL, IDENTIFIER, INTEGER, OCCUPATION, TEXT, source_of
from tests.retail import SOURCES

PATTERN = r"[0-9]{3}-[0-9]{2}-[0-9]{4}"
RULES = {"integer": INTEGER, "count": COUNT, "decimal": DECIMAL, "date": DATE, "category": CATEGORY, "text": TEXT}


def column_of(rule: Column, texts: list[str | None]) -> Cleaned:
    source = source_of(rule)
    return cleaned(pa.table({"x": pa.array(texts, pa.string())}), source)


def value_of(rule: Column, text: str | None) -> Any:
    return column_of(rule, [text]).table["x"][0].as_py()


def reason_of(rule: Column, text: str | None) -> str | None:
    result = column_of(rule, [text])
    assert (result.table["x"].null_count == 1) == bool(result.problems)
    return next(iter(result.problems["x"])) if result.problems else None


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("text", ["", " ", "\t\n", None])
def test_nothing_is_null_and_counted_as_empty(kind: str, text: str | None) -> None:
    assert value_of(RULES[kind], text) is None
    assert reason_of(RULES[kind], text) == "empty"
    assert reason_of(IDENTIFIER, text) == "empty"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1/5/2023", date(2023, 5, 1)),
        ("01/05/2023", date(2023, 5, 1)),
        ("31/12/2024", date(2024, 12, 31)),
        ("29/2/2024", date(2024, 2, 29)),
        (" 1/5/2023 ", date(2023, 5, 1)),
    ],
)
def test_dates(text: str, day: date) -> None:
    assert value_of(DATE, text) == day


@pytest.mark.parametrize(
    "text", ["31/2/2024", "29/2/2023", "29/2/1900", "0/1/2024", "1/13/2024", "32/1/2024", "1/1/0000"]
)
def test_days_that_do_not_exist_are_null(text: str) -> None:
    assert reason_of(DATE, text) == "no such day"


@pytest.mark.parametrize(
    "text",
    [
        *("2024-01-05", "1/5/23", "1.5.2023", "1-5-2023", "20230501", "1/5/2023 00:00", "1/5/20233", "001/5/2023"),
        *("\uff11/5/2023", "1 /5/2023", "1/May/2023", "_", "1/5/2023x", "-1/5/2023"),
    ],
)
def test_other_ways_to_write_a_date_are_null(text: str) -> None:
    assert reason_of(DATE, text) == "not d/M/yyyy"


@pytest.mark.parametrize("text", ["_______", "_", "NM", "!@9#%8", " _ "])
def test_placeholders_of_categories_are_null(text: str) -> None:
    assert reason_of(CATEGORY, text) == "placeholder"


def test_categories_are_trimmed_and_otherwise_kept() -> None:
    assert value_of(CATEGORY, " Good ") == "Good"
    assert value_of(CATEGORY, "__") == "__"
    assert value_of(OCCUPATION, "NM") == "NM"
    assert reason_of(OCCUPATION, "_______") == reason_of(OCCUPATION, "_") == "placeholder"


@pytest.mark.parametrize("text", ["007", "9" * 5000, 'a,"b"', "🙂", "CUS_0x1", "_", "NM", "a\nb", "e\u0301", "é"])
def test_identifiers_and_texts_are_kept_exactly(text: str) -> None:
    for rule in (IDENTIFIER, TEXT):
        assert value_of(rule, text) == text
        assert reason_of(rule, text) is None


def test_ssns_are_trimmed_and_left_to_quality_control() -> None:
    texts = [" 123-45-6789\t", "#F%$D@*&8", "", None]
    result = column_of(CODE, texts)
    assert result.table["x"].to_pylist() == ["123-45-6789", "#F%$D@*&8", "", ""]
    assert result.problems == {}
    assert matches(result.table["x"], PATTERN).to_pylist() == [True, False, False, False]


def test_a_code_matches_its_pattern_as_a_whole() -> None:
    invalid = [
        *("123456789", "123-45-67890", "123-456-789", "12a-45-6789", "x123-45-6789", "123-45-6789\n123-45-6789"),
        *("\uff11\uff12\uff13-45-6789", "123\u201145-6789", "", None),
    ]
    array = pa.array(["123-45-6789", " 123-45-6789 ", *invalid], pa.string())
    for texts in (array, array.dictionary_encode(), pa.chunked_array([array]), array.cast(pa.large_string())):
        assert matches(texts, PATTERN).to_pylist() == [True, True, *[False] * len(invalid)]


def test_problems_count_rows_by_reason() -> None:
    texts = ["_", "1,5", "", "_", "7", "1,5", "_", None, "1e99"]
    assert column_of(INTEGER, texts).problems == {
        "x": {"ambiguous number": 2, "beyond 1e15": 1, "empty": 2, "no number": 3}
    }


ANY = st.none() | st.text(max_size=30) | st.text("0123456789.,-+_eExX $%()\u2212\uff11NaInf/", max_size=12)


@given(st.lists(ANY, max_size=20))
@example(["9" * 5000, "1" * 100_000 + "x", "_" * 100_000 + "-" * 100_000])
def test_any_text_gives_a_value_or_a_counted_null(texts: list[str | None]) -> None:
    for rule in (*RULES.values(), IDENTIFIER, OCCUPATION, CODE):
        result = column_of(rule, texts)
        result.table.validate(full=True)
        assert result.table.num_rows == len(texts)
        assert result.table["x"].null_count == sum(sum(counts.values()) for counts in result.problems.values())


def test_texts_of_a_dictionary_that_no_row_has_are_no_problem() -> None:
    coded = pa.table({"x": pa.array(["_", "1", "2"]).dictionary_encode()}).slice(1)
    assert cleaned(coded, source_of(INTEGER)).problems == {}


@pytest.mark.parametrize("text", [" CUS_1 ", "\ufeffCUS_1", "CUS_1\u00a0\u00a0", "\tCUS_1\r"])
def test_blanks_and_byte_order_marks_around_an_identifier_are_dropped(text: str) -> None:
    assert value_of(IDENTIFIER, text) == "CUS_1"
    assert value_of(TEXT, text) == text


@pytest.mark.parametrize("text", ["NULL", "null", "#N/A", "nan", "NaN", "None", " NULL "])
def test_what_exports_write_for_null_is_no_identifier(text: str) -> None:
    assert reason_of(IDENTIFIER, text) == "a text for null"


@pytest.mark.parametrize("text", ["4.10000E+14", "4E+14", "4,1E+14", "4.1e14"])
def test_a_rounded_identifier_is_no_identifier(text: str) -> None:
    assert reason_of(IDENTIFIER, text) == "a rounded number"


@pytest.mark.parametrize("text", ["31/12/1899", "1/1/2200", "1/1/0001", "31/12/9999"])
def test_a_year_out_of_range_is_null_and_counted(text: str) -> None:
    assert reason_of(DATE, text) == "year out of range"


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_date_comes_back(day: date) -> None:
    assert value_of(DATE, f"{day.day}/{day.month}/{day.year:04}") == day


@pytest.mark.thorough
@given(st.lists(st.lists(ANY, max_size=6), max_size=4), st.sampled_from(["mask", "encode"]))
def test_how_the_texts_are_stored_makes_no_difference(parts: list[list[str | None]], nulls: str) -> None:
    for kind, rule in RULES.items():
        source = source_of(replace(rule, name=kind))
        plain = pa.chunked_array([pa.array(part, pa.string()) for part in parts], pa.string())
        coded = pa.chunked_array(
            [chunk.dictionary_encode(null_encoding=nulls) for chunk in plain.chunks],
            pa.dictionary(pa.int32(), pa.string()),
        )
        expected = cleaned(pa.table({kind: plain}), source)
        for column in (coded, plain.cast(pa.large_string()), plain.cast(pa.dictionary(pa.int8(), pa.large_string()))):
            found = cleaned(pa.table({kind: column}), source)
            assert found.table.equals(expected.table)
            assert found.problems == expected.problems


def test_columns_come_in_declared_order_and_type_whatever_the_table_holds() -> None:
    source = SOURCES["features_attributes"]
    table = pa.table({name: pa.array(["1"], pa.string()) for name in [*reversed(source.names), "other"]})
    for rows in (table, table.slice(1), table.schema.empty_table()):
        assert cleaned(rows, source).table.schema == source.silver_schema


def by_last_place(columns: Mapping[str, Spread]) -> Ordered:
    return Ordered(np.argsort(-columns["x"].places, kind="stable"), {"x": np.arange(5, dtype=np.uint64)})


def test_rows_in_another_order_keep_their_values_and_marks() -> None:
    source = source_of(replace(COUNT, minimum=0))
    table = pa.table({"x": ["1", "2 or 3", "", "4", "5 or 6"]})
    plain = cleaned(table, source)
    sorted_ones = cleaned(table, source, order=by_last_place)
    rows = pa.array([4, 3, 2, 1, 0])
    assert sorted_ones.table.equals(plain.table.take(rows))
    assert sorted_ones.marks.equals(plain.marks.take(rows))
    assert sorted_ones.marks.to_pylist() == [",x,", None, None, ",x,", None]
    assert (sorted_ones.problems, sorted_ones.first) == (plain.problems, plain.first)
    assert sorted_ones.first == {"x": "2 or 3"}
    assert sorted_ones.distinct["x"].hashes.tolist() == [0, 1, 2, 3, 4]
    assert plain.distinct["x"].hashes is None
