"""The points tables of the scorecards among a version's candidates."""

from typing import Any

import streamlit as st

from console.app.deployment import plain_name
from console.components.elements import Text, count, named_html, note, plain_markdown
from console.components.table import columns, table
from jobs.modelling.scorecard.scale import scale_in_words

NUMBERS = ("Loans", "Bad rate", "Weight of evidence", "Points")


def show_scorecards(details: dict[str, Any]) -> None:
    """Shows the points table of each scorecard of the training; nothing when there was none."""
    for name, document in details.get("scorecards", {}).items():
        st.subheader(plain_markdown(f"Points of {name}"))
        note(scale_in_words(document))
        heads = columns("Bin", *NUMBERS, numbers=NUMBERS)
        table(f"Points of {name}", heads, _rows(document["rows"]))
        note("Bins, weights and points come from the train loans.")


def _rows(bins: list[dict[str, Any]]) -> list[list[Text]]:
    """A heading for each feature, and under it a line for each of its bins."""
    rows: list[list[Text]] = []
    feature = None
    for one in bins:
        if one["feature"] != feature:
            feature = one["feature"]
            rows.append([named_html(plain_name(feature), feature)])
        rate = f"{one['defaults'] / one['loans']:.1%}"
        rows.append([one["bin"], count(one["loans"]), rate, f"{one['weight']:+.3f}", str(one["points"])])
    return rows
