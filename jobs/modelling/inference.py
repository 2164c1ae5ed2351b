"""Inference: every loan that can be scored at as-of, scored by the champion."""

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.bronze.ingest import ingest_all
from jobs.errors import JobError
from jobs.gold.checked import checked_tables
from jobs.gold.features import loan_features
from jobs.gold.flagged import FLAGGED, REASON, counts_of_flagged, flagged_features, marked, only_flagged
from jobs.gold.no_loans import no_scored_loan
from jobs.job import Job, TaskResult, combined, log, summed
from jobs.loan_calendar import known_by, months_of
from jobs.modelling.champion import check_libraries, model_of, serving_champion
from jobs.modelling.definition import check_definition
from jobs.modelling.frames import frame
from jobs.silver.clean import cleaned_part
from jobs.silver.dialects.orders import check_orders
from jobs.silver.values import MARKED
from storage.lake.datamart import TableVersion
from storage.lake.extracts import SourceFile
from storage.lake.names import INFERENCE_FEATURES, INFERENCE_IMPUTED, PREDICTIONS, SCORED


def refresh_dataset(job: Job) -> TaskResult:
    """The dataset's bronze and cleaned tables made anew, if its extracts are not those that were published."""
    source = job.book.by_dataset[job.partition]
    files = job.extracts.get(job.partition, ())
    if not files or _is_published(job, source, files):
        return TaskResult()
    ingests = ingest_all(job, job.partition, files)
    bronze = ingests.tables[0]
    cleanings = combined([cleaned_part(job, bronze, number) for number in range(len(files))])
    done = {"ingested": ingests.values, "table": source.silver, "cleaned": cleanings.values}
    return TaskResult(
        tables=(*ingests.tables, *cleanings.tables), values={job.partition: done}, profiles=cleanings.profiles
    )


def _is_published(job: Job, source: Source, files: Sequence[SourceFile]) -> bool:
    """Whether the published tables of a source are made of these files and have the columns that are declared now.

    False for a table that an earlier release cleaned: it does not name the amounts that could not be read, nor the days
    of its rows.
    """
    bronze, staged = job.tables.get(source.bronze_table), job.tables.get(source.staged_table)
    if bronze is None or staged is None:
        return False
    same = sorted(bronze.sources.values()) == sorted(file.sha256 for file in files)
    schema = job.datamart.head(staged, 0).schema
    return same and MARKED in schema.names and set(source.silver_schema) <= set(schema)


def prepare_inference_data(job: Job, refreshed: Sequence[TaskResult]) -> TaskResult:
    """Features of every loan whose prediction date has come: quality control and features as in training, at as-of.

    Loans of flagged customers stand last and are marked. Their features change nothing of the others.
    """
    fresh, book = combined(refreshed), job.book
    versions = {table.table: table for table in fresh.tables}
    staged = {
        source.silver: versions.get(source.staged_table) or job.table(source.staged_table) for source in book.sources
    }
    check_orders({source.dataset: staged[source.silver].date_orders for source in book.sources}, book.sources)
    checked = checked_tables(job, staged, fresh.values)
    found = loan_features(checked.governed, book)
    others = flagged_features(checked.flagged, checked.governed, book)
    rows, flagged = _due(found.rows, job.as_of), _due(others.rows, job.as_of)
    if rows.num_rows == 0:
        counts = checked.counts["rows"][book.loan_source], found.left_out
        raise JobError(f"No loan can be scored on {job.as_of}: {no_scored_loan(found.rows, counts, book)}")
    log.info("%d loans can be scored, and %d of flagged customers", rows.num_rows, flagged.num_rows)
    lineage = {version.table: version.digest for version in staged.values()}
    both = [marked(each, checked.why, book) for each in (rows, flagged)]
    features = pa.concat_tables(both, promote_options="permissive")
    table = job.write(INFERENCE_FEATURES, [features], sources=lineage)
    imputed = job.write(INFERENCE_IMPUTED, [found.imputed], sources=lineage)
    return TaskResult(
        rows_in=sum(version.rows for version in staged.values()),
        rows_out=table.rows,
        tables=(*fresh.tables, table, imputed),
        values={
            "known": checked.loans(book),
            "loans": table.rows - flagged.num_rows,
            **counts_of_flagged(both[1], features, job.as_of),
            "not_due": sum(one.rows.num_rows for one in (found, others)) - rows.num_rows - flagged.num_rows,
            "left_out": summed(found.left_out, others.left_out),
            "refreshed": sorted(fresh.values),
            "sources": fresh.values,
            **checked.counts,
        },
        profiles=fresh.profiles,
    )


