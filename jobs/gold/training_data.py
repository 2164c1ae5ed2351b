"""Gold: one row for each loan whose outcome is known, with the features that a model may learn from."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import JobError
from jobs.gold.features import loan_features
from jobs.gold.labels import label_gaps, number_of_loans
from jobs.gold.no_loans import no_known_outcome
from jobs.job import Job, TaskResult, log
from jobs.loan_calendar import known_by
from jobs.silver.reading import source_rows
from storage.lake.names import TRAINING_DATA, TRAINING_IMPUTED


def matured(features: pa.Table, as_of: date) -> pa.Table:
    """The loans with a label that was known at as-of."""
    known = known_by(features["observation_date"], as_of)
    return features.filter(pc.and_(pa.array(known), pc.is_valid(features["label"])))


def gold_feature_engineering(job: Job) -> TaskResult:
    """The training data: features and labels of every matured loan of the governed book."""
    book = job.book
    tables = {
        source.silver: source_rows(job, job.table(source.silver_table), source, book.columns_read(source))
        for source in book.sources
    }
    found = loan_features(tables, book)
    features = found.rows
    rows = matured(features, job.as_of)
    if rows.num_rows == 0:
        checks = job.values.get("remove_flagged_customers", {}).get("rows", {}).get(book.loan_source, {})
        why = no_known_outcome(features, (checks, found.left_out), tables[book.bad_loan.source], job.as_of, book)
        raise JobError(f"No loan's outcome is known on {job.as_of}: {why}")
    bad = int(pc.sum(rows["label"]).as_py())
    log.info("%d loans, %d with a known outcome, %d of them defaulted", features.num_rows, rows.num_rows, bad)
    due = features.filter(pa.array(known_by(features["observation_date"], job.as_of)))
    unlabelled = label_gaps(tables[book.bad_loan.source], due, book)
    for reason, count in unlabelled.items():
        log.warning("without a label: %d loans, %s", count, reason.replace("_", " "))
    for reason, count in found.left_out.items():
        log.info("left out: %d %s", count, reason.replace("_", " "))
    written = job.write(TRAINING_DATA, [rows], sources={name: table.digest for name, table in job.tables.items()})
    return TaskResult(
        rows_in=sum(table.num_rows for table in tables.values()),
        rows_out=written.rows,
        tables=(written, job.write(TRAINING_IMPUTED, [found.imputed], sources=written.sources)),
        values={
            "known": number_of_loans(tables[book.loan_source], book),
            "loans": features.num_rows,
            "matured": written.rows,
            "waiting": features.num_rows - due.num_rows,
            "defaults": bad,
            "left_out": found.left_out,
            "unlabelled": unlabelled,
        },
    )
