"""Training: three models side by side on the same rows, on one feature set or on each; the one that ranks unseen loans
best is kept.
"""

import json
import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.digest import digest, label_definition
from jobs.job import Job, TaskResult, log
from jobs.modelling.candidates import candidate_of
from jobs.modelling.comparison import set_comparisons
from jobs.modelling.pipelines import categories_in, fit_reproducibly, frame, is_category, label_encoders, untrained
from jobs.modelling.promotion import measured, promotion_verdict
from jobs.modelling.splits import Scores, as_floats, labels_of, scores_of, train_and_test
from jobs.statistics.discrimination import auc_with_interval, classification_scores
from jobs.statistics.estimate import risk_curve
from jobs.statistics.reference import category_reference, numeric_reference
from storage.files.folder import FileFacts
from storage.lake.names import TRAINING_DATA
from storage.ledger.models import ModelVersion

LIBRARIES = ("scikit-learn", "numpy", "pandas", "pyarrow", "scipy")


def fit_candidate(job: Job) -> TaskResult:
    """One model, fitted on the train rows and measured on the test rows."""
    candidate = candidate_of(job, job.partition)
    features = candidate.features
    train, test = train_and_test(job.read(TRAINING_DATA))
    train_labels, test_labels = labels_of(train), labels_of(test)
    pipeline = untrained(candidate.classifier, features, categories_in(train, features))
    fit_reproducibly(pipeline, frame(train, features), train_labels)
    scores = scores_of(pipeline, test, features)
    auc = auc_with_interval(test_labels, scores)
    chosen = classification_scores(test_labels, pipeline.predict(frame(test, features)))
    numbers = {
        "train_auc": auc_with_interval(train_labels, scores_of(pipeline, train, features)).value,
        "test_auc": auc.value,
        "auc_low": auc.low,
        "auc_high": auc.high,
        "precision": chosen.precision,
        "recall": chosen.recall,
        "f1": chosen.f1,
    }
    log.info("%s: test AUC %.4f, train AUC %.4f", job.partition, auc.value, numbers["train_auc"])
    artifact = job.models.keep_pickle(pipeline)
    return TaskResult(
        train.num_rows + test.num_rows, None, {"name": job.partition, "numbers": numbers}, artifacts=(artifact,)
    )


def select_model(job: Job, trained: Sequence[TaskResult]) -> TaskResult:
    """The candidate with the best test AUC, with its encoders and everything that is to be known about it."""
    best = max(trained, key=lambda one: one.values["numbers"]["test_auc"])
    (artifact,) = best.artifacts
    pipeline = job.models.load(artifact)
    encoders = job.models.keep_pickle(label_encoders(pipeline))
    candidate = candidate_of(job, best.values["name"])
    train, test = train_and_test(job.read(TRAINING_DATA))
    scores = scores_of(pipeline, test, candidate.features)
    metadata = {
        "model_name": candidate.name,
        "as_of": job.as_of.isoformat(),
        "feature_set": candidate.feature_set,
        "features": list(candidate.features),
        "categorical": categories_in(train, candidate.features),
        "book": {"name": job.book.name, "digest": digest(job.book)},
        "label_definition": label_definition(job.book),
        "candidates": {one.values["name"]: one.values["numbers"] for one in trained},
        "comparisons": _comparisons(job, test, trained),
        "rows": {"train": _counts(train), "test": _counts(test)},
        "libraries": {name: version(name) for name in LIBRARIES},
        "files": {"model": vars(artifact), "encoders": vars(encoders)},
        "reference": frozen_reference(measured(job, test), scores, candidate.features),
        "risk_curve": risk_curve(labels_of(test), scores).as_json(),
    }
    log.info("%s is the best of %d", candidate.name, len(trained))
    kept = (*(facts for one in trained for facts in one.artifacts), encoders)
    rows = train.num_rows + test.num_rows
    return TaskResult(rows, rows, {"metadata": metadata}, artifacts=kept)


def _comparisons(job: Job, test: pa.Table, trained: Sequence[TaskResult]) -> list[dict[str, Any]]:
    """How the feature sets compare, when more than one was trained on."""
    made = {one.values["name"]: (candidate_of(job, one.values["name"]), one.artifacts[0]) for one in trained}
    if len({candidate.feature_set for candidate, _ in made.values()}) < 2:
        return []
    scores = {
        name: scores_of(job.models.load(artifact), test, candidate.features)
        for name, (candidate, artifact) in made.items()
    }
    found = set_comparisons(test, scores, [candidate for candidate, _ in made.values()], list(job.book.feature_sets))
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
    }


def _counts(table: pa.Table) -> dict[str, int]:
    return {"loans": table.num_rows, "defaults": int(pc.sum(table["label"]).as_py())}
