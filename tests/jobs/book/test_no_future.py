"""No feature of a loan changes when rows become known after its prediction date, whatever the book declares."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, get_args

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from jobs.book.columns import Column, Kind, Source
from jobs.book.declaration import Book
from jobs.book.features import BadLoan, Computed, Cut, Feature, Latest, Statistic, Window
from jobs.book.functions import ratio
from jobs.book.validation import declaration_findings
from jobs.gold.features import loan_features
from jobs.loan_calendar import months_later
from tests.retail import BOOK, FULL, NEEDED, SOURCES

DAYS = st.dates(date(2023, 1, 1), date(2025, 12, 31))
NUMBERS = st.none() | st.integers(-9, 9)
PEOPLE = "ab"
LOANS = ("a1", "a2", "b1")


def source(name: str, *columns: Column, key: tuple[str, ...]) -> Source:
    return Source(name, name, name, "day", key, (*columns, Column("day", Kind.DATE, "")))


LEDGER = source(
    "ledger",
    Column("loan", Kind.IDENTIFIER, ""),
    Column("person", Kind.IDENTIFIER, ""),
    Column("start", Kind.DATE, ""),
    Column("late", Kind.INTEGER, ""),
    key=("loan", "day"),
)
VISITS = source("visits", Column("person", Kind.IDENTIFIER, ""), Column("n", Kind.INTEGER, ""), key=("person", "day"))
COLUMN = {"ledger": "late", "visits": "n"}
SCHEMAS = {one.silver: one.silver_schema for one in (LEDGER, VISITS)}


@st.composite
def books(draw: Any) -> Book:
    """Valid books over two sources, with random features, offsets and definitions of a bad loan."""
    features: list[Feature] = []
    for number in range(draw(st.integers(1, 4))):
        table = draw(st.sampled_from(["ledger", "visits"]))
        if draw(st.booleans()):
            features.append(Latest(f"f{number}", table, COLUMN[table]))
        else:
            statistic, cut = draw(st.sampled_from(get_args(Statistic))), draw(st.sampled_from(get_args(Cut)))
            months = draw(st.none() | st.integers(1, 24))
            features.append(Window(f"f{number}", table, COLUMN[table], statistic, cut, months))
    names = [feature.name for feature in features]
    features.append(Computed("both", (draw(st.sampled_from(names)), draw(st.sampled_from(names))), ratio))
    prediction = draw(st.integers(0, 6))
    observation = prediction + draw(st.integers(1, 6))
    return replace(
        BOOK,
        loan_source="ledger",
        loan_id="loan",
        customer_id="person",
        loan_start="start",
        exposure="",
        prediction=prediction,
        observation=observation,
        bad_loan=BadLoan("ledger", "late", 0, prediction, observation),
        sources=(LEDGER, replace(VISITS, every_loan=draw(st.booleans()))),
        features=tuple(features),
        feature_sets=MappingProxyType({"all": (*names, "both")}),
        segments=(),
    )


def ledger_row(loan: str, day: date, late: int | None, starts: dict[str, date]) -> dict[str, Any]:
    return {"loan": loan, "person": loan[0], "start": starts[loan], "day": day, "late": late}


LEDGER_ROWS = st.lists(st.tuples(st.sampled_from(LOANS), DAYS, NUMBERS), max_size=12)
VISIT_ROWS = st.lists(st.tuples(st.sampled_from(PEOPLE), DAYS, NUMBERS), max_size=12)


def tables(ledger: list[dict[str, Any]], visits: list[tuple[str, date, int | None]]) -> dict[str, pa.Table]:
    rows = {"ledger": ledger, "visits": [{"person": who, "day": day, "n": n} for who, day, n in visits]}
    return {name: pa.Table.from_pylist(rows[name], SCHEMAS[name]) for name in rows}


@given(books(), st.lists(DAYS, min_size=3, max_size=3), LEDGER_ROWS, VISIT_ROWS, LEDGER_ROWS, VISIT_ROWS)
def test_rows_that_become_known_after_the_prediction_change_no_feature(
    book: Book,
    begin: list[date],
    ledger: list[tuple[str, date, int | None]],
    visits: list[tuple[str, date, int | None]],
    more_ledger: list[tuple[str, date, int | None]],
    more_visits: list[tuple[str, date, int | None]],
) -> None:
    assert declaration_findings(book) == []
    starts = dict(zip(LOANS, begin, strict=True))
    first = [ledger_row(loan, starts[loan], 0, starts) for loan in LOANS]
    before = first + [ledger_row(loan, day, late, starts) for loan, day, late in ledger]
    known = loan_features(tables(before, visits), book).rows
    features = [*(feature.name for feature in book.features), "in_arrears"]
    for row in known.to_pylist():
        day = row["prediction_date"]
        later = [ledger_row(loan, max(at, day + timedelta(1)), late, starts) for loan, at, late in more_ledger]
        later_visits = [(who, max(at, day + timedelta(1)), n) for who, at, n in more_visits]
        after = loan_features(tables(before + later, visits + later_visits), book).rows
        (same,) = (one for one in after.to_pylist() if one["loan"] == row["loan"])
        assert {name: same[name] for name in features} == {name: row[name] for name in features}


def test_the_first_row_after_the_prediction_is_the_first_that_no_feature_sees() -> None:
    """The property has teeth: a row on the prediction date itself is seen by the newest row, a day later it is not."""
    features = (Latest("newest", "visits", "n"), Window("seen", "visits", "n", "count"))
    book = replace(
        BOOK,
        loan_source="ledger",
        loan_id="loan",
        customer_id="person",
        loan_start="start",
        exposure="",
        bad_loan=BadLoan("ledger", "late", 0, 3, 6),
        sources=(LEDGER, VISITS),
        features=features,
        feature_sets=MappingProxyType({"all": ("newest", "seen")}),
        segments=(),
    )
    start = date(2024, 1, 31)  # the prediction date is 30 April
    ledger = [{"loan": "a1", "person": "a", "start": start, "day": start, "late": 0}]

    def seen(day: date) -> tuple[Any, Any]:
        (row,) = loan_features(tables(ledger, [("a", day, 7)]), book).rows.to_pylist()
        return row["newest"], row["seen"]

    def in_arrears(day: date) -> bool:
        late = {**ledger[0], "day": day, "late": 7}
        (row,) = loan_features(tables([*ledger, late], []), book).rows.to_pylist()
        return bool(row["in_arrears"])

    assert [in_arrears(date(2024, 4, day)) for day in (29, 30)] == [True, False]
    assert seen(date(2024, 4, 29)) == (7, 1)
    assert seen(date(2024, 4, 30)) == (7, 0)
    assert seen(date(2024, 5, 1)) == (None, 0)


START = date(2024, 3, 1)  # of the one loan of the default book below
SCORED = months_later(pa.array([START]), BOOK.prediction)[0].as_py()
LAST_SEEN = {source.silver: SCORED for source in SOURCES.values()} | {"clickstream": START - timedelta(1)}


def default_rows(day: Mapping[str, date], number: int) -> dict[str, pa.Table]:
    """A row of every source of the default book, all its columns filled from the number, known on the source's day."""
    made = {}
    for one in SOURCES.values():
        row = {column.name: filled(column, number) for column in one.columns}
        made[one.silver] = pa.Table.from_pylist([row | {one.known_on: day[one.silver]}], one.silver_schema)
    return {name: table.select(NEEDED[name]) for name, table in made.items()}


