"""Actuals: the latest predictions beside what came true of them, as far as it was known at as-of."""

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.calendar import known_by
from jobs.errors import JobError
from jobs.inference import model_of
from jobs.job import Job, Outcome, log
from jobs.labels import default_labels
from jobs.quality import valid_rows
from storage.tables import INFERENCE_FEATURES, OUTCOMES, PREDICTIONS

LEDGER_COLUMNS = ["loan_id", "installment_num", "overdue_amt", "snapshot_date"]


def fetch_predictions_and_actuals(job: Job) -> Outcome:
    """The latest predictions, the label of each loan whose outcome is known, and whether the model was fitted on it."""
    predictions = job.read(PREDICTIONS)
    newest = pc.max(predictions["prediction_date"]).as_py()
    if newest > job.as_of:
        advice = f"run `python -m engine run inference --as-of {job.as_of}` first"
        raise JobError(f"The latest predictions are of {newest}; {advice}.")
    model = model_of(job, predictions["model_version"][0].as_py())
    metadata = json.loads(job.models.read(model.files["metadata"]))
    features = job.read(INFERENCE_FEATURES)
    rows = features.take(pc.index_in(predictions["loan_id"], value_set=features["loan_id"].combine_chunks()))
    fitted = maybe_fitted(rows, date.fromisoformat(metadata["as_of"]))
    table = predictions.append_column("label", known_labels(job, rows)).append_column("fitted", fitted)
    for name in metadata["features"]:
        table = table.append_column(name, rows[name])
    left_out, known = int(pc.sum(fitted).as_py() or 0), len(table["label"]) - table["label"].null_count
    log.info("%d predictions of %s, %d outcomes known, %d rows fitted", table.num_rows, newest, known, left_out)
    return Outcome(
        rows_in=predictions.num_rows,
        rows_out=table.num_rows,
        values={"version": model.version, "fitted": left_out},
        tables=(job.write(OUTCOMES, [table]),),
    )


def known_labels(job: Job, rows: pa.Table) -> Any:
    """The label of each loan whose observation date has come at as-of, null for the others."""
    ledger = job.read("staged.loan_daily", LEDGER_COLUMNS, categories=["loan_id"])
    visible = ledger.filter(pa.array(valid_rows("loan_daily", ledger, job.as_of)))
    labels = default_labels(visible, rows["loan_id"].cast(pa.string()).combine_chunks())
    return pc.if_else(pa.array(known_by(rows["observation_date"], job.as_of)), labels, None)


def maybe_fitted(rows: pa.Table, trained_as_of: date) -> Any:
    """True for every train row whose outcome was known when the model was trained: none of these may judge it."""
    known = pa.array(known_by(rows["observation_date"], trained_as_of))
    return pc.and_(known, pc.equal(rows["split"], "train").combine_chunks())
