"""The three models, as scikit-learn pipelines, and the frames that they take, in training and inference alike."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from jobs.gold.features import CATEGORICAL

SEED = 42
UNKNOWN = -1
# The slowest first: the three are fitted side by side, and the last to start should not be the last by much.
CLASSIFIERS: Mapping[str, Any] = {
    "GradientBoostingClassifier": GradientBoostingClassifier(n_estimators=100, max_depth=5, random_state=SEED),
    "RandomForestClassifier": RandomForestClassifier(
        n_estimators=100, max_depth=10, class_weight="balanced", random_state=SEED
    ),
    "LogisticRegression": LogisticRegression(max_iter=1000, class_weight="balanced", random_state=SEED),
}


def untrained(name: str, features: tuple[str, ...]) -> Pipeline:
    """The pipeline of a model: medians for missing numbers, codes for categories, a scaler for the linear model."""
    numbers = [feature for feature in features if feature not in CATEGORICAL]
    categories = [feature for feature in features if feature in CATEGORICAL]
    # Missing and unseen levels are one level of their own, Unknown.
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=UNKNOWN, encoded_missing_value=UNKNOWN)
    columns = ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median", keep_empty_features=True), numbers),
            ("categories", encoder, categories),
        ]
    )
    scaler = [("scaler", StandardScaler())] if name == "LogisticRegression" else []
    return Pipeline([("columns", columns), *scaler, ("classifier", clone(CLASSIFIERS[name]))])


def fit_reproducibly(pipeline: Pipeline, inputs: pd.DataFrame, labels: Any) -> Pipeline:
    """The pipeline after fitting, the same bytes for the same rows in every process.

    A tree keeps its nodes in records with padding, which holds whatever memory held before; it is set to zero.
    """
    pipeline.fit(inputs, labels)
    for tree in np.ravel(getattr(pipeline.named_steps["classifier"], "estimators_", [])):
        state = tree.tree_.__getstate__()
        nodes = np.zeros(state["nodes"].shape, state["nodes"].dtype)  # zeros_like would leave padding as it is
        for name in nodes.dtype.names:
            nodes[name] = state["nodes"][name]
        tree.tree_.__setstate__({**state, "nodes": nodes})
    return pipeline


def frame(table: pa.Table, features: tuple[str, ...]) -> pd.DataFrame:
    """The features of a table as a pandas frame: float64 numbers with NaN, categories as objects with NaN."""
    columns: dict[str, Any] = {}
    for name in features:
        if name in CATEGORICAL:
            columns[name] = pd.Series(
                [np.nan if level is None else level for level in table[name].to_pylist()], dtype=object
            )
        else:
            columns[name] = table[name].cast(pa.float64()).to_numpy()
    return pd.DataFrame(columns)


def label_encoders(pipeline: Pipeline) -> dict[str, list[str]]:
    """The levels of each category in the order of their codes, from 0; every other level is coded -1 (Unknown)."""
    encoder = pipeline.named_steps["columns"].named_transformers_["categories"]
    return {
        name: [str(level) for level in levels if isinstance(level, str)]
        for name, levels in zip(encoder.feature_names_in_, encoder.categories_, strict=True)
    }
