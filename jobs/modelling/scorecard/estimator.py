"""The scorecard as a scikit-learn classifier.

Weight of evidence: I. J. Good, Probability and the Weighing of Evidence (1950). Information value and the scaling of
points: N. Siddiqi, Credit Risk Scorecards (2006).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from jobs.modelling.scorecard.bins import level_bins, number_bins
from jobs.modelling.scorecard.evidence import Evidence, evidence

Floats = npt.NDArray[np.float64]


class Scorecard(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """A logistic regression on weights of evidence. Label 1 is bad.

    `bins` is the most bins of a number, besides the one for missing values; `smallest` the smallest share of the rows
    in a bin; a column with an information value below `information` is left out. A scorecard has `base_points` at
    `base_odds` goods to one bad, and `points_to_double` more points where the odds are doubled. Its columns are a
    pandas frame: whole numbers are codes of a category (below 0: missing), the others numbers (NaN: missing).
    """

    def __init__(
        self,
        bins: int = 5,
        smallest: float = 0.05,
        information: float = 0.02,
        base_points: float = 600,
        base_odds: float = 50,
        points_to_double: float = 20,
    ) -> None:
        self.bins = bins
        self.smallest = smallest
        self.information = information
        self.base_points = base_points
        self.base_odds = base_odds
        self.points_to_double = points_to_double

    def fit(self, columns: pd.DataFrame, labels: Any) -> Self:
        """The scorecard of these rows. A column whose points would fall with falling risk is left out."""
        labels = np.asarray(labels, np.int64)
        found = {str(name): self._evidence(columns[name], labels) for name in columns.columns}
        ranked = sorted(found, key=lambda name: -found[name].information)
        chosen = [name for name in ranked if found[name].information >= self.information] or ranked[:1]
        while True:
            self.evidence_ = {name: found[name] for name in chosen}
            model = LogisticRegression(max_iter=1000).fit(self._weights(columns), labels)
            kept = [name for name, factor in zip(chosen, model.coef_[0], strict=True) if factor < 0] or ranked[:1]
            if kept == chosen or len(chosen) == 1:
                break
            chosen = kept
        self.model_, self.classes_ = model, model.classes_
        self.feature_names_in_ = np.asarray(columns.columns, object)
        self.n_features_in_ = len(columns.columns)
        return self

    def decision_function(self, columns: pd.DataFrame) -> Floats:
        """The logarithm of the odds of bad to good, of length n."""
        logits: Floats = self.model_.decision_function(self._weights(columns))
        return logits

    def predict_proba(self, columns: pd.DataFrame) -> Floats:
        """The probabilities of good and bad, n x 2."""
        probabilities: Floats = self.model_.predict_proba(self._weights(columns))
        return probabilities

    def predict(self, columns: pd.DataFrame) -> Any:
        """The likelier label of each row."""
        return self.model_.predict(self._weights(columns))

    def points(self, columns: pd.DataFrame) -> Floats:
        """The points of each row, before the points of single bins are rounded: offset + factor x ln(odds of good).

        Factor = points to double / ln 2, offset = base points - factor x ln(base odds) (Siddiqi 2006).
        """
        return self.base_points - self._factor * (self.decision_function(columns) + math.log(self.base_odds))

    def points_table(self, levels: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
        """A row for each bin of each column, the most informative column first: its train loans, their defaults, its
        weight of evidence and its points, rounded to whole ones.

        The points of a row's bins add up to its points, because each column bears an equal part of the offset and of
        the intercept. `levels` are those of each category by their codes. Empty bins are left out.
        """
        share = self.points_without_columns / len(self.evidence_)
        return [
            {
                "feature": name,
                "bin": words,
                "loans": int(own.goods[place] + own.bads[place]),
                "defaults": int(own.bads[place]),
                "weight": float(own.weights[place]),
                "points": round(share - self._factor * float(factor) * float(own.weights[place])),
            }
            for (name, own), factor in zip(self.evidence_.items(), self.model_.coef_[0], strict=True)
            for place, words in enumerate(own.bins.words(levels.get(name, ())))
            if own.goods[place] + own.bads[place]
        ]

    @property
    def points_without_columns(self) -> float:
        """The points of a row whose weights are all 0."""
        return float(self.base_points - self._factor * (self.model_.intercept_[0] + math.log(self.base_odds)))

    @property
    def _factor(self) -> float:
        return self.points_to_double / math.log(2)

    def _evidence(self, column: pd.Series, labels: npt.NDArray[np.int64]) -> Evidence:
        values = column.to_numpy()
        if np.issubdtype(values.dtype, np.integer):
            return evidence(level_bins(values, self.smallest), values, labels)
        return evidence(number_bins(values, labels, self.bins, self.smallest), values, labels)

    def _weights(self, columns: pd.DataFrame) -> Floats:
        return np.column_stack([own.of(columns[name].to_numpy()) for name, own in self.evidence_.items()])
