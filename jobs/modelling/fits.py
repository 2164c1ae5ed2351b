"""The fits of a training, one partition each: of every candidate one on all train rows, and one for each fold."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from jobs.book import features as declared
from jobs.job import Job, TaskResult, log
from jobs.modelling.candidates import FOLDS, Candidate, fit_names, fit_of
from jobs.modelling.explanation.stability import reasons_of_sample
from jobs.modelling.explanation.typical import typical_payer
from jobs.modelling.frames import frame
from jobs.modelling.large.plan import FEWER, HISTOGRAM, FitPlan, fit_plan, why
from jobs.modelling.large.sample import stratified_sample
from jobs.modelling.large.trees import Share, forest_of_share, shares_of, with_trees
from jobs.modelling.pipelines import categories_in, fit_reproducibly, last_step, untrained
from jobs.modelling.splits import Labels, labels_of, others_and_fold, raw_scores_of, scores_of, train_and_test
from jobs.statistics.discrimination import auc_with_interval
from jobs.subtasks import run_subtasks
from storage.lake.names import OUT_OF_FOLD_SCORES, TRAINING_DATA

FIT_SHARE = "jobs.modelling.fits:fit_share"


@dataclass(frozen=True)
class _Inputs:
    """What a pipeline is fitted on: the frame of the features, their categories, and the labels."""

    frame: Any
    categories: list[str]
    labels: Labels


def fit_candidate(job: Job) -> TaskResult:
    """One fit of a candidate: on all train rows; or without those of a fold, whose raw scores it then gives, and
    the reasons of test loans.
    """
    fit = fit_of(job, job.partition)
    return _on_all(job, fit.candidate) if fit.fold is None else _without_fold(job, fit.candidate, fit.fold)


def _on_all(job: Job, candidate: Candidate) -> TaskResult:
    """The fit on all train rows. These are freed before the fit, which copies its inputs several times."""
    train = train_and_test(_rows(job, candidate))[0]
    size, plan = train.num_rows, plan_of(job, candidate, train)
    if told := why(plan, size):
        log.info("%s: %s", candidate.name, told)
    inputs = _inputs(job, plan, candidate, train)
    del train
    pipeline = _fitted(job, plan, candidate, inputs)
    del inputs
    sides = (rows.filter(pc.equal(rows["split"], "train")) for rows in _rows(job, candidate))
    parts = [(labels_of(rows), scores_of(pipeline, rows, candidate.features)) for rows in sides if rows.num_rows]
    labels, scores = (np.concatenate(found) for found in zip(*parts, strict=True))
    auc = auc_with_interval(labels, scores).value
    log.info("%s: train AUC %.4f", job.partition, auc)
    kept = job.models.keep_pickle(pipeline)
    return TaskResult(size, None, {"name": candidate.name, "train_auc": auc}, artifacts=(kept,))


def _without_fold(job: Job, candidate: Candidate, fold: int) -> TaskResult:
    """The fit without the rows of a fold. The rows that it does not score are freed before it."""
    features = candidate.features
    train, test = train_and_test(_rows(job, candidate))
    plan, typical = plan_of(job, candidate, train), typical_payer(train, features)
    others, rows = others_and_fold(train, fold, FOLDS, job.book.customer_id)
    del train
    learned, size = others.num_rows, rows.num_rows
    inputs = _inputs(job, plan, candidate, others)
    del others
    pipeline = _fitted(job, plan, candidate, inputs)
    del inputs
    scored = {
        "candidate": pa.repeat(candidate.name, size),
        "fold": pa.repeat(pa.scalar(fold, pa.int64()), size),
        job.book.loan_id: rows[job.book.loan_id],
        "raw_score": pa.array(raw_scores_of(pipeline, rows, features), pa.float64()),
    }
    table = job.write(OUT_OF_FOLD_SCORES, [pa.table(scored)], fit_names(job).index(job.partition))
    reasons = reasons_of_sample(pipeline, typical, test, features)
    values = {"name": candidate.name, "fold": fold, "reasons": reasons}
    return TaskResult(learned, size, values, tables=(table,))


def _rows(job: Job, candidate: Candidate) -> Iterator[pa.Table]:
    """What a fit reads of the training data, a part at a time."""
    needed = dict.fromkeys((job.book.loan_id, job.book.customer_id, "split", "label", *candidate.features))
    return job.datamart.by_part(job.table(TRAINING_DATA), list(needed))


def plan_of(job: Job, candidate: Candidate, train: pa.Table) -> FitPlan:
    """How the candidate is fitted on these train rows, and on those without a fold."""
    return fit_plan(candidate.classifier, train.num_rows, job.settings.get("exact_fit_rows"))


def _inputs(job: Job, plan: FitPlan, candidate: Candidate, rows: pa.Table) -> _Inputs:
    """What the candidate is fitted on: these rows, or the sample of them that the plan wants."""
    used = plan.rows_of(rows.num_rows)
    if used < rows.num_rows:
        rows = rows.take(pa.array(stratified_sample(rows[job.book.loan_id], labels_of(rows), used)))
    features = candidate.features
    return _Inputs(frame(rows, features), categories_in(rows, features), labels_of(rows))


def _fitted(job: Job, plan: FitPlan, candidate: Candidate, inputs: _Inputs) -> Any:
    """The pipeline that is fitted on these inputs."""
    classifier = plan.classifier_on(len(inputs.labels))
    pipeline = untrained(classifier, candidate.features, inputs.categories)
    if plan.way == FEWER:
        transformed = pipeline[:-1].fit_transform(inputs.frame, inputs.labels)  # once for all shares
        here = partial(_share, classifier, transformed, inputs.labels)
        pickled = run_subtasks(here, FIT_SHARE, job, shares_of(classifier))
        # Own shares were pickled too: the bytes of the model depend on which objects are one and the same.
        return with_trees(pipeline, [pickle.loads(share) for share in pickled])  # noqa: S301 - they are of this fit
    if plan.way != HISTOGRAM:
        return fit_reproducibly(pipeline, inputs.frame, inputs.labels)
    with threadpool_limits(1, user_api="openmp"):  # its sums depend on the number of threads
        return fit_reproducibly(pipeline, inputs.frame, inputs.labels)


def fit_share(job: Job, share: Share) -> bytes:
    """The pickled last step of a fit with a share of its trees, in another process than that of the fit."""
    classifier, transformed, labels = _transformed(job)
    return _share(classifier, transformed, labels, share)


def _transformed(job: Job) -> tuple[declared.Candidate, Any, Labels]:
    """The classifier of a fit, and what its last step is fitted on. The tables are freed when it returns."""
    fit = fit_of(job, job.partition)
    train = train_and_test(_rows(job, fit.candidate))[0]
    plan = plan_of(job, fit.candidate, train)
    if fit.fold is not None:
        train = others_and_fold(train, fit.fold, FOLDS, job.book.customer_id)[0]
    inputs = _inputs(job, plan, fit.candidate, train)
    classifier = plan.classifier_on(len(inputs.labels))
    pipeline = untrained(classifier, fit.candidate.features, inputs.categories)
    return classifier, pipeline[:-1].fit_transform(inputs.frame, inputs.labels), inputs.labels


def _share(classifier: declared.Candidate, transformed: Any, labels: Labels, share: Share) -> bytes:
    """The pickled last step of a pipeline, fitted with a share of the trees of its forest on transformed rows."""
    last = last_step(forest_of_share(classifier, share))
    return pickle.dumps(fit_reproducibly(last, transformed, labels), pickle.HIGHEST_PROTOCOL)
