"""Fits and stores every classifier of scikit-learn that can be a candidate: `every_classifier.py STORE OTHER`.

Before, it loads the models in OTHER, if there are any. It prints the artifacts' names and scores as JSON.
"""

import hashlib
import json
import sys
import warnings
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import all_estimators

from jobs.book.features import Candidate
from jobs.modelling.pipelines import fit_reproducibly, untrained
from storage.files.folder import FileFacts
from storage.lake.model_store import ModelStore

ROWS = 160
FEATURES = ("Amount of the loan", "term", "rate", "class")
PARAMETERS: dict[str, dict[str, Any]] = {
    "NuSVC": {"probability": True},
    "SGDClassifier": {"loss": "log_loss"},
    "SVC": {"probability": True},
    "VotingClassifier": {"voting": "soft"},
}
EXCEPTIONS = {
    "ClassifierChain": "predicts several labels at once",
    "MultiOutputClassifier": "predicts several labels at once",
}
INNER = {"l": "sklearn.linear_model.LogisticRegression", "t": "sklearn.tree.DecisionTreeClassifier"}


def candidates() -> dict[str, Candidate]:
    """A candidate for each classifier that has `predict_proba`."""
    found = {}
    for name, kind in all_estimators(type_filter="classifier"):
        if not hasattr(kind, "predict_proba") or name in EXCEPTIONS:
            continue
        known = signature(kind).parameters
        seed = {"random_state": 42} if "random_state" in known else {}
        found[name] = Candidate(f"{kind.__module__}.{name}", {**seed, **_inner(known), **PARAMETERS.get(name, {})})
    return found


def _inner(known: Any) -> dict[str, Any]:
    """Classifiers for those that are made of others."""
    made = {name: _made(path) for name, path in INNER.items()}
    if "estimators" in known:
        return {"estimators": list(made.items())}
    required = [name for name in ("estimator", "base_estimator") if name in known]
    return {required[0]: made["l"]} if required else {}


def _made(path: str) -> Any:
    return untrained(Candidate(path, {"random_state": 1}), (), ()).named_steps["classifier"].classifier


def rows() -> tuple[pd.DataFrame, Any]:
    """Features without negative numbers, which some classifiers refuse, and labels."""
    rng = np.random.default_rng(0)
    labels = (rng.random(ROWS) < 0.4).astype(np.int64)
    numbers = {name: rng.random(ROWS) * 5 + labels * place for place, name in enumerate(FEATURES[:3])}
    inputs = pd.DataFrame({**numbers, "class": pd.Series(["Good", "Bad"] * (ROWS // 2), dtype=object)})
    inputs.loc[::9, "term"] = np.nan
    return inputs, labels


def main(store: ModelStore, other: ModelStore) -> dict[str, dict[str, Any]]:
    """By classifier: the artifact, the digest of its scores, and that of its scores after it was loaded again."""
    for name in other.folder.names(".artifacts"):
        other.load(FileFacts(name, other.folder.size(name) or 0, name.rpartition("/")[2]))
    inputs, labels = rows()
    found = {}
    for name, candidate in candidates().items():
        pipeline = fit_reproducibly(untrained(candidate, FEATURES, ("class",)), inputs, labels)
        artifact = store.keep_pickle(pipeline)
        scores, again = (one.predict_proba(inputs)[:, 1].tobytes() for one in (pipeline, store.load(artifact)))
        digest = hashlib.sha256(scores).hexdigest()
        found[name] = {"artifact": artifact.sha256, "scores": digest, "same": scores == again}
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # some do not converge on so few rows
    print(json.dumps(main(ModelStore(sys.argv[1]), ModelStore(sys.argv[2]))))  # noqa: T201
