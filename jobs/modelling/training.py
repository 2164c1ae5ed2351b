"""Training: the fits of every candidate side by side; the one that ranks out-of-fold train loans best is kept."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.digest import digest, label_definition
from jobs.job import Job, TaskResult, log
from jobs.modelling.candidates import FOLDS, Candidate, trained_candidates
from jobs.modelling.comparison import numbers_by_arrears, numbers_on_test, set_comparisons
from jobs.modelling.explanation.kept import kept_explanation
from jobs.modelling.fits import plan_of
from jobs.modelling.frames import is_category
from jobs.modelling.large.plan import fits_document
from jobs.modelling.pipelines import categories_in, label_encoders
from jobs.modelling.promotion.arrears import verdict_with_arrears
from jobs.modelling.promotion.broken_features import measured
from jobs.modelling.promotion.verdict import promotion_verdict
from jobs.modelling.scorecard.points import points_document
from jobs.modelling.splits import (
    SPLIT_BY,
    Scores,
    as_floats,
    labels_of,
    raw_scores_of,
    train_and_test,
)
from jobs.statistics.cut_off import cut_off
from jobs.statistics.discrimination import auc_with_interval
from jobs.statistics.reference import category_reference, numeric_reference
from jobs.statistics.risk_curves import logistic_curve
from jobs.statistics.rounding import four_decimals
from storage.files.folder import FileFacts
from storage.lake.datamart import TableVersion
from storage.lake.names import TRAINING_DATA
from storage.ledger.models import ModelVersion

LIBRARIES = ("scikit-learn", "numpy", "pandas", "pyarrow", "scipy")


@dataclass(frozen=True)
class Trained:
    """A candidate whose pipeline is complete: fitted, calibrated, with a cut-off; its test scores, its numbers, and
    its points table if it is a scorecard.
    """

    candidate: Candidate
    artifact: FileFacts
    calibration: dict[str, Any]
    cut_off: dict[str, Any]
    scores: Scores
    numbers: dict[str, Any]
    points: dict[str, Any] | None


def select_model(job: Job, fitted: Sequence[TaskResult]) -> TaskResult:
    """The candidate with the best AUC of out-of-fold train scores, and everything that is to be known about it.

    Every candidate is calibrated on these scores, and gets its cut-off from them; test rows only report.
    """
    train, test = train_and_test(job.datamart.by_part(job.table(TRAINING_DATA)))
    parts = sorted((one.tables[0] for one in fitted if one.tables), key=lambda table: table.parts[0].name)
    out_of_fold = reduce(TableVersion.with_parts_of, parts)
    ranked = by_out_of_fold_auc(_trained(job, one, (train, test), fitted) for one in fitted if one.artifacts)
    best = ranked[0]
    pipeline = job.models.load(best.artifact)
    encoders = job.models.keep_pickle(label_encoders(pipeline))
    refits = [one.values["reasons"] for one in fitted if one.tables and one.values["name"] == best.candidate.name]
    metadata = {
        **_metadata(job, train, test, ranked),
        **kept_explanation(pipeline, (train, test), best.candidate.features, refits),
        "files": {"model": vars(best.artifact), "encoders": vars(encoders)},
    }
    log.info("%s is the best of %d by its out-of-fold AUC", best.candidate.name, len(ranked))
    kept = (*(one.artifact for one in ranked), encoders)
    size = train.num_rows + test.num_rows
    return TaskResult(size, size, {"metadata": metadata}, tables=(out_of_fold,), artifacts=kept)


def by_out_of_fold_auc(trained: Iterable[Trained]) -> list[Trained]:
    """The candidates, the one with the best AUC of out-of-fold train scores first; by name where that is equal."""
    return sorted(trained, key=lambda one: (-one.numbers["out_of_fold_auc"], one.candidate.name))


def _trained(job: Job, whole: TaskResult, sides: tuple[pa.Table, pa.Table], fitted: Sequence[TaskResult]) -> Trained:
    """The candidate of a fit on all train rows, completed with the out-of-fold scores of `sides`' train rows."""
    train, test = sides
    candidate = trained_candidates(job)[whole.values["name"]]
    folds = [one.tables[0] for one in fitted if one.tables and one.values["name"] == candidate.name]
    own = pa.concat_tables(job.datamart.read(fold, [job.book.loan_id, "raw_score"]) for fold in folds)
    ids = own[job.book.loan_id].combine_chunks()
    raw = as_floats(own["raw_score"].take(pc.index_in(train[job.book.loan_id], value_set=ids)))
    pipeline = job.models.load(whole.artifacts[0])
    classifier = pipeline.named_steps["classifier"].calibrate(raw, labels_of(train))
    kept = cut_off(str(job.settings["cut_off"]), labels_of(train), classifier.calibrated(raw))
    classifier.cut_off_ = kept["probability"]
    test_raw = raw_scores_of(pipeline, test, candidate.features)
    scores = classifier.calibrated(test_raw)
    numbers = {
        "out_of_fold_auc": auc_with_interval(labels_of(train), raw).value,
        "train_auc": whole.values["train_auc"],
        **numbers_on_test(labels_of(test), test_raw, scores, kept["probability"]),
        **numbers_by_arrears(test, test_raw, scores, kept["probability"]),
    }
    names = ("out_of_fold_auc", "test_auc", "expected_calibration_error", "calibration_noise")
    told = (four_decimals(numbers[name]) for name in names)
    log.info("%s: out-of-fold AUC %s, test AUC %s, calibration error %s (noise %s)", candidate.name, *told)
    curve = {"slope": classifier.slope_, "intercept": classifier.intercept_, "folds": FOLDS, "loans": train.num_rows}
    points = points_document(pipeline)
    return Trained(candidate, job.models.keep_pickle(pipeline), curve, kept, scores, numbers, points)


