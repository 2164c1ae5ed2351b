"""What is computed from the outcomes of a monitoring run, loan by loan, once for each version of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from console.app.deployment import deployment
from jobs.charts.curves import MOST_POINTS, as_frame
from jobs.modelling.splits import as_floats, labels_of
from jobs.monitoring.measures import feature_bins, newest_cohorts
from jobs.statistics.calibration import calibration_bins
from jobs.statistics.curves import precision_recall_points, roc_points
from jobs.statistics.discrimination import Auc, auc_with_interval
from jobs.statistics.vintage import vintage_curves
from storage.lake.datamart import TableVersion

KEPT = 24
JUDGED = ["label", "predicted_proba", "fitted"]
AGED = ["cohort", "bad_month", "months_on_book"]


@dataclass(frozen=True)
class Curves:
    """The points of the curves of a monitoring date, and the AUC that belongs to them; None without outcomes."""

    roc: pd.DataFrame
    precision_recall: pd.DataFrame
    calibration: pd.DataFrame
    vintage: pd.DataFrame
    auc: Auc | None


def curves_of(version: TableVersion) -> Curves:
    """The curves of outcomes: of the loans that the model never saw; vintage curves of all loans."""
    return _curves(deployment().settings.datamart_root, version.version, version)


def window_bins(version: TableVersion, model: str, reference: dict[str, Any]) -> dict[str, list[int]]:
    """Rows of the current window in each bin of each feature."""
    settings = deployment().settings
    return _bins((settings.datamart_root, version.version, model), settings.drift_rows, version, reference)


def curves_from(table: pa.Table) -> Curves:
    """The curves of a table with the columns JUDGED and AGED, one row a loan."""
    known = table.filter(pc.and_(pc.invert(table["fitted"]), pc.is_valid(table["label"])))
    labels, scores = labels_of(known), as_floats(known["predicted_proba"])
    roc, recall = roc_points(labels, scores), precision_recall_points(labels, scores)
    return Curves(
        _thinned(pd.DataFrame({"false_positive_rate": roc[0], "true_positive_rate": roc[1]})),
        _thinned(pd.DataFrame({"recall": recall[0], "precision": recall[1]})),
        as_frame(calibration_bins(labels, scores)),
        _vintage(table),
        auc_with_interval(labels, scores) if known.num_rows else None,
    )


def _vintage(table: pa.Table) -> pd.DataFrame:
    """The vintage curves of the loans with an installment on record."""
    on_book = table.filter(pc.is_valid(table["months_on_book"]))
    cohorts = on_book["cohort"].to_numpy(zero_copy_only=False)
    return as_frame(vintage_curves(cohorts, as_floats(on_book["bad_month"]), as_floats(on_book["months_on_book"])))


def _thinned(points: pd.DataFrame) -> pd.DataFrame:
    """As many of the points as a chart draws, the first and the last among them."""
    if len(points) <= MOST_POINTS:
        return points
    return points.iloc[np.unique(np.linspace(0, len(points) - 1, MOST_POINTS).astype(int))]


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _curves(root: str, name: str, _version: TableVersion) -> Curves:  # noqa: ARG001 - the key
    return curves_from(deployment().datamart.read(_version, [*JUDGED, *AGED]))


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _bins(
    key: tuple[str, ...],  # noqa: ARG001 - what the bins depend on
    rows: int,
    _version: TableVersion,
    _reference: dict[str, Any],
) -> dict[str, list[int]]:
    columns = ["cohort", "fitted", *_reference["features"]]
    table = deployment().datamart.read(_version, columns)
    return feature_bins(newest_cohorts(table.filter(pc.invert(table["fitted"])), rows), _reference)
