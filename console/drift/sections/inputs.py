"""Every measured input in one table, worst first, which is computed only while it is open."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from console.app.deployment import plain_name
from console.components.elements import Text, count, figure, named_html, note, sign_html
from console.components.table import columns, table
from console.components.times import day
from console.drift.query import View
from console.drift.sections.heading import BAD, GOOD, NEAR, QUIET
from engine.documents.movement import Moved, since_words
from jobs.monitoring.movement import WITHIN_NOISE, Movement

NUMBERS = ("PSI", "Noise level (99%)", "Importance")
HEADS = ("Input", "Drift", NUMBERS[0], NUMBERS[1], "Direction", NUMBERS[2])
SIGNS = {"significant": BAD, "moderate": NEAR, "stable": GOOD}


def show_inputs(view: View, moved: Moved) -> None:
    """Shows a closed part of the page with the table; nothing where no input was measured."""
    rows = view.features
    if rows.empty:
        return
    with st.expander(f"All {count(len(rows))} inputs in one table", key="drift-inputs", on_change="rerun") as part:
        if part.open:
            known = {one.feature: one for one in moved.features}
            cells = [input_cells(row, known.get(row["feature"])) for row in worst_first(rows).to_dict("records")]
            table("The inputs, the largest drift beyond noise first", columns(*HEADS, numbers=NUMBERS), cells)
            note(
                f"PSI is against the baseline of the model. The direction is that {since_words(moved.since, day)}. "
                "Importance is the loss of AUC without the input."
            )


def worst_first(rows: pd.DataFrame) -> pd.DataFrame:
    """The features beyond noise with the largest PSI first, then those within noise."""
    beyond = rows.assign(beyond=rows["csi"] > rows["chance_level"])
    return beyond.sort_values(["beyond", "csi", "feature"], ascending=[False, False, True], kind="stable")


def input_cells(row: Mapping[Any, Any], moved: Movement | None) -> list[Text]:
    """An input as cells: name, band, PSI, noise level, direction, importance."""
    name, band = str(row["feature"]), str(row["band"])
    drift = sign_html(*SIGNS.get(band, QUIET), band) if row["beyond"] else sign_html(*QUIET, WITHIN_NOISE)
    importance = "-" if moved is None or moved.importance is None else figure(moved.importance, 4)
    direction = (moved.words if moved else "") or "-"
    return [
        named_html(plain_name(name), name),
        drift,
        figure(row["csi"]),
        figure(row["chance_level"]),
        direction,
        importance,
    ]
