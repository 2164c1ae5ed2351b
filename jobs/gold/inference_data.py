"""Features of every loan that can be scored at as-of, a bucket of customers at a time where a book is large."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add
from typing import Any

import pyarrow as pa

from jobs.errors import JobError
from jobs.gold.checked import AllBuckets, CheckedTables, checked_buckets
from jobs.gold.features import EXPOSURE, unchecked_features, without_any
from jobs.gold.flagged import counts_of_flagged, flagged_features, marked
from jobs.gold.no_loans import Due, due_by, no_scored_loan
from jobs.job import Job, log, summed
from jobs.loan_calendar import known_by
from jobs.silver.buckets import buckets_of
from jobs.silver.quality.identity import check_matches, conflicts_in_all
from storage.lake.datamart import TableVersion
from storage.lake.names import INFERENCE_FEATURES, INFERENCE_IMPUTED


@dataclass(frozen=True)
class _Part:
    """The loans of a bucket: its `tables`, those of flagged customers, what was counted, and what all buckets judge.

    `due` are the loans of the governed customers, `known` their number before any was left out, and `without` how many
    have no row of a source, by silver name.
    """

    tables: tuple[TableVersion, ...]
    flagged: pa.Table
    values: dict[str, Any]
    due: Due
    known: int
    without: dict[str, int]
    matched: dict[str, dict[str, int]]


def inference_features(
    job: Job, staged: Mapping[str, TableVersion], refreshed: Collection[str]
) -> tuple[tuple[TableVersion, ...], dict[str, Any]]:
    """(the tables of features and of imputed cells, what was counted), by quality control and features as in training.

    `staged` are the cleaned tables by silver name, `refreshed` the datasets that were made anew. Loans of flagged
    customers stand behind the others of their bucket and are marked; their features change nothing of the others.
    Raises JobError when no loan can be scored.
    """
    checked = checked_buckets(job, staged, refreshed, buckets_of(staged.values(), job.book))
    sources = {version.table: version.digest for version in staged.values()}
    parts: list[_Part] = []
    for tables, every in checked:
        parts.append(_part(job, tables, every, len(parts), sources))
        del tables  # before the next bucket is read
    known, without, matched = (
        sum(part.known for part in parts),
        reduce(summed, (part.without for part in parts)),
        reduce(summed, (part.matched for part in parts)),
    )
    check_matches(known, without | without_any(known, matched), job.book)
    values = conflicts_in_all(reduce(summed, (part.values for part in parts)))
    values["rows"] = {name: {**counts, "read": staged[name].rows} for name, counts in values["rows"].items()}
    if not values["loans"]:
        counts = values["rows"][job.book.loan_source], values["left_out"]
        due = reduce(add, (part.due for part in parts))
        raise JobError(f"No loan can be scored on {job.as_of}: {no_scored_loan(due, counts, job.book)}")
    features, imputed = (
        reduce(TableVersion.with_parts_of, tables) for tables in zip(*(part.tables for part in parts), strict=True)
    )
    flagged = pa.concat_tables([part.flagged for part in parts], promote_options="permissive")
    log.info("%d loans can be scored, and %d of flagged customers", values["loans"], flagged.num_rows)
    every = job.datamart.read(features, [EXPOSURE if job.book.exposure else job.book.loan_id])
    return (features, imputed), {**values, **counts_of_flagged(flagged, every, job.as_of)}


def _part(job: Job, checked: CheckedTables, every: AllBuckets, number: int, sources: Mapping[str, str]) -> _Part:
    """The loans of a bucket, written as part `number`."""
    book = job.book
    found = unchecked_features(checked.governed, book, every.governed)
    others = flagged_features(checked.flagged, checked.governed, book, every.flagged)
    rows, flagged = (marked(_due(one.rows, job.as_of), checked.why, book) for one in (found, others))
    features = pa.concat_tables([rows, flagged], promote_options="permissive")
    tables = (
        job.write(INFERENCE_FEATURES, [features], number, sources=sources),
        job.write(INFERENCE_IMPUTED, [found.imputed], number, sources=sources),
    )
    values = {
        "known": checked.loans(book),
        "loans": tables[0].rows - flagged.num_rows,
        "not_due": found.rows.num_rows + others.rows.num_rows - rows.num_rows - flagged.num_rows,
        "left_out": summed(found.left_out, others.left_out),
        **checked.counts,
    }
    due = due_by(found.rows, "prediction_date")
    return _Part(tables, flagged, values, due, found.known, found.without, found.matched)


def _due(rows: pa.Table, as_of: date) -> pa.Table:
    """The loans whose prediction date has come."""
    return rows.filter(pa.array(known_by(rows["prediction_date"], as_of)))
