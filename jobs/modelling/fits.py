"""The fits of a training, one Ray task each: of every candidate one on all train rows, and one for each fold."""

from typing import Any

import pyarrow as pa
from threadpoolctl import threadpool_limits

from jobs.job import Job, TaskResult, log
from jobs.modelling.candidates import FOLDS, Candidate, fit_names, fit_of
from jobs.modelling.explanation.stability import reasons_of_sample
from jobs.modelling.frames import frame
from jobs.modelling.large.plan import HISTOGRAM, FitPlan, fit_plan, why
from jobs.modelling.large.sample import stratified_sample
from jobs.modelling.pipelines import categories_in, fit_reproducibly, untrained
from jobs.modelling.splits import labels_of, others_and_fold, raw_scores_of, scores_of, train_and_test
from jobs.statistics.discrimination import auc_with_interval
from storage.lake.names import OUT_OF_FOLD_SCORES, TRAINING_DATA


def fit_candidate(job: Job) -> TaskResult:
    """One fit of a candidate: on all train rows; or without those of a fold, whose raw scores it then gives, and
    the reasons of test loans.
    """
    fit = fit_of(job, job.partition)
    name, features = fit.candidate.name, fit.candidate.features
    needed = dict.fromkeys((job.book.loan_id, job.book.customer_id, "split", "label", *features))
    train, test = train_and_test(job.read(TRAINING_DATA, list(needed)))
    plan = plan_of(job, fit.candidate, train)
    if fit.fold is None:
        if told := why(plan, train.num_rows):
            log.info("%s: %s", name, told)
        pipeline = _fitted(job, plan, features, train)
        auc = auc_with_interval(labels_of(train), scores_of(pipeline, train, features)).value
        log.info("%s: train AUC %.4f", job.partition, auc)
        kept = job.models.keep_pickle(pipeline)
        return TaskResult(train.num_rows, None, {"name": name, "train_auc": auc}, artifacts=(kept,))
    others, rows = others_and_fold(train, fit.fold, FOLDS, job.book.customer_id)
    pipeline = _fitted(job, plan, features, others)
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


def plan_of(job: Job, candidate: Candidate, train: pa.Table) -> FitPlan:
    """How the candidate is fitted on these train rows, and on those without a fold."""
    return fit_plan(candidate.classifier, train.num_rows, job.settings.get("exact_fit_rows"))


def _fitted(job: Job, plan: FitPlan, features: tuple[str, ...], rows: pa.Table) -> Any:
    """The pipeline that is fitted on these rows, or on the sample of them that the plan wants."""
    used = plan.rows_of(rows.num_rows)
    if used < rows.num_rows:
        rows = rows.take(pa.array(stratified_sample(rows[job.book.loan_id], labels_of(rows), used)))
    pipeline = untrained(plan.classifier_on(rows.num_rows), features, categories_in(rows, features))
    if plan.way != HISTOGRAM:
        return fit_reproducibly(pipeline, frame(rows, features), labels_of(rows))
    with threadpool_limits(1, user_api="openmp"):  # its sums depend on the number of threads
        return fit_reproducibly(pipeline, frame(rows, features), labels_of(rows))