def _metadata(job: Job, train: pa.Table, test: pa.Table, ranked: Sequence[Trained]) -> dict[str, Any]:
    """The metadata of the best candidate, the first of `ranked`, apart from its files."""
    best = ranked[0]
    candidate = best.candidate
    plans = {one.candidate.name: plan_of(job, one.candidate, train) for one in ranked}
    fits = fits_document(plans, train.num_rows)
    return {
        "model_name": candidate.name,
        "as_of": job.as_of.isoformat(),
        "feature_set": candidate.feature_set,
        "features": list(candidate.features),
        "categorical": categories_in(train, candidate.features),
        "book": {"name": job.book.name, "digest": digest(job.book)},
        "label_definition": label_definition(job.book),
        "split_by": SPLIT_BY,
        "calibration": best.calibration,
        "cut_off": best.cut_off,
        "candidates": {one.candidate.name: one.numbers for one in ranked},
        "hyperparameters": {name: dict(plan.classifier_on(train.num_rows).parameters) for name, plan in plans.items()},
        "comparisons": _comparisons(job, test, ranked),
        "scorecards": {one.candidate.name: one.points for one in ranked if one.points is not None},
        "rows": {"train": _counts(train), "test": _counts(test)},
        "libraries": {name: version(name) for name in LIBRARIES},
        "reference": frozen_reference(measured(job, test), best.scores, candidate.features),
        "risk_curve": logistic_curve(labels_of(test), best.scores).as_json(),
        **({"fits": fits} if fits else {}),
    }


def _comparisons(job: Job, test: pa.Table, ranked: Sequence[Trained]) -> list[dict[str, Any]]:
    """How the feature sets compare, when more than one was trained on."""
    made = [one.candidate for one in ranked]
    if len({candidate.feature_set for candidate in made}) < 2:
        return []
    scores = {one.candidate.name: one.scores for one in ranked}
    found = set_comparisons(test, scores, made, list(job.book.feature_sets))
    for one in found:
        told = one["a"], one["difference"], one["low"] or math.nan, one["high"] or math.nan, one["b"]
        log.info("%s: AUC %+.4f (95%% interval %+.4f to %+.4f) against %s on the same test loans", *told)
    return found


def frozen_reference(test: pa.Table, scores: Scores, features: Sequence[str]) -> dict[str, Any]:
    """What later drift is measured against: bins and counts of the test scores and of each feature of the test rows.

    The rows are those before imputation (see `measured`).
    """
    return {
        "before_imputation": True,
        "score": numeric_reference(scores).as_json(),
        "features": {
            name: category_reference(test[name].to_pylist()).as_json()
            if is_category(test.schema.field(name).type)
            else numeric_reference(as_floats(test[name])).as_json()
            for name in features
        },
    }


def store_best_model(job: Job) -> TaskResult:
    """The best model under the names that people know, to be registered when the run commits.

    With it goes the verdict on whether it becomes champion, against the champion that the run began with and no other.
    """
    made = job.values["train_evaluate_select_model"]["metadata"]
    files = {role: FileFacts(**facts) for role, facts in made["files"].items()}
    placed = {
        "model": job.models.place(files["model"], f"best_model_{job.stamp}.pkl"),
        "encoders": job.models.place(files["encoders"], f"label_encoders_{job.stamp}.pkl"),
    }
    best = made["candidates"][made["model_name"]]
    verdict = promotion_verdict(job, files["model"], made["features"], best["test_auc"]).as_json()
    verdict = verdict_with_arrears(verdict, best)
    log.info("%s", verdict["reason"])
    metadata = {
        **made,
        "version": job.stamp,
        "promotion": verdict,
        "run_id": job.run_id,
        "files": {role: vars(facts) for role, facts in placed.items()},
        "tables": {name: {"version": table.version, "digest": table.digest} for name, table in job.tables.items()},
        "extracts": {
            file: sha256
            for name, table in job.tables.items()
            if name.startswith("bronze.")
            for file, sha256 in table.sources.items()
        },
    }
    text = json.dumps(metadata, indent=1, sort_keys=True, allow_nan=False).encode()
    placed["metadata"] = job.models.folder.write(f"model_metadata_{job.stamp}.json", text)
    log.info("%s stored as version %s", made["model_name"], job.stamp)
    model = ModelVersion(
        version=job.stamp,
        model_name=made["model_name"],
        files=placed,
        summary={**summary_of(made), "promotion": verdict},
        trained_on={TRAINING_DATA: job.table(TRAINING_DATA).version},
    )
    return TaskResult(values={"version": job.stamp, "promotion": verdict}, model=model)


def summary_of(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What lists of models show."""
    best = metadata["candidates"][metadata["model_name"]]
    return {
        "test_auc": best["test_auc"],
        "feature_set": metadata["feature_set"],
        "as_of": metadata["as_of"],
        "rows": metadata["rows"],
        "candidates": metadata["candidates"],
        "comparisons": metadata["comparisons"],
        "book": metadata["book"],
        "label_definition": metadata["label_definition"],
        "split_by": metadata["split_by"],
        "cut_off": metadata["cut_off"],
        "importance": metadata["importance"],
        "importance_loans": metadata["importance_loans"],
        "importance_loans_not_in_arrears": metadata["importance_loans_not_in_arrears"],
        "reason_stability": metadata["reason_stability"],
    }


def _counts(table: pa.Table) -> dict[str, int]:
    return {"loans": table.num_rows, "defaults": int(pc.sum(table["label"]).as_py())}
