"""The points table of a fitted pipeline, as models keep it."""

from typing import Any

from jobs.modelling.pipelines import label_encoders
from jobs.modelling.scorecard.estimator import Scorecard


def points_document(pipeline: Any) -> dict[str, Any] | None:
    """The scale and the points table of a scorecard as plain JSON types; None for another classifier.

    The points are of the scorecard's own odds, before calibration.
    """
    card = pipeline.named_steps["classifier"].classifier_
    if not isinstance(card, Scorecard):
        return None
    return {
        "base_points": card.base_points,
        "base_odds": card.base_odds,
        "points_to_double": card.points_to_double,
        "rows": card.points_table(label_encoders(pipeline)),
    }
