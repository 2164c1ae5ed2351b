"""Features of a new model that are broken in its training data, against the reference of the champion."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.features import before_imputation
from jobs.job import Job
from jobs.modelling.data_faults import counted_before_imputation, data_faults, fault_of, fault_sentences
from jobs.statistics.faults import LEAST_NEWEST
from storage.lake.names import TRAINING_IMPUTED


def measured(job: Job, rows: pa.Table) -> pa.Table:
    """Rows of the training data before imputation: null for each value that was imputed."""
    return before_imputation(rows, job.read(TRAINING_IMPUTED), job.book.loan_id)


def broken_features(job: Job, table: pa.Table, champion: Mapping[str, Any], features: Sequence[str]) -> Iterator[str]:
    """Sentences on the features of the new model that are broken in the training data, one for each kind of fault.

    Broken is a feature with a data fault against the reference in the metadata of the `champion` (empty without one),
    in all loans or in the newest of those whose outcome the champion's training did not know yet; and one that the
    champion does not know (as for a first model) without a value in any loan, unless a column of it is optional. One
    value in every loan is no fault there: some lenders have one tenure.
    """
    reference = champion.get("reference", {"features": {}})
    known = {name: frozen for name, frozen in reference["features"].items() if name in features}
    rows = measured(job, table) if counted_before_imputation(reference) else table
    of_all = data_faults(rows, {"features": known}, job.book)
    told = {fault.feature for fault in of_all}
    newest = newest_loans(_later_than(champion, rows))
    of_newest = data_faults(newest, {"features": known}, job.book, LEAST_NEWEST, "newest loans")
    never = []
    for name in features:
        may_lack = any(column.optional for _, column in job.book.inputs_of(name))
        if name not in known and not may_lack and table[name].null_count == table.num_rows:
            loans = f"{table.num_rows:,} loans"
            never.append(fault_of(name, "never known", f"has no value in any of {loans}", loans, job.book))
    yield from fault_sentences([*of_all, *(fault for fault in of_newest if fault.feature not in told), *never])


def newest_loans(rows: pa.Table, least: int = LEAST_NEWEST) -> pa.Table:
    """The loans of the latest prediction dates, as many dates as needed for `least` loans; all loans if fewer."""
    if rows.num_rows == 0:
        return rows
    days = np.sort(rows["prediction_date"].to_numpy())
    return rows.filter(pa.array(rows["prediction_date"].to_numpy() >= days[-min(least, len(days))]))


def _later_than(champion: Mapping[str, Any], rows: pa.Table) -> pa.Table:
    """The loans whose outcome became known after the champion's training; all loans without a champion."""
    if "as_of" not in champion:
        return rows
    trained = pa.scalar(date.fromisoformat(champion["as_of"]), pa.date32())
    return rows.filter(pc.greater(rows["observation_date"], trained))
