"""Where scores and features moved since the last healthy date, and which movement matters most to the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from markupsafe import Markup

from console.app import queries
from console.app.deployment import plain_name
from console.components.elements import Text, join, named_html
from console.components.times import day
from console.drift.query import View, metadata_of_version, monitoring_run_of
from jobs.monitoring.movement import Movement, movements

MOST_NAMED = 3  # features that a sentence names
SAME = 0.0005  # a mean score that moved less did not move


@dataclass(frozen=True)
class Moved:
    """What moved since `since`, the last healthy date of the model; since its baseline where that is None.

    `features` come with the largest change times importance first. `mean_score` and `mean_score_before` are None where
    they were not stored. `weighted` is False where the model keeps no importance.
    """

    since: date | None
    features: Sequence[Movement]
    mean_score: float | None
    mean_score_before: float | None

    @property
    def weighted(self) -> bool:
        return any(one.weight is not None for one in self.features)

    @property
    def since_words(self) -> str:
        return f"since {day(self.since)} (the last healthy date)" if self.since else "since the baseline"


def moved_of(view: View) -> Moved:
    """What moved up to the date in view."""
    metadata = metadata_of_version(view.row["model_version"])
    now = view.monitoring_run.values
    since = last_healthy(queries.monitoring(), view.filters.day, view.row["model_version"])
    before = monitoring_run_of(since).values if since else {}
    if not before.get("bins"):
        since, before = None, {"mean_score": _mean_of_baseline(metadata)}
    frozen = metadata.get("reference", {}).get("features", {})
    found = movements(frozen, now.get("bins", {}), before.get("bins", {}), metadata.get("importance", []))
    return Moved(since, found, now.get("mean_score"), before.get("mean_score"))


def last_healthy(history: pd.DataFrame, before: date, version: str) -> date | None:
    """The newest monitoring date before another on which the same model was healthy; None if there is none."""
    if history.empty:
        return None
    rows = history[(history["model_version"] == version) & (history["status"] == "healthy")]
    days = [each for each in rows["monitoring_date"] if each < before]
    return max(days, default=None)


def score_sentence(moved: Moved) -> str:
    """Whether the scores moved towards higher or lower risk; empty where it is not known."""
    now, before = moved.mean_score, moved.mean_score_before
    if now is None or before is None:
        return ""
    numbers = f"mean score {now:.1%}, {before:.1%} then" if moved.since else f"mean score {now:.1%}, {before:.1%} there"
    if abs(now - before) < SAME:
        return f"The mean score has not moved {moved.since_words} ({numbers})."
    risk = "higher" if now > before else "lower"
    return f"Scores moved towards {risk} risk {moved.since_words} ({numbers})."


def drivers(features: pd.DataFrame, moved: Moved) -> Text:
    """The features that drifted beyond noise, first those that matter most to the model; that there are none, if so."""
    beyond = features[(features["band"] != "stable") & (features["csi"] > features["chance_level"])]
    if beyond.empty:
        return "No single input has drifted beyond noise." if len(features) else ""
    order = {one.feature: place for place, one in enumerate(moved.features)} if moved.weighted else {}
    rows = beyond.assign(place=[order.get(name, len(order)) for name in beyond["feature"]])
    first = rows.sort_values(["place", "csi"], ascending=[True, False]).head(MOST_NAMED)
    words = {one.feature: one.moved for one in moved.features}
    named = [
        Markup("{} {}").format(named_html(plain_name(name), name), join([f"{csi:.2f}", words.get(name, "")], " "))
        for name, csi in zip(first["feature"], first["csi"], strict=True)
    ]
    more = f" and {len(beyond) - len(first)} more" if len(beyond) > len(first) else ""
    ranked = f"by change {moved.since_words} times importance" if moved.weighted else "by CSI, no importance is known"
    inputs = join(named, ", ")
    return Markup("Inputs that drifted beyond noise, {} (CSI, direction): {}{}.").format(ranked, inputs, more)


def with_movements(rows: pd.DataFrame, moved: Moved) -> pd.DataFrame:
    """The rows of features with their movement, importance and weight, the largest weight first; else as they are."""
    columns = ["feature", "change", "moved", "importance", "weight"]
    found = pd.DataFrame([vars(one) for one in moved.features], columns=columns)
    merged = rows.merge(found, on="feature", how="left")
    return merged.sort_values("weight", ascending=False, kind="stable") if moved.weighted else merged


def ranking_words(moved: Moved) -> str:
    """Which feature is first by change times importance; that no importance is known, if so."""
    if not moved.weighted:
        return "This model keeps no importance of its features, so they are ranked by CSI alone."
    first = moved.features[0]
    where = f" ({first.moved})" if first.moved else ""
    return f"By change {moved.since_words} times importance the first is {plain_name(first.feature)}{where}."


def _mean_of_baseline(metadata: Mapping[str, Any]) -> float | None:
    """The mean score of the model's test loans; None for a model of an earlier release."""
    best = metadata.get("candidates", {}).get(metadata.get("model_name"), {})
    mean: float | None = best.get("mean_score")
    return mean