def filled(column: Column, number: int) -> Any:
    texts = {
        "Credit_History_Age": f"{number} Years and 1 Months",
        "Type_of_Loan": ", ".join("abcdefghij"[:number]),
        "loan_start_date": START,
    }
    if column.name in texts or column.kind == Kind.DATE:
        return texts.get(column.name, START)
    if column.kind == Kind.IDENTIFIER:
        return "same"
    if column.kind.type == pa.string():
        return f"level {number}"
    return zlib.crc32(f"{column.name} {number}".encode()) % 999 + 1


def default_features(*parts: dict[str, pa.Table]) -> dict[str, Any]:
    together = {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
    (row,) = loan_features(together, BOOK).rows.select(FULL).to_pylist()
    return dict(row)


def test_the_full_set_of_the_default_book_sees_no_row_that_becomes_known_later() -> None:
    """And every feature of it sees the last row that it may see."""
    days = (START - timedelta(60), START - timedelta(30))
    known = [default_rows(dict.fromkeys(LAST_SEEN, day), number) for number, day in enumerate(days, 1)]
    before = default_features(*known)
    assert None not in before.values()
    later = default_rows({name: day + timedelta(1) for name, day in LAST_SEEN.items()}, 7)
    assert default_features(*known, later) == before
    seen = default_features(*known, default_rows(LAST_SEEN, 7))
    assert {name for name in FULL if seen[name] == before[name]} == set()
