"""Actuals: the latest predictions with the outcomes of their loans, as known at as-of."""

import json
import math
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import JobError
from jobs.gold.labels import LABEL_INSTALLMENTS, codes_in, default_labels
from jobs.job import Job, TaskResult, log
from jobs.loan_calendar import known_by
from jobs.modelling.champion import model_of
from jobs.silver.quality import valid_rows
from storage.lake.names import INFERENCE_FEATURES, OUTCOMES, PREDICTIONS

LEDGER_COLUMNS = ["loan_id", "installment_num", "overdue_amt", "snapshot_date"]


def fetch_predictions_and_actuals(job: Job) -> TaskResult:
    """The latest predictions, the label of each loan with a known outcome, and whether the model was trained on it."""
    predictions = job.read(PREDICTIONS)
    newest = pc.max(predictions["prediction_date"]).as_py()
    if newest > job.as_of:
        advice = f"run `python -m engine run inference --as-of {job.as_of}` first"
        raise JobError(f"The latest predictions are of {newest}; {advice}.")
    model = model_of(job, predictions["model_version"][0].as_py())
    metadata = json.loads(job.models.read(model.files["metadata"]))
    features = job.read(INFERENCE_FEATURES)
    rows = features.take(pc.index_in(predictions["loan_id"], value_set=features["loan_id"].combine_chunks()))
    in_training = seen_in_training(rows, date.fromisoformat(metadata["as_of"]))
    ledger = visible_ledger(job)
    observed = known_by(rows["observation_date"], job.as_of)
    facts = {
        "label": known_labels(ledger, rows["loan_id"], observed),
        "fitted": in_training,
        "observed": pa.array(observed),
        **months_on_book(ledger, rows["loan_id"]),
        **{name: rows[name] for name in metadata["features"]},
    }
    table = predictions
    for name, column in facts.items():
        table = table.append_column(name, column)
    left_out, known = int(pc.sum(in_training).as_py() or 0), len(table["label"]) - table["label"].null_count
    log.info("%d predictions of %s: %d known outcomes, %d used in training", table.num_rows, newest, known, left_out)
    return TaskResult(
        rows_in=predictions.num_rows,
        rows_out=table.num_rows,
        values={"version": model.version, "fitted": left_out},
        tables=(job.write(OUTCOMES, [table]),),
    )


def visible_ledger(job: Job) -> pa.Table:
    """The rows of the cleaned loan ledger that were known at as-of and not superseded then."""
    ledger = job.read("staged.loan_daily", LEDGER_COLUMNS, categories=["loan_id"])
    return ledger.filter(pa.array(valid_rows("loan_daily", ledger, job.as_of)))


def known_labels(ledger: pa.Table, loan_ids: pa.ChunkedArray, observed: npt.NDArray[np.bool_]) -> Any:
    """The label of each loan whose observation date is reached, null for the others."""
    labels = default_labels(ledger, loan_ids.cast(pa.string()).combine_chunks())
    return pc.if_else(pa.array(observed), labels, None)


def months_on_book(ledger: pa.Table, loan_ids: pa.ChunkedArray) -> dict[str, pa.Array]:
    """`months_on_book`, the newest reported installment of each loan (null for none), and `bad_month`.

    `bad_month` is the first overdue installment from number 3 on, where the labels start; null for none so far. After 6
    months on book, the share of loans with a `bad_month` is the bad rate of the labels.
    """
    size = len(loan_ids)
    codes = codes_in(ledger["loan_id"], loan_ids.cast(pa.string()).combine_chunks())
    number = pc.fill_null(ledger["installment_num"].cast(pa.float64()), math.nan).to_numpy()
    overdue = pc.fill_null(pc.greater(ledger["overdue_amt"], 0), fill_value=False).to_numpy(zero_copy_only=False)
    known = (codes >= 0) & ~np.isnan(number)
    bad = known & overdue & (number >= LABEL_INSTALLMENTS[0])
    newest, first = np.full(size, -np.inf), np.full(size, np.inf)
    np.maximum.at(newest, codes[known], number[known])
    np.minimum.at(first, codes[bad], number[bad])
    return {"months_on_book": _months(newest), "bad_month": _months(first)}


def _months(values: npt.NDArray[np.float64]) -> pa.Array:
    finite = np.isfinite(values)
    return pa.array(np.where(finite, values, 0).astype(np.int64), mask=~finite)


def seen_in_training(rows: pa.Table, trained_as_of: date) -> Any:
    """True for every train row whose outcome was known when the model was trained. The metrics leave these out."""
    known = pa.array(known_by(rows["observation_date"], trained_as_of))
    return pc.and_(known, pc.equal(rows["split"], "train").combine_chunks())
