"""Tallies and the sums of their summaries against pandas, in one part and in several."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import jobs.profiles.tally
from jobs.book.columns import Column, Kind
from jobs.profiles.hashes import hashes_of_texts
from jobs.profiles.summary import Summary, merged_columns, without_sketch
from jobs.profiles.tally import Tally

GENERATOR = np.random.default_rng(3)
MISSING, UNREADABLE = {"empty": 7}, {"no number": 2}


def tally_of(column: Column, values: "pd.Series[object]", groups: int = 1) -> Tally:
    """The tally of values that come in groups, each with 7 missing and 2 unreadable rows."""
    tally = Tally(column)
    for number in range(groups):
        counts = values.iloc[number::groups].value_counts()
        distinct = pa.array([*counts.index, None], column.kind.type)
        tally.add(distinct, np.array([*counts, 9], np.int64), MISSING, UNREADABLE)
    return tally


def in_parts(column: Column, values: "pd.Series[object]", parts: int) -> Summary:
    cut = [values.iloc[number::parts] for number in range(parts)]
    return without_sketch(merged_columns([tally_of(column, each).summary(mergeable=True) for each in cut]))


@pytest.mark.parametrize("parts", [1, 3])
def test_few_numbers_are_exact(parts: int) -> None:
    values = pd.Series(GENERATOR.integers(-40, 60, 2001))
    column = Column("Age", Kind.INTEGER, "")
    found = in_parts(column, values, parts) if parts > 1 else tally_of(column, values, 4).summary(mergeable=False)
    groups = 3 if parts > 1 else 4
    assert found == {
        "name": "Age",
        "kind": "integer",
        "rows": 2001 + 9 * groups,
        "present": 2001,
        "missing": {"empty": 7 * groups},
        "unreadable": {"no number": 2 * groups},
        "distinct": values.nunique(),
        "low": values.min(),
        "high": values.max(),
        "median": values.median(),
        "mean": pytest.approx(values.mean()),
    }


@pytest.mark.parametrize("rows", [1, 2, 5, 6])
def test_the_median_is_the_middle_or_the_mean_of_the_two_in_the_middle(rows: int) -> None:
    values = pd.Series(GENERATOR.normal(size=rows))
    found = tally_of(Column("x", Kind.DECIMAL, ""), values).summary(mergeable=False)
    assert found["median"] == pytest.approx(values.median())


def test_many_numbers_of_several_parts_are_estimates_that_say_so() -> None:
    values = pd.Series(GENERATOR.lognormal(8, 1, 30_000).round(2))
    found = in_parts(Column("Income", Kind.DECIMAL, ""), values, 5)
    assert found["approximate"] == ["distinct", "median"]
    assert values.rank(pct=True)[(values - found["median"]).abs().idxmin()] == pytest.approx(0.5, abs=0.004)
    assert found["distinct"] == pytest.approx(values.nunique(), rel=0.2)
    assert (found["low"], found["high"]) == (values.min(), values.max())
    assert found["mean"] == pytest.approx(values.mean())
    whole = tally_of(Column("Income", Kind.DECIMAL, ""), values).summary(mergeable=False)
    assert "approximate" not in whole
    assert (whole["distinct"], whole["median"]) == (values.nunique(), pytest.approx(values.median()))


def test_more_values_than_are_held_become_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.profiles.tally, "MOST_DISTINCT", 1000)
    values = pd.Series(GENERATOR.normal(size=5000))
    found = tally_of(Column("x", Kind.DECIMAL, ""), values, 10).summary(mergeable=False)
    assert found["approximate"] == ["distinct", "median"]
    assert (found["rows"], found["present"]) == (5090, 5000)
    assert found["median"] == pytest.approx(values.median(), abs=0.03)
    assert not {"points", "hashes"} & set(found)


def test_hashes_that_are_known_give_the_same_summary_as_those_of_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.profiles.tally, "MOST_DISTINCT", 150)
    column = Column("Customer_ID", Kind.IDENTIFIER, "")
    values = pa.array([*(f"CUS_{number}" for number in range(90)), None])
    rows = np.array([*[2] * 89, 0, 5], np.int64)
    hashes = np.append(hashes_of_texts(pa.chunked_array([values[:-1]])), np.uint64(0))
    plain, known = Tally(column), Tally(column)
    for _ in range(3):
        plain.add(values, rows, {"empty": 5}, {})
    with monkeypatch.context() as without:
        without.delattr(jobs.profiles.tally, "hashes_of_texts")
        for _ in range(3):
            known.add(values, rows, {"empty": 5}, {}, hashes)
        found = known.summary(mergeable=True)
    assert found == plain.summary(mergeable=True)
    assert (found["distinct"], found["present"]) == (89, 3 * 2 * 89)


def test_levels_are_the_most_frequent_and_none_of_few_rows() -> None:
    values = pd.Series(["b"] * 50 + ["a"] * 50 + ["c"] * 80 + ["Jane Roe"] * 4)
    column = Column("Mix", Kind.CATEGORY, "")
    for found in (tally_of(column, values, 2).summary(mergeable=False), in_parts(column, values, 2)):
        assert found["levels"] == [["c", 80], ["a", 50], ["b", 50]]
        assert found["distinct"] == 4


def test_values_that_tell_who_a_row_is_about_are_no_levels() -> None:
    names = pd.Series([f"Person {number}" for number in range(300) for _ in range(24)])
    found = tally_of(Column("Occupation", Kind.CATEGORY, ""), names).summary(mergeable=False)
    assert (found["levels"], found["distinct"]) == ([], 300)


def test_dates_have_extremes_and_a_median_as_days() -> None:
    values = pd.Series([date(2024, 1, 1), date(2024, 1, 3), date(2025, 1, 1)])
    found = tally_of(Column("day", Kind.DATE, ""), values).summary(mergeable=False)
    assert (found["low"], found["median"], found["high"]) == ("2024-01-01", "2024-01-03", "2025-01-01")
    assert "mean" not in found


@pytest.mark.parametrize("kind", [Kind.CATEGORY, Kind.TEXT, Kind.IDENTIFIER, Kind.CODE])
@pytest.mark.parametrize("parts", [1, 2])
def test_texts_and_personal_columns_are_counted_only(kind: Kind, parts: int) -> None:
    column = Column("Name", kind, "", personal=True)
    values = pd.Series(["Jane Roe"] * 50 + ["John Doe"] * 30)
    found = in_parts(column, values, parts) if parts > 1 else tally_of(column, values).summary(mergeable=False)
    assert found["distinct"] == 2
    assert set(found) == {"name", "kind", "rows", "present", "missing", "unreadable", "distinct"}


def test_personal_numbers_are_counted_only() -> None:
    found = in_parts(Column("Income", Kind.DECIMAL, "", personal=True), pd.Series([17.25] * 9), 2)
    assert "17.25" not in str(found)
    assert found["distinct"] == 1


def test_a_column_without_values_has_counts() -> None:
    empty = pd.Series([], dtype=float)
    column = Column("x", Kind.DECIMAL, "")
    for found in (tally_of(column, empty).summary(mergeable=False), in_parts(column, empty, 2)):
        assert (found["present"], found["distinct"]) == (0, 0)
        assert "median" not in found
    some = merged_columns([tally_of(column, each).summary(mergeable=True) for each in (empty, pd.Series([1.0, 4.0]))])
    assert (some["low"], some["high"], some["mean"], some["median"]) == (1.0, 4.0, 2.5, 2.5)
