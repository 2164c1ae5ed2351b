"""The rules of what changed between two deliveries, and their order."""

from typing import Any

import pytest

from jobs.profiles.changes import changes


def column(name: str = "Rate", rows: int = 1000, missing: int = 0, unreadable: int = 0, **more: Any) -> dict[str, Any]:
    counts = {"missing": {"empty": missing} if missing else {}, "unreadable": {"no number": unreadable}}
    return {"name": name, "rows": rows, "present": rows - missing - unreadable, "distinct": 40, **counts, **more}


def profile(*columns: dict[str, Any], rows: int = 1000) -> dict[str, Any]:
    return {"dataset": "d", "rows": rows, "columns": list(columns)}


def told(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [change.sentence for change in changes(before, now)]


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        ({}, {"missing": 1000, "distinct": 0}, "Rate: missing 0.0% → 100.0%"),
        ({"missing": 300}, {}, "Rate: missing 30.0% → 0.0%"),
        ({}, {"unreadable": 8}, "Rate: unreadable 0.0% → 0.8%"),
        ({}, {"distinct": 1}, "Rate: a single value now, 40 different ones before"),
        ({"median": 27.0}, {"median": 0.27}, "Rate: median 27 → 0.27"),
        ({"median": 3000}, {"median": 300_000.5}, "Rate: median 3,000 → 300,000"),
        ({"median": 0}, {"median": 5}, "Rate: median 0 → 5"),
        ({"median": 2}, {"median": -2}, "Rate: median 2 → -2"),
        ({"levels": [["a", 990]]}, {"levels": [["a", 900], ["b", 90]]}, "Rate: new level 'b', 9.0% of the values"),
        (
            {"levels": [["a", 900], ["b", 90]]},
            {"levels": [["a", 990]]},
            "Rate: no level 'b', 9.0% of the values before",
        ),
    ],
)
def test_a_change_is_one_sentence(before: dict[str, Any], now: dict[str, Any], sentence: str) -> None:
    assert told(profile(column(**before)), profile(column(**now))) == [sentence]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {}),
        ({"missing": 100}, {"missing": 119}),
        ({"unreadable": 5}, {"unreadable": 9}),
        ({"median": 27.0}, {"median": 37.0}),
        ({"median": "2024-01-01"}, {"median": "2025-01-01"}),
        ({"distinct": 1}, {"distinct": 1}),
        ({"levels": [["a", 990]]}, {"levels": [["a", 985], ["b", 9]]}),
        ({"levels": [[str(each), 50] for each in range(20)]}, {"levels": [["x", 900]]}),
    ],
)
def test_small_changes_are_none(before: dict[str, Any], now: dict[str, Any]) -> None:
    assert told(profile(column(**before)), profile(column(**now))) == []


def test_an_empty_column_says_that_alone() -> None:
    before = column(median=27.0, levels=[["a", 1000]])
    assert told(profile(before), profile(column(missing=1000, distinct=0))) == ["Rate: missing 0.0% → 100.0%"]


def test_fewer_or_many_more_rows_are_told_first_and_only_on_demand() -> None:
    before, now = profile(column(), rows=1000), profile(column(missing=500), column("New"), rows=940)
    assert told(before, now) == ["rows: 1,000 → 940 (-6%)", "Rate: missing 0.0% → 50.0%", "New: a new column"]
    assert "Rate" in changes(before, now, rows=False)[0].sentence
    assert told(profile(rows=1000), profile(rows=2001)) == ["rows: 1,000 → 2,001 (+100%)"]
    assert told(profile(rows=1000), profile(rows=2000)) == []
    assert told(now, profile(column(missing=500), rows=940)) == ["New: the column is gone"]


def test_the_larger_change_comes_first() -> None:
    before = profile(column("A", median=1.0), column("B"), column("C"), column("D"))
    now = profile(column("A", median=9.0), column("B", missing=100), column("C", missing=900), column("D", distinct=1))
    assert [change.column for change in changes(before, now)] == ["C", "B", "D", "A"]
