"""Inference: every loan that can be scored at as-of, scored by the champion."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.bronze.ingest import ingested
from jobs.errors import JobError
from jobs.gold.features import loan_features
from jobs.gold.labels import number_of_loans
from jobs.gold.no_loans import no_scored_loan
from jobs.job import Job, TaskResult, combined, log
from jobs.loan_calendar import known_by, months_of
from jobs.modelling.champion import check_libraries, model_of, serving_champion
from jobs.modelling.definition import check_definition
from jobs.modelling.pipelines import frame
from jobs.silver.clean import cleaned_part
from jobs.silver.dialects.orders import check_orders
from jobs.silver.identity import conflicts
from jobs.silver.quality import checked_columns, quality_report
from jobs.silver.reading import source_rows
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
    ingests = combined([ingested(job, job.partition, files, number) for number in range(len(files))])
    bronze = ingests.tables[0]
    cleanings = combined([cleaned_part(job, bronze, number) for number in range(len(bronze.parts))])
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
    """Features of every loan whose prediction date has come: quality control and features as in training, at as-of."""
    fresh = combined(refreshed)
    versions = {table.table: table for table in fresh.tables}
    staged = {
        source.silver: versions.get(source.staged_table) or job.table(source.staged_table)
        for source in job.book.sources
    }
    check_orders({source.dataset: staged[source.silver].date_orders for source in job.book.sources}, job.book.sources)
    governed, checks = checked_tables(job, staged, fresh.values)
    found = loan_features(governed, job.book)
    due = known_by(found.rows["prediction_date"], job.as_of)
    rows = found.rows.filter(pa.array(due))
    if rows.num_rows == 0:
        counts = checks["rows"][job.book.loan_source], found.left_out
        raise JobError(f"No loan can be scored on {job.as_of}: {no_scored_loan(found.rows, counts, job.book)}")
    log.info("%d loans can be scored, %d customers are flagged", rows.num_rows, checks["flagged"])
    lineage = {version.table: version.digest for version in staged.values()}
    table = job.write(INFERENCE_FEATURES, [rows], sources=lineage)
    imputed = job.write(INFERENCE_IMPUTED, [found.imputed], sources=lineage)
    return TaskResult(
        rows_in=sum(version.rows for version in staged.values()),
        rows_out=table.rows,
        tables=(*fresh.tables, table, imputed),
        values={
            "known": number_of_loans(governed[job.book.loan_source], job.book),
            "loans": table.rows,
            "not_due": int((~due).sum()),
            "left_out": found.left_out,
            "refreshed": sorted(fresh.values),
            "sources": fresh.values,
            **checks,
        },
        profiles=fresh.profiles,
    )


def checked_tables(
    job: Job, staged: Mapping[str, TableVersion], refreshed: Collection[str] = ()
) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """(the rows and columns that features need, after quality control at as-of; what it counted).

    Rows that contradict each other are counted in the datasets that were refreshed.
    """
    book = job.book
    tables = {
        source.silver: source_rows(
            job,
            staged[source.silver],
            source,
            dict.fromkeys((*checked_columns(source, book), *book.columns_read(source))),
        )
        for source in book.sources
    }
    report = quality_report(tables, job.as_of, book)
    kept = {name: table.filter(pa.array(report.kept[name])) for name, table in tables.items()}
    rows = {name: table.num_rows for name, table in kept.items()}
    counts = report.values({name: version.rows for name, version in staged.items()}, rows)
    new = [source for source in book.sources if source.dataset in refreshed]
    return kept, counts | conflicts(job, staged, tables, new)


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
        "`python -m engine models --json` says why its model was not promoted."
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
        }
    )
    table = job.write(SCORED, [scored])
    log.info("%d loans scored with %s", table.rows, model.version)
    return TaskResult(size, table.rows, {"version": model.version, "scored": table.rows}, tables=(table,))


def store_predictions_gold(job: Job) -> TaskResult:
    """The predictions as a gold table, after a last look: one row a loan, every probability between 0 and 1."""
    scored = job.read(SCORED)
    probability = scored["predicted_proba"].to_numpy()
    findings = []
    if pc.count_distinct(scored["loan_id"]).as_py() != scored.num_rows:
        findings.append("a loan is there twice")
    if any(column.null_count for column in scored.columns):
        findings.append("a value is missing")
    if not ((probability >= 0) & (probability <= 1)).all():
        findings.append("a probability is not between 0 and 1")
    if findings:
        raise JobError(f"The predictions were not stored: {', '.join(findings)}; train a new model.")
    table = job.write(PREDICTIONS, [scored], sources=dict(_lineage(job)))
    values = {"version": job.values["make_predictions"]["version"], "scored": table.rows}
    return TaskResult(scored.num_rows, table.rows, values, tables=(table,))


def _lineage(job: Job) -> Sequence[tuple[str, str]]:
    return [(name, table.digest) for name, table in job.tables.items()]