def _due(rows: pa.Table, as_of: date) -> pa.Table:
    """The loans whose prediction date has come."""
    return rows.filter(pa.array(known_by(rows["prediction_date"], as_of)))


def retrieve_best_model(job: Job) -> TaskResult:
    """The version of the champion that serves, once its files were found to be those that were registered."""
    model, refused = serving_champion(job)
    if model is not None:
        log.info("%s, version %s", model.model_name, model.version)
        return TaskResult(values={"version": model.version, "refused": refused}, artifacts=tuple(model.files.values()))
    if refused:
        raise JobError(f"None of the champions {', '.join(refused)} has the files that were registered; train again.")
    raise JobError(
        "There is no champion yet; run `python -m engine run training` first, and if that was done, "
        "`python -m engine models` says why its model was not promoted, or how to approve it."
    )


def make_predictions(job: Job) -> TaskResult:
    """A probability of default for every prepared loan, by the champion that was retrieved."""
    model = model_of(job, job.values["retrieve_best_model"]["version"])
    check_definition(model, job.book)
    check_libraries(job, model)
    pipeline = job.models.load(model.files["model"])
    rows = job.read(INFERENCE_FEATURES)
    features = tuple(pipeline.feature_names_in_)
    unknown = [name for name in features if name not in rows.column_names]
    if unknown:
        raise JobError(
            f"Model {model.version} needs {', '.join(unknown)}, which book {job.book.name} does not have; run "
            "`python -m engine run training`, or declare it again."
        )
    inputs = frame(rows, features)
    size = rows.num_rows
    scored = pa.table(
        {
            "customer_id": rows[job.book.customer_id].cast(pa.string()),
            "loan_id": rows[job.book.loan_id].cast(pa.string()),
            "prediction_date": pa.repeat(pa.scalar(job.as_of, pa.date32()), size),
            "predicted_label": pa.array(pipeline.predict(inputs), pa.int8()),
            "predicted_proba": pa.array(pipeline.predict_proba(inputs)[:, 1], pa.float64()),
            "model_version": pa.repeat(pa.scalar(model.version), size),
            "cohort": months_of(rows["prediction_date"]),
            FLAGGED: rows[FLAGGED],
            REASON: rows[REASON],
        }
    )
    table = job.write(SCORED, [scored])
    log.info("%d loans scored with %s", table.rows, model.version)
    return TaskResult(size, table.rows, {"version": model.version, **_scored(table, scored)}, tables=(table,))


def _scored(written: TableVersion, rows: pa.Table) -> dict[str, int]:
    """How many loans were scored, those of flagged customers apart."""
    flagged = only_flagged(rows).num_rows
    return {"scored": written.rows - flagged, "scored_flagged": flagged}


def store_predictions_gold(job: Job) -> TaskResult:
    """The predictions as a gold table, after a last look: one row a loan, every probability between 0 and 1."""
    scored = job.read(SCORED)
    probability = scored["predicted_proba"].to_numpy()
    findings = []
    if pc.count_distinct(scored["loan_id"]).as_py() != scored.num_rows:
        findings.append("a loan is there twice")
    if any(scored[name].null_count for name in scored.column_names if name != REASON):
        findings.append("a value is missing")
    if not ((probability >= 0) & (probability <= 1)).all():
        findings.append("a probability is not between 0 and 1")
    if findings:
        raise JobError(f"The predictions were not stored: {', '.join(findings)}; train a new model.")
    table = job.write(PREDICTIONS, [scored], sources=dict(_lineage(job)))
    values = {"version": job.values["make_predictions"]["version"], **_scored(table, scored)}
    return TaskResult(scored.num_rows, table.rows, values, tables=(table,))


def _lineage(job: Job) -> Sequence[tuple[str, str]]:
    return [(name, table.digest) for name, table in job.tables.items()]
