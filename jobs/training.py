"""Training: three models side by side on the same rows; the one that ranks unseen loans best is kept."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.discrimination import auc_with_interval, classification_scores
from jobs.drift import category_reference, numeric_reference
from jobs.errors import JobError
from jobs.features import CATEGORICAL, FEATURE_SETS
from jobs.job import Job, Outcome, log
from jobs.models import fitted, frame, label_encoders, untrained
from storage.files import FileFacts
from storage.registry import ModelVersion
from storage.tables import TRAINING_DATA

LIBRARIES = ("scikit-learn", "numpy", "pandas", "pyarrow", "scipy")
CANDIDATE_NUMBERS = ("train_auc", "test_auc", "auc_low", "auc_high", "precision", "recall", "f1")
Scores = npt.NDArray[np.float64]


def fit_candidate(job: Job) -> Outcome:
    """One model, fitted on the train rows and measured on the test rows."""
    features = FEATURE_SETS[str(job.settings["feature_set"])]
    train, test = _sides(job.read(TRAINING_DATA))
    train_labels, test_labels = _labels(train), _labels(test)
    pipeline = fitted(untrained(job.part, features), frame(train, features), train_labels)
    scores = _scores(pipeline, test, features)
    auc = auc_with_interval(test_labels, scores)
    chosen = classification_scores(test_labels, pipeline.predict(frame(test, features)))
    numbers = {
        "train_auc": auc_with_interval(train_labels, _scores(pipeline, train, features)).value,
        "test_auc": auc.value,
        "auc_low": auc.low,
        "auc_high": auc.high,
        "precision": chosen.precision,
        "recall": chosen.recall,
        "f1": chosen.f1,
    }
    log.info("%s: test AUC %.4f, train AUC %.4f", job.part, auc.value, numbers["train_auc"])
    artifact = job.models.keep_pickle(pipeline)
    return Outcome(train.num_rows + test.num_rows, None, {"name": job.part, "numbers": numbers}, artifacts=(artifact,))


def select_model(job: Job, candidates: Sequence[Outcome]) -> Outcome:
    """The candidate with the best test AUC, with its encoders and everything that is to be known about it."""
    best = max(candidates, key=lambda candidate: candidate.values["numbers"]["test_auc"])
    (artifact,) = best.artifacts
    pipeline = job.models.load(artifact)
    encoders = job.models.keep_pickle(label_encoders(pipeline))
    features = FEATURE_SETS[str(job.settings["feature_set"])]
    train, test = _sides(job.read(TRAINING_DATA))
    metadata = {
        "model_name": best.values["name"],
        "as_of": job.as_of.isoformat(),
        "feature_set": job.settings["feature_set"],
        "features": list(features),
        "categorical": [name for name in features if name in CATEGORICAL],
        "candidates": {candidate.values["name"]: candidate.values["numbers"] for candidate in candidates},
        "rows": {"train": _counts(train), "test": _counts(test)},
        "libraries": {name: version(name) for name in LIBRARIES},
        "files": {"model": vars(artifact), "encoders": vars(encoders)},
        "reference": frozen_reference(test, _scores(pipeline, test, features), features),
    }
    log.info("%s is the best of %d", best.values["name"], len(candidates))
    kept = (*(facts for candidate in candidates for facts in candidate.artifacts), encoders)
    rows = train.num_rows + test.num_rows
    return Outcome(rows, rows, {"metadata": metadata}, artifacts=kept)


def frozen_reference(test: pa.Table, scores: Scores, features: Sequence[str]) -> dict[str, Any]:
    """What later drift is measured against: bins and counts of the test scores and of each feature of the test rows."""
    return {
        "score": numeric_reference(scores).as_json(),
        "features": {
            name: category_reference(test[name].to_pylist()).as_json()
            if name in CATEGORICAL
            else numeric_reference(numbers(test[name])).as_json()
            for name in features
        },
    }


def numbers(column: pa.ChunkedArray) -> Scores:
    """A column as float64, NaN for null."""
    values: Scores = column.cast(pa.float64()).to_numpy()
    return values


def store_best_model(job: Job) -> Outcome:
    """The best model under the names that people know, to be registered when the run commits."""
    made = job.values["train_evaluate_select_model"]["metadata"]
    files = {role: FileFacts(**facts) for role, facts in made["files"].items()}
    placed = {
        "model": job.models.place(files["model"], f"best_model_{job.stamp}.pkl"),
        "encoders": job.models.place(files["encoders"], f"label_encoders_{job.stamp}.pkl"),
    }
    metadata = {
        **made,
        "version": job.stamp,
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
        summary=summary_of(made),
        trained_on={TRAINING_DATA: job.table(TRAINING_DATA).version},
    )
    return Outcome(values={"version": job.stamp}, model=model)


def summary_of(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What lists of models show."""
    best = metadata["candidates"][metadata["model_name"]]
    return {
        "test_auc": best["test_auc"],
        "feature_set": metadata["feature_set"],
        "as_of": metadata["as_of"],
        "rows": metadata["rows"],
        "candidates": metadata["candidates"],
    }


def _sides(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """(train, test); JobError when one of them lacks rows of either class."""
    sides = []
    for side in ("train", "test"):
        rows = table.filter(pc.equal(table["split"], side))
        bad = int(pc.sum(rows["label"]).as_py() or 0)
        if bad in (0, rows.num_rows):
            raise JobError(
                f"Of {rows.num_rows} {side} loans {bad} defaulted, so there is nothing to learn from; "
                "choose a later --as-of or deliver a larger book."
            )
        sides.append(rows)
    return sides[0], sides[1]


def _labels(table: pa.Table) -> npt.NDArray[np.int64]:
    return np.asarray(table["label"].to_numpy(), np.int64)


def _scores(pipeline: Any, table: pa.Table, features: tuple[str, ...]) -> Scores:
    scores: Scores = pipeline.predict_proba(frame(table, features))[:, 1]
    return scores


def _counts(table: pa.Table) -> dict[str, int]:
    return {"loans": table.num_rows, "defaults": int(pc.sum(table["label"]).as_py())}
