"""Gold: one row for each loan whose outcome is known, with the features that a model may learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from operator import add
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.errors import JobError
from jobs.gold.features import unchecked_features, without_any
from jobs.gold.labels import label_gaps, number_of_loans
from jobs.gold.no_loans import due_by, no_known_outcome
from jobs.job import Job, TaskResult, combined, log, summed
from jobs.loan_calendar import known_by
from jobs.silver.quality.identity import check_matches
from jobs.silver.quality.removal import STATISTICS
from jobs.silver.quality.statistics import statistics_from_json
from jobs.silver.reading import source_rows
from storage.lake.names import TRAINING_DATA, TRAINING_IMPUTED

CHECKS = "checks"  # what is judged of all buckets together; no value of the task


def matured(features: pa.Table, as_of: date) -> pa.Table:
    """The loans with a label that was known at as-of."""
    known = known_by(features["observation_date"], as_of)
    return features.filter(pc.and_(pa.array(known), pc.is_valid(features["label"])))


def part_numbers(job: Job) -> list[str]:
    """The partitions of the features: one for each part of the silver tables, the only one without a key."""
    parts = range(len(job.table(job.book.loans.silver_table).parts))
    return [str(number) for number in parts] if len(parts) > 1 else [""]


def gold_feature_engineering(job: Job) -> TaskResult:
    """The training data: features and labels of every matured loan of the governed book, or of one of its buckets."""
    part = _training_data(job)
    return part if job.partition else training_data(job, [part])


def training_data(job: Job, buckets: Sequence[TaskResult]) -> TaskResult:
    """The training data of all buckets. Raises JobError when no loan has a known outcome.

    Raises InputRejected when too many loans have no row of a source that every loan must have.
    """
    checks = [part.values[CHECKS] for part in buckets]
    whole = combined([replace(part, values=_without_checks(part.values)) for part in buckets])
    values = whole.values
    known = sum(each["known"] for each in checks)
    without, matched = (reduce(summed, (each[name] for each in checks)) for name in ("without", "matched"))
    check_matches(known, without | without_any(known, matched), job.book)
    if not values["matured"]:
        rows = job.values.get("remove_flagged_customers", {}).get("rows", {}).get(job.book.loan_source, {})
        due, now = reduce(add, (each["due"] for each in checks)), values["loans"] - values["waiting"]
        why = no_known_outcome(due, now, values["unlabelled"], (rows, values["left_out"]), job.book)
        raise JobError(f"No loan's outcome is known on {job.as_of}: {why}")
    told = values["loans"], values["matured"], values["defaults"]
    log.info("%d loans, %d with a known outcome, %d of them defaulted", *told)
    for reason, count in values["unlabelled"].items():
        log.warning("without a label: %d loans, %s", count, reason.replace("_", " "))
    for reason, count in values["left_out"].items():
        log.info("left out: %d %s", count, reason.replace("_", " "))
    return whole


def _training_data(job: Job) -> TaskResult:
    """The training data of the task's bucket, with what is judged of all buckets together."""
    book, number = job.book, int(job.partition or 0)
    tables = {source.silver: _rows(job, source) for source in book.sources}
    statistics = None
    if job.partition:
        statistics = statistics_from_json(job.values["remove_flagged_customers"][STATISTICS])
    found = unchecked_features(tables, book, statistics)
    features = found.rows
    rows = matured(features, job.as_of)
    due = features.filter(pa.array(known_by(features["observation_date"], job.as_of)))
    newest = statistics.newest_outcome if statistics else None
    sources = {name: table.digest for name, table in job.tables.items()}
    written = job.write(TRAINING_DATA, [rows], number, sources=sources)
    return TaskResult(
        rows_in=sum(table.num_rows for table in tables.values()),
        rows_out=written.rows,
        tables=(written, job.write(TRAINING_IMPUTED, [found.imputed], number, sources=sources)),
        values={
            "known": number_of_loans(tables[book.loan_source], book),
            "loans": features.num_rows,
            "matured": written.rows,
            "waiting": features.num_rows - due.num_rows,
            "defaults": pc.sum(rows["label"]).as_py() or 0,
            "left_out": found.left_out,
            "unlabelled": label_gaps(tables[book.bad_loan.source], due, book, newest),
            CHECKS: {
                "known": found.known,
                "without": found.without,
                "matched": found.matched,
                "due": due_by(features, "observation_date"),
            },
        },
    )


def _rows(job: Job, source: Source) -> pa.Table:
    """The rows of a silver table that features read, of the task's bucket alone if it has one."""
    version = job.table(source.silver_table)
    if job.partition:
        version = replace(version, parts=(version.parts[int(job.partition)],))
    return source_rows(job, version, source, job.book.columns_read(source))


def _without_checks(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != CHECKS}
