"""Inference: every loan that can be scored at as-of, scored by the champion."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.bronze.ingest import ingest_all
from jobs.errors import JobError
from jobs.gold.flagged import FLAGGED, REASON, only_flagged
from jobs.gold.inference_data import inference_features
from jobs.job import Job, TaskResult, combined, log
from jobs.loan_calendar import months_of
from jobs.modelling.champion import check_libraries, model_of, serving_champion
from jobs.modelling.definition import check_definition
from jobs.modelling.frames import frame
from jobs.silver.clean import cleaned_part
from jobs.silver.dialects.orders import check_orders
from jobs.silver.values import MARKED
from storage.lake.datamart import TableVersion
from storage.lake.extracts import SourceFile
from storage.lake.names import INFERENCE_FEATURES, PREDICTIONS, SCORED


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

    Loans of flagged customers are marked. Their features change nothing of the others.
    """
    fresh, book = combined(refreshed), job.book
    versions = {table.table: table for table in fresh.tables}
    staged = {
        source.silver: versions.get(source.staged_table) or job.table(source.staged_table) for source in book.sources
    }
    check_orders({source.dataset: staged[source.silver].date_orders for source in book.sources}, book.sources)
    tables, values = inference_features(job, staged, fresh.values)
    return TaskResult(
        rows_in=sum(version.rows for version in staged.values()),
        rows_out=tables[0].rows,
        tables=(*fresh.tables, *tables),
        values={"refreshed": sorted(fresh.values), "sources": fresh.values, **values},
        profiles=fresh.profiles,
    )


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
    features = job.table(INFERENCE_FEATURES)
    names = job.datamart.head(features, 0).column_names
    unknown = [name for name in pipeline.feature_names_in_ if name not in names]
    if unknown:
        raise JobError(
            f"Model {model.version} needs {', '.join(unknown)}, which book {job.book.name} does not have; run "
            "`python -m engine run training`, or declare it again."
        )
    parts = []
    for number, part in enumerate(features.parts):
        if not part.rows:  # no loan of this bucket is due
            continue
        scored = _predictions(job, pipeline, model.version, job.datamart.read_part(features, number))
        written = job.write(SCORED, [scored], number)
        parts.append(TaskResult(scored.num_rows, written.rows, dict(_scored(written, scored)), tables=(written,)))
    whole = combined(parts)
    log.info("%d loans scored with %s", whole.rows_out, model.version)
    return replace(whole, values={"version": model.version, **whole.values})


def _predictions(job: Job, pipeline: Any, version: str, rows: pa.Table) -> pa.Table:
    """A probability of default for each of these loans."""
    inputs = frame(rows, tuple(pipeline.feature_names_in_))
    size = rows.num_rows
    return pa.table(
        {
            "customer_id": rows[job.book.customer_id].cast(pa.string()),
            "loan_id": rows[job.book.loan_id].cast(pa.string()),
            "prediction_date": pa.repeat(pa.scalar(job.as_of, pa.date32()), size),
            "predicted_label": pa.array(pipeline.predict(inputs), pa.int8()),
            "predicted_proba": pa.array(pipeline.predict_proba(inputs)[:, 1], pa.float64()),
            "model_version": pa.repeat(pa.scalar(version), size),
            "cohort": months_of(rows["prediction_date"]),
            FLAGGED: rows[FLAGGED],
            REASON: rows[REASON],
        }
    )


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
