"""The fits of a training, one Ray task each: of every candidate one on all train rows, and one for each fold."""

from typing import Any

import pyarrow as pa

from jobs.job import Job, TaskResult, log
from jobs.modelling.candidates import FOLDS, Candidate, fit_names, fit_of
from jobs.modelling.explanation.stability import reasons_of_sample
from jobs.modelling.frames import frame
from jobs.modelling.pipelines import categories_in, fit_reproducibly, untrained
from jobs.modelling.splits import labels_of, others_and_fold, raw_scores_of, scores_of, train_and_test
from jobs.statistics.discrimination import auc_with_interval
from storage.lake.names import OUT_OF_FOLD_SCORES, TRAINING_DATA


def fit_candidate(job: Job) -> TaskResult:
    """One fit of a candidate: on all train rows; or without those of a fold, whose raw scores it then gives, and
    the reasons of test loans.
    """
    fit = fit_of(job, job.partition)
    train, test = train_and_test(job.read(TRAINING_DATA))
    name, features = fit.candidate.name, fit.candidate.features
    if fit.fold is None:
        pipeline = _fitted(fit.candidate, train)
        auc = auc_with_interval(labels_of(train), scores_of(pipeline, train, features)).value
        log.info("%s: train AUC %.4f", job.partition, auc)
        kept = job.models.keep_pickle(pipeline)
        return TaskResult(train.num_rows, None, {"name": name, "train_auc": auc}, artifacts=(kept,))
    others, rows = others_and_fold(train, fit.fold, FOLDS, job.book.customer_id)
    pipeline = _fitted(fit.candidate, others)
    raw = raw_scores_of(pipeline, rows, features)
    size = rows.num_rows
    scored = {
        "candidate": pa.repeat(name, size),
        "fold": pa.repeat(pa.scalar(fit.fold, pa.int64()), size),
        job.book.loan_id: rows[job.book.loan_id],
        "raw_score": pa.array(raw, pa.float64()),
    }
    table = job.write(OUT_OF_FOLD_SCORES, [pa.table(scored)], fit_names(job).index(job.partition))
    values = {"name": name, "fold": fit.fold, "reasons": reasons_of_sample(pipeline, train, test, features)}
    return TaskResult(others.num_rows, size, values, tables=(table,))


def _fitted(candidate: Candidate, rows: pa.Table) -> Any:
    features = candidate.features
    pipeline = untrained(candidate.classifier, features, categories_in(rows, features))
    return fit_reproducibly(pipeline, frame(rows, features), labels_of(rows))
