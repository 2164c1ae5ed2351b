"""Actuals: the latest predictions with the outcomes of their loans, as known at as-of."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.declaration import Book
from jobs.errors import JobError
from jobs.gold.arrears import IN_ARREARS, knows_arrears
from jobs.gold.features import EXPOSURE, before_imputation
from jobs.gold.flagged import REASON, counts_of_flagged, only_flagged, without_flagged
from jobs.gold.labels import default_labels, label_gaps, outcome_months
from jobs.job import Job, TaskResult, combined, log
from jobs.loan_calendar import known_by
from jobs.modelling.champion import model_of
from jobs.modelling.data_faults import counted_before_imputation
from jobs.modelling.definition import check_definition
from jobs.modelling.splits import unseen_by
from jobs.silver.buckets import EVERYBODY, Bucket, buckets_of_rows, is_divisible
from jobs.silver.customers import names_customer
from jobs.silver.quality.report import valid_rows
from jobs.silver.quality.statistics import newest_day
from jobs.silver.reading import source_rows
from storage.lake.names import INFERENCE_FEATURES, INFERENCE_IMPUTED, OUTCOMES, PREDICTIONS
from storage.ledger.models import ModelVersion


@dataclass(frozen=True)
class _Loans:
    """The scored loans of a part of the features: `features` and `predictions`, flagged ones included, and `outcomes`.

    `cells` says which features were imputed; None when drift is measured after imputation. `newest` is the day of the
    newest outcome of all parts, None for the only part.
    """

    features: pa.Table
    predictions: pa.Table
    outcomes: pa.Table
    cells: pa.Table | None
    newest: date | None


def fetch_predictions_and_actuals(job: Job) -> TaskResult:
    """The latest predictions, the label of each loan with a known outcome, and whether the model was trained on it.

    Loans of flagged customers are counted (`flagged_loans`, `flagged_by_reason`) and left out. A large book is read one
    bucket of customers after another.
    """
    every, newest = latest_predictions(job)
    model = model_of(job, every["model_version"][0].as_py())
    check_definition(model, job.book)
    metadata = json.loads(job.models.read(model.files["metadata"]))
    after = after_imputation(job, model, metadata["reference"])
    if after:
        log.warning("%s", after)
    parts, flagged = [], []
    for number, loans in enumerate(_parts(job, every, imputed=not after)):
        parts.append(_part(job, number, loans, metadata))
        flagged.append(_flagged(loans, job.book))
        del loans  # before the next part is read
    whole = combined(parts)
    found = whole.values
    told = whole.rows_out, newest, found["labelled"] + found["fitted_labelled"], found["fitted"]
    log.info("%d predictions of %s: %d known outcomes, %d used in training", *told)
    values = {
        "version": model.version,
        "before_imputation": not after,
        "after_imputation": after,
        "predictions": job.table(PREDICTIONS).rows,
        **{name: value for name, value in found.items() if name != "fitted_labelled"},
        **counts_of_flagged(pa.concat_tables(flagged), _amounts(job), job.as_of),
    }
    return replace(whole, rows_in=every.num_rows, values=values)


def _parts(job: Job, every: pa.Table, *, imputed: bool) -> Iterator[_Loans]:
    """The scored loans of each part of the features, which are those of a bucket of customers if there are several."""
    features, book = job.table(INFERENCE_FEATURES), job.book
    size = len(features.parts)
    numbers = buckets_of_rows(every["customer_id"], size)
    divided = size > 1 and is_divisible(book)
    newest = _newest_outcome(job, size) if divided else None
    for number in range(size):
        outcomes = visible_outcomes(job, Bucket(number, size) if divided else EVERYBODY)
        yield _Loans(
            job.datamart.read_part(features, number),
            every if size == 1 else every.filter(pa.array(numbers == number)),
            outcomes,
            job.datamart.read_part(job.table(INFERENCE_IMPUTED), number) if imputed else None,
            newest,
        )
        del outcomes


def _part(job: Job, number: int, loans: _Loans, metadata: Mapping[str, Any]) -> TaskResult:
    """The outcomes of a part of the loans, written as part `number`, and what was counted."""
    book, predictions, outcomes = job.book, without_flagged(loans.predictions), loans.outcomes
    rows = _features_of(predictions, loans.features, book)
    rows = rows if loans.cells is None else before_imputation(rows, loans.cells, book.loan_id)
    in_training = pc.invert(unseen_by(metadata, rows, book))
    observed = pa.array(known_by(rows["observation_date"], job.as_of))
    columns = {
        "label": pc.if_else(observed, default_labels(outcomes, rows, book, loans.newest), None),
        "fitted": in_training,
        "observed": observed,
        **months_on_book(outcomes, rows, book),
        **({IN_ARREARS: rows[IN_ARREARS]} if knows_arrears(rows) else {}),
        **{name: rows[name] for name in _judged_columns(rows, metadata["features"], book)},
    }
    table = _with_columns(predictions, columns)
    written = job.write(OUTCOMES, [table], number)
    due = rows.filter(pc.and_(pc.invert(in_training), observed))
    values = {
        **counts_of(job.datamart.read(written, ["fitted", "observed", "label"])),
        "fitted_labelled": len(table["label"].filter(in_training).drop_null()),
        "unlabelled": label_gaps(outcomes, due, book, loans.newest),
    }
    return TaskResult(rows_out=table.num_rows, values=values, tables=(written,))


def _flagged(loans: _Loans, book: Book) -> pa.Table:
    """The loans of flagged customers with their labels, and what is counted of them."""
    rows = only_flagged(loans.features)
    labels = default_labels(loans.outcomes, rows, book, loans.newest)
    rows = rows.set_column(rows.column_names.index("label"), "label", labels)
    return rows.select([name for name in ("observation_date", "label", EXPOSURE, REASON) if name in rows.column_names])


def _amounts(job: Job) -> pa.Table:
    """The amount of each scored loan; of a table without amounts the loans' ids."""
    version = job.table(INFERENCE_FEATURES)
    there = EXPOSURE in job.datamart.head(version, 0).column_names
    return job.datamart.read(version, [EXPOSURE if there else job.book.loan_id])


