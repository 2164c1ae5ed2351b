"""The last step of every pipeline: a classifier with calibrated probabilities and a cut-off for its predictions."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from jobs.statistics.cut_off import UNCALIBRATED
from jobs.statistics.logistic import calibrated, platt_curve, tempered_logits

Floats = npt.NDArray[np.float64]


class CalibratedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of the labels 0 and 1, Platt's curve on the logit of its raw score, and a cut-off.

    `calibrate` sets the curve from scores of loans that the classifier was not fitted on. Until then the probabilities
    are the raw ones, and the cut-off is 0.5. The curve rises strictly, so the ranks, and with them the AUC, are those
    of the raw scores.
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, inputs: Any, labels: Any) -> Self:
        """Fits a copy of the classifier on `inputs` (n x features) and `labels` (n of 0 and 1)."""
        self.classifier_ = clone(self.classifier).fit(inputs, labels)
        self.classes_ = self.classifier_.classes_
        self.slope_: float | None = None
        self.intercept_: float | None = None
        self.cut_off_ = UNCALIBRATED
        return self

    def calibrate(self, raw: Floats, labels: Any) -> Self:
        """Sets Platt's slope and intercept by maximum likelihood on raw scores and labels (both n) of unseen loans."""
        self.slope_, self.intercept_ = platt_curve(labels, tempered_logits(raw))
        return self

    def raw_scores(self, inputs: Any) -> Floats:
        """The classifier's own probability of the label 1 for each row of `inputs`."""
        raw: Floats = self.classifier_.predict_proba(inputs)[:, 1]
        return raw

    def calibrated(self, raw: Floats) -> Floats:
        """The probability of default for each raw score."""
        if self.slope_ is None or self.intercept_ is None:
            return raw
        return calibrated(raw, self.slope_, self.intercept_)

    def predict_proba(self, inputs: Any) -> Floats:
        """The probabilities of the label 0 and of the label 1 (n x 2)."""
        bad = self.calibrated(self.raw_scores(inputs))
        return np.column_stack([1 - bad, bad])

    def predict(self, inputs: Any) -> npt.NDArray[np.int64]:
        """1 for each row whose probability of default is at or above the cut-off, else 0."""
        return (self.calibrated(self.raw_scores(inputs)) >= self.cut_off_).astype(np.int64)
