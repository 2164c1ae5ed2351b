"""The scikit-learn pipelines of the candidates."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from jobs.book.features import Candidate
from jobs.modelling.calibrated import CalibratedClassifier
from jobs.modelling.frames import is_category
from jobs.modelling.reproducible import clear_padding

Estimator = TypeVar("Estimator", Pipeline, CalibratedClassifier)
UNKNOWN = -1


class OnTransformed:
    """The classifier of a fitted pipeline, for rows that the steps before it have transformed.

    `transformed` are the inputs (n x features) after these steps, the features in the order in which they were given.
    """

    def __init__(self, pipeline: Pipeline, inputs: pd.DataFrame) -> None:
        columns = pipeline.named_steps["columns"].transformers_
        self._names = [name for _, _, names in columns for name in names]  # in the order of the transformed columns
        self._classifier = pipeline.steps[-1][1]
        transformed = pipeline[:-1].transform(inputs)
        self._of_frames = isinstance(transformed, pd.DataFrame)
        self.transformed = pd.DataFrame(transformed, columns=self._names)[list(inputs.columns)]

    def predict_proba(self, transformed: pd.DataFrame) -> Any:
        """The probabilities of the label 0 and of the label 1 (n x 2)."""
        rows = transformed[self._names]
        # Row by row in memory, as the pipeline has them: sums of other orders differ in the last digits.
        return self._classifier.predict_proba(rows if self._of_frames else np.ascontiguousarray(rows.to_numpy()))


def untrained(candidate: Candidate, features: Sequence[str], categories: Sequence[str]) -> Pipeline:
    """An unfitted pipeline: medians for missing numbers, codes for categories, a scaler where the book asks for one.

    The last step is a `CalibratedClassifier`. `categories` are those of the features that hold texts. For a candidate
    that keeps missing values, missing numbers stay NaN, and the classifier gets a pandas frame: float64 for numbers,
    int64 for the codes of categories.
    """
    numbers = "passthrough" if candidate.keeps_missing else SimpleImputer(strategy="median", keep_empty_features=True)
    encoder = OrdinalEncoder(  # missing and unseen levels share one level, Unknown
        dtype=np.int64 if candidate.keeps_missing else np.float64,
        handle_unknown="use_encoded_value",
        unknown_value=UNKNOWN,
        encoded_missing_value=UNKNOWN,
    )
    columns = ColumnTransformer(
        [
            ("numbers", numbers, [name for name in features if name not in categories]),
            ("categories", encoder, [name for name in features if name in categories]),
        ],
        verbose_feature_names_out=not candidate.keeps_missing,
    )
    if candidate.keeps_missing:
        columns.set_output(transform="pandas")
    scaler = [("scaler", StandardScaler())] if candidate.scaled else []
    return Pipeline([("columns", columns), *scaler, ("classifier", last_step(candidate))])


def last_step(candidate: Candidate) -> CalibratedClassifier:
    """The unfitted last step of a candidate's pipeline."""
    return CalibratedClassifier(_classifier(candidate))


def fit_reproducibly(estimator: Estimator, inputs: Any, labels: Any) -> Estimator:
    """The fitted pipeline or step. The same rows give the same pickle in every process."""
    estimator.fit(inputs, labels)
    clear_padding(estimator)
    return estimator


def categories_in(table: pa.Table, features: Sequence[str]) -> list[str]:
    """Those of the features that hold texts, in order."""
    return [name for name in features if is_category(table.schema.field(name).type)]


def label_encoders(pipeline: Pipeline) -> dict[str, list[str]]:
    """The levels of each category in the order of their codes, from 0. Every other level has code -1 (Unknown)."""
    encoder = pipeline.named_steps["columns"].named_transformers_["categories"]
    names = getattr(encoder, "feature_names_in_", ())  # a feature set may have no category
    return {
        str(name): [str(level) for level in levels if isinstance(level, str)]
        for name, levels in zip(names, getattr(encoder, "categories_", ()), strict=True)
    }


def _classifier(candidate: Candidate) -> Any:
    module, _, estimator = candidate.estimator.rpartition(".")
    return getattr(import_module(module), estimator)(**candidate.parameters)
