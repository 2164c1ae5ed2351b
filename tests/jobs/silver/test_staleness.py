"""The newest row of every source at as-of, and which source is stale: one older than its cadence."""

from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest

from jobs.book.declaration import Book
from jobs.silver.staleness import SourceAge, ages, begun_days, newest_days, stale_sentences
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import as_json, from_json
from tests.retail import BOOK, SOURCES

AS_OF = date(2025, 6, 1)
CLICKS, PEOPLE, MONEY, LOANS = (source.dataset for source in BOOK.sources)
MONTHS = tuple(f"{year}-{month:02}-01" for year in (2023, 2024, 2025) for month in range(1, 13))


def tables(
    ledger: str = "2025-06-01", starts: str = "2025-01-01", others: str = "2025-01-01"
) -> dict[str, TableVersion]:
    """Cleaned tables of monthly rows up to these days. The ledger's dates reach beyond its rows, as they always do."""
    made = {}
    for source in BOOK.sources:
        name = source.staged_table
        if source == BOOK.loans:
            days = {source.known_on: months(ledger), BOOK.loan_start: months(starts)}
            made[name] = TableVersion(name, "v", (), MONTHS, {}, days)
        else:
            made[name] = TableVersion(name, "v", (), months(others))
    return made


def months(last: str) -> tuple[str, ...]:
    return tuple(month for month in MONTHS if month <= last)


def age(dataset: str, book: Book = BOOK, as_of: date = AS_OF, **given: str) -> SourceAge:
    return next(each for each in ages(tables(**given), book, as_of) if each.dataset == dataset)


def with_cadence(days: int) -> Book:
    return replace(BOOK, sources=tuple(replace(source, cadence=days) for source in BOOK.sources))


def test_a_ledger_is_stale_when_its_newest_row_is_older_than_its_cadence() -> None:
    assert age(LOANS, ledger="2025-05-01").state == "fresh"
    old = age(LOANS, ledger="2024-03-01")
    assert (old.newest, old.days, old.state) == ("2024-03-01", 457, "stale")
    (sentence,) = stale_sentences([old], BOOK)
    assert sentence == (
        "lms_loan_daily is stale: its newest row is of 2024-03-01, 457 days before 2025-06-01, more than its "
        "cadence of 45 days; deliver newer extracts, or declare a longer `cadence` in jobs/book/retail.py."
    )


@pytest.mark.parametrize(("late", "state"), [(45, "fresh"), (46, "stale")])
def test_the_cadence_is_the_last_day_on_which_nothing_is_said(late: int, state: str) -> None:
    assert age(LOANS, as_of=date(2025, 5, 1) + timedelta(late), ledger="2025-05-01").state == state


def test_a_source_may_have_a_longer_cadence_of_its_own() -> None:
    assert age(LOANS, with_cadence(400), ledger="2024-05-01").state == "fresh"
    assert age(LOANS, with_cadence(400), ledger="2024-04-01").state == "stale"


def test_data_of_applications_are_stale_only_when_newer_loans_began() -> None:
    assert [each.state for each in ages(tables(), BOOK, AS_OF)] == ["fresh"] * 4
    late = age(PEOPLE, others="2024-03-01")
    assert (late.days, late.until, late.state) == (306, "2025-01-01", "stale")
    assert age(PEOPLE, replace_new_loans_only(), others="2025-01-01").state == "stale"


def replace_new_loans_only() -> Book:
    """The book without sources that have rows of new loans only."""
    return replace(BOOK, sources=tuple(replace(source, new_loans_only=False) for source in BOOK.sources))


def test_what_is_later_than_as_of_does_not_count() -> None:
    past = date(2024, 2, 10)
    assert age(LOANS, as_of=past).newest == "2024-02-01"
    assert [each.state for each in ages(tables(), BOOK, past)] == ["fresh"] * 4
    before = age(LOANS, as_of=date(2022, 12, 1))
    assert (before.newest, before.state) == (None, "stale")
    assert stale_sentences([before], BOOK)[0].startswith("lms_loan_daily is stale: it has no row up to 2022-12-01; ")


def test_the_oldest_stale_source_is_named_first() -> None:
    found = ages(tables(ledger="2025-02-01", others="2024-03-01"), BOOK, AS_OF)
    assert [one.split()[0] for one in stale_sentences(found, BOOK)] == [CLICKS, PEOPLE, MONEY, LOANS]


def test_a_ledger_of_an_earlier_release_is_not_known_and_not_stale() -> None:
    old = {name: from_json({**as_json(table), "days": {}}) for name, table in tables(ledger="2024-03-01").items()}
    content = as_json(old[BOOK.loans.staged_table])
    del content["days"]
    assert from_json(content) == old[BOOK.loans.staged_table]
    found = ages(old, BOOK, AS_OF)
    assert [each.state for each in found] == ["unknown"] * 4
    assert newest_days(found).endswith("lms_loan_daily not known")
    assert newest_days(found).startswith("feature_clickstream 2025-01-01, ")


def test_a_version_keeps_its_days_in_the_ledger_and_over_parts() -> None:
    one, other = (tables(ledger=last)[BOOK.loans.staged_table] for last in ("2024-01-01", "2025-01-01"))
    assert from_json(as_json(one)) == one
    assert one.with_parts_of(other).days == other.with_parts_of(one).days == other.days


def test_a_mistyped_late_start_makes_no_source_stale() -> None:
    known, late = date(2024, 3, 1), date(2025, 3, 1)
    rows = [(date(2024, 2, 1), known), (known, known), (late, known), (None, known), (late, None)]
    columns = dict(zip((BOOK.loan_start, BOOK.loans.known_on), zip(*rows, strict=True), strict=True))
    ledger = pa.table({name: pa.array(days, pa.date32()) for name, days in columns.items()})
    assert begun_days(ledger, BOOK.loans, BOOK) == {date(2024, 2, 1), known}
    assert begun_days(ledger, SOURCES[PEOPLE], BOOK) == set()
