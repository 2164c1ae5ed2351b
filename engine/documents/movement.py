"""What moved since the last healthy date of a model: its scores, and its features by change times importance."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.tables import metrics_document
from engine.documents.validation import monitored
from engine.documents.values import Document
from jobs.monitoring.movement import WITHIN_NOISE, Movement, change_with_noise, movements
from storage.ledger.models import model_named

SAME = 0.0005  # a mean score that moved less did not move
RANKED = "Ranked by change (the PSI of a feature {}) times importance (the loss of AUC without it)."
UNRANKED = "This model keeps no importance of its features, so they are ranked by change ({}) alone."


@dataclass(frozen=True)
class Moved:
    """What moved since `since`, the last healthy date of the model; since its baseline where that is None.

    `features` come with the largest change times importance first. `mean_score` and `mean_score_before` are None where
    they were not stored. `weighted` is False where the model keeps no importance. `scores_within_noise` says that the
    PSI of the scores between the two windows is not above its noise level; False where that is not known.
    """

    since: date | None
    features: Sequence[Movement]
    mean_score: float | None
    mean_score_before: float | None
    scores_within_noise: bool = False

    @property
    def weighted(self) -> bool:
        return any(one.weight is not None for one in self.features)


def moved_between(
    metadata: Mapping[str, Any], now: Mapping[str, Any], since: date | None, before: Mapping[str, Any] | None
) -> Moved:
    """What moved up to a monitoring run whose metrics are `now`, for a model with this metadata.

    `before` are the metrics of the run of the last healthy date `since`; without them, or without bins in them, it is
    since the model's baseline.
    """
    earlier = before or {}
    if not earlier.get("bins"):
        since, earlier = None, {"mean_score": _mean_of_baseline(metadata)}
    frozen = metadata.get("reference", {}).get("features", {})
    found = movements(frozen, now.get("bins", {}), earlier.get("bins", {}), metadata.get("importance", []))
    scores = _scores_within_noise(now.get("scores", []), earlier.get("scores", []) if since else None)
    return Moved(since, found, now.get("mean_score"), earlier.get("mean_score"), scores)


def last_healthy(history: Iterable[Mapping[str, Any]], before: date, version: str) -> date | None:
    """The newest monitoring date before another on which the same model was healthy; None if there is none.

    `history` are rows of the monitoring history with `monitoring_date`, `model_version` and `status`.
    """
    days = (row["monitoring_date"] for row in history if (row["model_version"], row["status"]) == (version, "healthy"))
    return max((day for day in days if day < before), default=None)


def movement_document(connection: Connection, deployment: Deployment, day: date | None = None) -> Document | None:
    """What moved up to a monitoring date, by default that of the newest monitoring run; None before the first one.

    `since` is the last healthy date, None for the model's baseline. Each of `features` has `change`, `moved` (its
    direction), `noise_level` and `within_noise` of the change, `importance`, `weight`, `csi` and `chance_level`. Raises
    UnusableRequest when that date was not monitored, and UntrustedModel when the model's metadata is not as it was
    registered.
    """
    found = monitored(connection, day)
    if found is None:
        return None
    run, values = found
    version, history = values["row"]["model_version"], metrics_document(connection, deployment)
    rows = ({**row, "monitoring_date": date.fromisoformat(row["monitoring_date"])} for row in history)
    since = last_healthy(rows, run.as_of, version)
    model, earlier = model_named(connection, version), monitored(connection, since) if since else None
    metadata = json.loads(deployment.models.read(model.files["metadata"])) if model else {}
    told = moved_between(metadata, values, since, earlier[1] if earlier else None)
    drift = {one["feature"]: one for one in values["features"]}
    return {
        "monitoring_date": run.as_of.isoformat(),
        "run_id": run.run_id,
        "version": version,
        "since": told.since and told.since.isoformat(),
        "weighted": told.weighted,
        "scores": score_sentence(told),
        "mean_score": told.mean_score,
        "mean_score_before": told.mean_score_before,
        "features": [
            {**vars(one), "within_noise": one.within_noise, **_drift(drift.get(one.feature))} for one in told.features
        ],
    }


def since_words(since: date | None, day_text: Callable[[date], str] = date.isoformat) -> str:
    """From when on something moved: since the last healthy date, or since the baseline without one."""
    return f"since {day_text(since)} (the last healthy date)" if since else "since the baseline"


def score_sentence(told: Moved, day_text: Callable[[date], str] = date.isoformat) -> str:
    """Whether the scores moved towards higher or lower risk, or within noise; empty where it is not known."""
    now, before = told.mean_score, told.mean_score_before
    if now is None or before is None:
        return ""
    numbers = f"mean score {now:.1%}, {before:.1%} {'then' if told.since else 'there'}"
    since = since_words(told.since, day_text)
    if abs(now - before) < SAME:
        return f"The mean score has not moved {since} ({numbers})."
    if told.scores_within_noise:
        return f"Scores moved {WITHIN_NOISE} {since} ({numbers})."
    return f"Scores moved towards {'higher' if now > before else 'lower'} risk {since} ({numbers})."


def _scores_within_noise(now: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether the scores of two windows differ by noise alone. `before` is None for the model's reference."""
    current = [int(one.get("current_count", 0)) for one in now]
    names = ("reference_count", now) if before is None else ("current_count", before)
    earlier = [int(one.get(names[0], 0)) for one in names[1]]
    if len(current) != len(earlier) or not sum(current) or not sum(earlier):
        return False
    change, level = change_with_noise(earlier, current)
    return change <= level


def _drift(one: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: one[name] if one else None for name in ("csi", "chance_level")}


def _mean_of_baseline(metadata: Mapping[str, Any]) -> float | None:
    """The mean score of the model's test loans; None for a model of an earlier release."""
    best = metadata.get("candidates", {}).get(metadata.get("model_name"), {})
    mean: float | None = best.get("mean_score")
    return mean
