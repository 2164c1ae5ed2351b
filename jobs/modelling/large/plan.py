"""How a candidate is fitted when there are more train rows than the setting `exact_fit_rows`.

A paired test on real extracts chose between the ways (`tests/benchmarks/large_fits.py`): histogram boosting of all rows
ranked no worse than exact boosting, and exact boosting of a sample ranked worse; a forest lost least when each tree
draws fewer of all rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from jobs.book.features import Candidate

Way = Literal["as declared", "histogram", "fewer rows a tree", "sample"]

DECLARED: Way = "as declared"
HISTOGRAM: Way = "histogram"
FEWER: Way = "fewer rows a tree"
SAMPLE: Way = "sample"

HISTOGRAM_BOOSTING = "sklearn.ensemble.HistGradientBoostingClassifier"
SAME_MEANING = {  # parameters of exact boosting that histogram boosting has, under its name
    "n_estimators": "max_iter",
    "learning_rate": "learning_rate",
    "max_depth": "max_depth",
    "max_leaf_nodes": "max_leaf_nodes",
    "min_samples_leaf": "min_samples_leaf",
    "random_state": "random_state",
}
DEFAULTS = {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 3, "max_leaf_nodes": None, "random_state": 0}
TESTED = "as tested on 5,362 real loans (paired DeLong, 95% interval)"
EVIDENCE = {
    HISTOGRAM: (
        f"It ranks no worse: AUC +0.001 (-0.005 to +0.006), {TESTED}; exact boosting of 23% of their train rows ranks "
        "worse, -0.039 (-0.050 to -0.029)."
    ),
    FEWER: (
        "With 20,000 of 86,776 rows a tree its AUC on invented loans changed by -0.0005 (-0.0014 to +0.0003); with 990 "
        f"of 4,290, by -0.006 (-0.010 to -0.002), {TESTED}."
    ),
    SAMPLE: "Histogram boosting, which would stand in for it, lacks some of its parameters; declare it in the book.",
}


@dataclass(frozen=True)
class FitPlan:
    """What is fitted for a declared classifier: `classifier`, in one of the ways, with `limit` as `exact_fit_rows`."""

    way: Way
    classifier: Candidate
    limit: int

    def classifier_on(self, rows: int) -> Candidate:
        """The classifier of a fit on so many rows: in a forest each tree draws at most the limit."""
        if self.way != FEWER:
            return self.classifier
        drawn = {"max_samples": min(self.limit, rows)}
        return replace(self.classifier, parameters={**self.classifier.parameters, **drawn})

    def rows_of(self, rows: int) -> int:
        """The number of rows that a fit on so many rows learns from."""
        return min(self.limit, rows) if self.way == SAMPLE else rows


def fit_plan(declared: Candidate, train_rows: int, limit: int | None) -> FitPlan:
    """How a declared classifier is fitted in a training with so many train rows; as it is declared without a limit.

    The fits without a fold have the way of the fit on all train rows, because they calibrate that one.
    """
    if limit is None or train_rows <= limit:
        return FitPlan(DECLARED, declared, train_rows)
    module, _, estimator = declared.estimator.rpartition(".")
    parameters = declared.parameters
    if module.partition(".")[0] == "sklearn":
        if estimator == "GradientBoostingClassifier":
            stand_in = _histogram(declared)
            return FitPlan(SAMPLE, declared, limit) if stand_in is None else FitPlan(HISTOGRAM, stand_in, limit)
        if estimator == "RandomForestClassifier" and parameters.get("bootstrap", True) and not _draws(parameters):
            return FitPlan(FEWER, declared, limit)
    return FitPlan(DECLARED, declared, limit)


def fits_document(plans: Mapping[str, FitPlan], train_rows: int) -> dict[str, Any]:
    """What was fitted in the place of each candidate, by name, as plain JSON; those fitted as declared are left out."""
    return {
        name: {
            "way": plan.way,
            "estimator": plan.classifier.estimator,
            "train_rows": train_rows,
            "fitted_rows": plan.rows_of(train_rows),
            "exact_fit_rows": plan.limit,
            "why": why(plan, train_rows),
        }
        for name, plan in plans.items()
        if plan.way != DECLARED
    }


def why(plan: FitPlan, train_rows: int) -> str:
    """In sentences: how a candidate was fitted, of how many rows, and why; '' as it is declared."""
    if plan.way == DECLARED:
        return ""
    told = {
        HISTOGRAM: f"Histogram boosting of all {train_rows:,} train rows stands in for exact boosting",
        FEWER: f"Each tree of the forest draws {plan.limit:,} of all {train_rows:,} train rows",
        SAMPLE: f"Exact boosting is fitted on a stratified sample of {plan.limit:,} of {train_rows:,} train rows",
    }
    return f"{told[plan.way]}, because there are more than exact_fit_rows, {plan.limit:,}. {EVIDENCE[plan.way]}"


def _histogram(declared: Candidate) -> Candidate | None:
    """Histogram boosting with the parameters of exact boosting; None when it does not have all of them.

    What is not declared has the default of exact boosting, apart from `min_samples_leaf`, for which it is 20 and not 1.
    """
    given = {**DEFAULTS, **declared.parameters}
    if set(given) - set(SAME_MEANING) or isinstance(given.get("min_samples_leaf", 1), float):
        return None
    parameters = {SAME_MEANING[name]: value for name, value in given.items()}
    return replace(
        declared,
        estimator=HISTOGRAM_BOOSTING,
        name=declared.label,
        parameters={**parameters, "early_stopping": False},
    )


def _draws(parameters: Mapping[str, Any]) -> bool:
    return parameters.get("max_samples") is not None
