"""Summaries of columns and profiles of deliveries as plain JSON, and their sums over the parts of a delivery.

A summary has name, kind, rows, `present` (rows with a value), `missing` and `unreadable` (rows without one, by reason)
and `distinct`; of numbers and dates `low`, `high` and `median`, of numbers `mean`, of categories `levels` ([level,
rows], the most frequent first). `approximate` names the entries that are estimates. Over several parts rows, reasons,
extremes and means are exact. Distinct values are counted up to 255 and estimated beyond (from the smallest hashes,
mostly within 6%). The median is exact while no part has more than 128 distinct values, else within 0.4% of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import reduce
from typing import Any, TypeAlias

from jobs.book.columns import Kind
from storage.on_use import np, npt

Summary = dict[str, Any]
Profile = dict[str, Any]  # dataset, delivery, files, rows, columns (summaries)
Points: TypeAlias = "tuple[npt.NDArray[Any], npt.NDArray[Any]]"  # values in their order, the rows that each stands for

LEVELS = 20  # most frequent levels that are kept
FEWEST = 5  # rows of a level that is kept,
LEAST_SHARE = 0.005  # and its share of the values, so that nothing that tells who a row is about is kept
LONGEST = 40  # characters of a level
POINTS = 128
HASHES = 256
EPOCH = date(1970, 1, 1)


def distribution(points: Points, kind: Kind) -> Summary:
    """Extremes, median and mean of values with their rows. Dates are days since 1970."""
    values, rows = points
    low, high, median = values[0], values[-1], _median(points)
    if kind is Kind.DATE:
        return {"low": _day(low), "high": _day(high), "median": _day(int(median))}
    mean = float(np.average(values.astype(np.float64), weights=rows))
    return {"low": low.item(), "high": high.item(), "median": plain(median), "mean": plain(mean)}


def most_frequent(levels: Mapping[str, int]) -> list[list[Any]]:
    """The levels with most rows: [level, rows]. Levels of few rows are left out."""
    fewest = max(FEWEST, LEAST_SHARE * sum(levels.values()))
    ranked = sorted(levels.items(), key=lambda level: (-level[1], level[0]))
    return [[text[:LONGEST], count] for text, count in ranked[:LEVELS] if count >= fewest]


def merged_profiles(parts: Iterable[Profile]) -> tuple[Profile, ...]:
    """One profile for each dataset, from those of its parts."""
    by_dataset: dict[str, list[Profile]] = {}
    for part in parts:
        by_dataset.setdefault(part["dataset"], []).append(part)
    return tuple(_merged(several) for several in by_dataset.values())


def merged_columns(parts: Sequence[Summary]) -> Summary:
    """The summary of a column from mergeable summaries of its parts."""
    merged: Summary = {"name": parts[0]["name"], "kind": parts[0]["kind"]}
    merged |= {name: sum(part[name] for part in parts) for name in ("rows", "present")}
    for name in ("missing", "unreadable"):
        merged[name] = reduce(added, (part[name] for part in parts))
    approximate = {name for part in parts for name in part.get("approximate", ())}
    merged["hashes"] = sorted({one for part in parts for one in part["hashes"]})[:HASHES]
    merged["distinct"] = len(merged["hashes"])
    if len(merged["hashes"]) == HASHES:
        estimate = round((HASHES - 1) / (merged["hashes"][-1] / 2**64))
        counted = [part["distinct"] for part in parts]
        merged["distinct"] = min(max(estimate, *counted), sum(counted)) if len(parts) > 1 else counted[0]
        approximate.add("distinct")
    filled = [part for part in parts if part["present"]]
    if any("points" in part for part in filled):
        merged |= _merged_distribution(filled, approximate)
    if any("levels" in part for part in filled):
        merged["levels"] = most_frequent(reduce(added, (dict(part["levels"]) for part in filled)))
        if any(part["distinct"] > len(part["levels"]) for part in filled):
            approximate.add("levels")
    return merged | ({"approximate": sorted(approximate)} if approximate else {})


def added(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    """The sums of two sets of counts, in the order of their names."""
    return {name: left.get(name, 0) + right.get(name, 0) for name in sorted({*left, *right})}


def without_sketch(summary: Summary) -> Summary:
    """The summary without what only merging needs."""
    return {name: value for name, value in summary.items() if name not in ("points", "hashes")}


def plain(number: float) -> float:
    """The number to 10 significant digits, which every machine computes alike."""
    return float(f"{number:.10g}")


def _merged(parts: Sequence[Profile]) -> Profile:
    first = parts[0]
    rows = sum(part["rows"] for part in parts)
    columns = zip(*(part["columns"] for part in parts), strict=True)
    summaries = [merged_columns(each) if len(each) > 1 else each[0] for each in columns]
    return {**first, "rows": rows, "columns": [without_sketch(each) for each in summaries]}


def _merged_distribution(parts: Sequence[Summary], approximate: set[str]) -> Summary:
    """Extremes, median and mean over parts, and the points of all."""
    points: dict[float, float] = {}
    for part in parts:
        for value, weight in part["points"]:
            points[value] = points.get(value, 0) + weight
    if any(part["distinct"] > len(part["points"]) for part in parts):
        approximate.add("median")
    values = np.array(sorted(points))
    weights = np.array([points[value] for value in values.tolist()])
    merged = distribution((values, weights), Kind(parts[0]["kind"]))
    merged |= {"low": min(part["low"] for part in parts), "high": max(part["high"] for part in parts)}
    if "mean" in merged:
        rows = sum(part["present"] for part in parts)
        merged["mean"] = plain(sum(part["mean"] * part["present"] for part in parts) / rows)
    return {**merged, "points": [[value, points[value]] for value in values.tolist()]}


def _median(points: Points) -> float:
    """The middle value, or the mean of the two in the middle."""
    values, rows = points
    ends = np.cumsum(rows)
    middle = ends[-1] / 2
    lower, upper = np.searchsorted(ends, middle), np.searchsorted(ends, middle, side="right")
    return float((values[lower] + values[min(upper, len(values) - 1)]) / 2)


def _day(days: float) -> str:
    return (EPOCH + timedelta(days=int(days))).isoformat()
