"""The scale of a scorecard in words."""

from collections.abc import Mapping
from typing import Any


def scale_in_words(document: Mapping[str, Any]) -> str:
    """How many points stand for which odds, as a sentence."""
    return (
        f"The points of a loan's bins add up to its score. A score of {document['base_points']:g} stands for "
        f"{document['base_odds']:g} good loans to one default; {document['points_to_double']:g} more points double "
        "these odds."
    )