def _newest_outcome(job: Job, size: int) -> date | None:
    """The newest day of the rows with outcomes that count at as-of, of all buckets."""
    source = job.book.outcomes
    days: list[date] = []
    for number in range(size):
        columns = [job.book.customer_id, source.known_on]
        rows = source_rows(job, job.table(source.staged_table), source, columns, Bucket(number, size))
        counted = known_by(rows[source.known_on], job.as_of) & names_customer(rows, source, job.book)
        days += newest_day(rows[source.known_on].filter(pa.array(counted)))
    return max(days, default=None)


def _with_columns(table: pa.Table, columns: Mapping[str, Any]) -> pa.Table:
    """The table with further columns behind its own."""
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def _features_of(predictions: pa.Table, features: pa.Table, book: Book) -> pa.Table:
    """The features of the loans of predictions, in their order."""
    return features.take(pc.index_in(predictions["loan_id"], value_set=features[book.loan_id].combine_chunks()))


def _judged_columns(rows: pa.Table, features: Sequence[str], book: Book) -> list[str]:
    """The exposure, the model's features and those of the book's segments, as far as the rows have them."""
    of_segments = (segment.feature for segment in book.segments)
    optional = [name for name in (EXPOSURE, *of_segments) if name in rows.column_names]
    return list(dict.fromkeys((*features, *optional)))


def latest_predictions(job: Job) -> tuple[pa.Table, date]:
    """(the latest predictions, their date). Raises JobError when they are of a day after as-of."""
    predictions = job.read(PREDICTIONS)
    newest = pc.max(predictions["prediction_date"]).as_py()
    if newest > job.as_of:
        advice = f"run `python -m engine run inference --as-of {job.as_of}` first"
        raise JobError(f"The latest predictions are of {newest}; {advice}.")
    return predictions, newest


def after_imputation(job: Job, model: ModelVersion, reference: Mapping[str, Any]) -> str:
    """Why drift is measured after imputation, in a sentence; '' when it is measured before it."""
    if not counted_before_imputation(reference):
        return f"Drift is measured after imputation: model {model.version} was trained by an earlier release."
    if INFERENCE_IMPUTED not in job.tables:
        advice = "run inference, then monitoring, to measure it before imputation"
        return f"Drift is measured after imputation: the loans were scored by an earlier release; {advice}."
    return ""


def counts_of(outcomes: pa.Table) -> dict[str, int]:
    """How many predictions the model was fitted on, and of the others how many have a label or wait for their date."""
    unseen = outcomes.filter(pc.invert(outcomes["fitted"]))
    return {
        "fitted": int(pc.sum(outcomes["fitted"]).as_py() or 0),
        "labelled": unseen.num_rows - unseen["label"].null_count,
        "waiting": int(pc.sum(pc.invert(unseen["observed"])).as_py() or 0),
    }


def visible_outcomes(job: Job, bucket: Bucket = EVERYBODY) -> pa.Table:
    """The cleaned rows with the outcomes of loans, known at as-of and not superseded then; those of a bucket."""
    book, source = job.book, job.book.outcomes
    bad = (book.bad_loan.column, *([book.bad_loan.month] if book.bad_loan.month else []))
    customer = (book.customer_id,) if book.customer_id in source.names else ()
    columns = dict.fromkeys((book.loan_id, *customer, source.known_on, *source.key, *bad))
    rows = source_rows(job, job.table(source.staged_table), source, columns, bucket)
    return rows.filter(pa.array(valid_rows(rows, source, job.as_of, book)))


def months_on_book(outcomes: pa.Table, loans: pa.Table, book: Book) -> dict[str, pa.Array]:
    """`months_on_book`, the newest reported month of each loan (null for none), and `bad_month`.

    `bad_month` is the first bad month from the one where the labels start; null for none so far. In the last month of
    the labels, the share of loans with a `bad_month` is their bad rate. Earlier bad months are left out, as in the
    labels: a loan that was bad in those alone has no `bad_month`.
    """
    size = loans.num_rows
    owners, months, above = outcome_months(outcomes, loans, book)
    known = (owners >= 0) & ~np.isnan(months)
    bad = known & above & (months >= book.bad_loan.first)
    newest, first = np.full(size, -np.inf), np.full(size, np.inf)
    np.maximum.at(newest, owners[known], months[known])
    np.minimum.at(first, owners[bad], months[bad])
    return {"months_on_book": _months(newest), "bad_month": _months(first)}


def _months(values: npt.NDArray[np.float64]) -> pa.Array:
    finite = np.isfinite(values)
    return pa.array(np.where(finite, values, 0).astype(np.int64), mask=~finite)
