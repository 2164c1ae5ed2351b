"""Why a loan has its probability of default: its features ranked by what they add to its risk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from jobs.errors import JobError
from jobs.job import Job
from jobs.modelling.champion import check_libraries, model_of
from jobs.modelling.definition import check_definition
from jobs.modelling.explanation.contributions import Contributions, contributions
from jobs.modelling.frames import frame
from storage.lake.names import INFERENCE_FEATURES, PREDICTIONS
from storage.lake.texts import equal_to
from storage.ledger.models import ModelVersion
from storage.on_use import pa, special

SAME = 1e-9  # between the probability that is stored and the one that the features give now


@dataclass(frozen=True)
class FeatureContribution:
    """A feature of a loan: the loan's value, the typical good payer's, and the contribution in log-odds."""

    feature: str
    value: Any
    typical: Any
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """The prediction of a loan, the row of the predictions, and why.

    `features` come with the one first that raises the risk most. `log_odds` and `typical_log_odds` are the loan's and
    the typical good payer's. `cut_off` is the probability from which on a default is predicted, None where the model
    does not keep it.
    """

    prediction: dict[str, Any]
    model: ModelVersion
    features: tuple[FeatureContribution, ...]
    log_odds: float
    typical_log_odds: float
    cut_off: float | None

    @property
    def typical_proba(self) -> float:
        """The typical good payer's probability of default."""
        return float(special.expit(self.typical_log_odds))


def explanation(job: Job, loan: str) -> Explanation | None:
    """Why the loan has its newest prediction; None when it has none.

    The model that scored it is opened as in inference. Raises JobError when it can't be opened, keeps no typical good
    payer (models of earlier releases), or the features are not those that were scored.
    """
    predicted = _row(job, PREDICTIONS, "loan_id", loan)
    if predicted is None:
        return None
    prediction: dict[str, Any] = predicted.to_pylist()[0]
    model = model_of(job, prediction["model_version"])
    check_definition(model, job.book)
    check_libraries(job, model)
    kept = json.loads(job.models.read(model.files["metadata"]))
    if "typical_payer" not in kept:
        raise JobError(
            f"Model {model.version} keeps no typical good payer, because an earlier release trained it; run `python -m "
            "engine run training`, then inference."
        )
    pipeline = job.models.load(model.files["model"])
    row = _row(job, INFERENCE_FEATURES, job.book.loan_id, loan)
    features = tuple(str(name) for name in pipeline.feature_names_in_)
    if row is None or not set(features) <= set(row.column_names):
        raise JobError(f"The features of loan {loan} are not there; run `python -m engine run inference` again.")
    values = frame(row, features)
    if abs(float(pipeline.predict_proba(values)[0, 1]) - prediction["predicted_proba"]) > SAME:
        raise JobError(
            f"The features of loan {loan} changed since it was scored; run `python -m engine run inference`."
        )
    typical = kept["typical_payer"]
    found = contributions(pipeline, values, typical)
    cut_off = (kept.get("cut_off") or {}).get("probability")
    ranked = _ranked(found, row, typical, features)
    return Explanation(prediction, model, ranked, float(found.loans[0]), found.typical, cut_off)


def _ranked(
    found: Contributions, row: pa.Table, typical: dict[str, Any], features: tuple[str, ...]
) -> tuple[FeatureContribution, ...]:
    own = row.to_pylist()[0]
    every = [
        FeatureContribution(name, own[name], typical[name], float(value))
        for name, value in zip(features, found.of_features[0], strict=True)
    ]
    return tuple(sorted(every, key=lambda one: -one.contribution))


def _row(job: Job, table: str, column: str, loan: str) -> pa.Table | None:
    """The row of a loan; None when the table has none."""
    for group in job.datamart.groups(job.table(table)):
        rows = group.filter(equal_to(group[column].cast(pa.string()), loan))
        if rows.num_rows:
            return rows.slice(0, 1)
    return None
