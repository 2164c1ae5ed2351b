"""The scikit-learn pipelines of the candidates, and their input frames, the same in training and inference."""

from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from jobs.gold.features import CATEGORICAL
from jobs.modelling.candidates import CLASSIFIERS

UNKNOWN = -1


def untrained(name: str, features: tuple[str, ...]) -> Pipeline:
    """An unfitted pipeline: medians for missing numbers, codes for categories, a scaler where the book asks for one."""
    numbers = [feature for feature in features if feature not in CATEGORICAL]
    categories = [feature for feature in features if feature in CATEGORICAL]
    # Missing and unseen levels share one level, Unknown.
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=UNKNOWN, encoded_missing_value=UNKNOWN)
    columns = ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median", keep_empty_features=True), numbers),
            ("categories", encoder, categories),
        ]
    )
    scaler = [("scaler", StandardScaler())] if CLASSIFIERS[name].scaled else []
    return Pipeline([("columns", columns), *scaler, ("classifier", _classifier(name))])


def fit_reproducibly(pipeline: Pipeline, inputs: pd.DataFrame, labels: Any) -> Pipeline:
    """The fitted pipeline. The same rows give the same pickle in every process.

    The node records of a tree have padding, which holds whatever was in memory before; it is set to zero.
    """
    pipeline.fit(inputs, labels)
    for tree in np.ravel(getattr(pipeline.named_steps["classifier"], "estimators_", [])):
        state = tree.tree_.__getstate__()
        nodes = np.zeros(state["nodes"].shape, state["nodes"].dtype)  # zeros_like would not clear the padding
        for name in nodes.dtype.names:
            nodes[name] = state["nodes"][name]
        tree.tree_.__setstate__({**state, "nodes": nodes})
    return pipeline


def frame(table: pa.Table, features: tuple[str, ...]) -> pd.DataFrame:
    """The features of a table as a pandas frame: numbers as float64, categories as objects, NaN for null."""
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
    """The levels of each category in the order of their codes, from 0. Every other level has code -1 (Unknown)."""
    encoder = pipeline.named_steps["columns"].named_transformers_["categories"]
    return {
        name: [str(level) for level in levels if isinstance(level, str)]
        for name, levels in zip(encoder.feature_names_in_, encoder.categories_, strict=True)
    }


def _classifier(name: str) -> Any:
    module, _, estimator = CLASSIFIERS[name].estimator.rpartition(".")
    return getattr(import_module(module), estimator)(**CLASSIFIERS[name].parameters)
