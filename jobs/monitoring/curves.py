"""The curves of a monitoring date, from its outcomes loan by loan: ROC, precision and recall, calibration, vintage."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.charts.curves import MOST_POINTS, as_frame
from jobs.gold.arrears import IN_ARREARS, not_in_arrears
from jobs.modelling.splits import as_floats, labels_of
from jobs.statistics.calibration import calibration_bins
from jobs.statistics.curves import precision_recall_points, roc_points
from jobs.statistics.discrimination import Auc, auc_with_interval
from jobs.statistics.vintage import vintage_curves

CURVE_COLUMNS = ["label", "predicted_proba", "fitted", IN_ARREARS]
VINTAGE_COLUMNS = ["cohort", "bad_month", "months_on_book"]


@dataclass(frozen=True)
class Curves:
    """The points of the curves of a monitoring date, and the AUC that belongs to them; None without outcomes.

    `not_in_arrears` has the calibration of the loans that were not in arrears at scoring, if others were, `roc_apart`
    and `auc_apart` their ROC curve and its AUC.
    """

    roc: pd.DataFrame
    precision_recall: pd.DataFrame
    calibration: pd.DataFrame
    not_in_arrears: pd.DataFrame
    vintage: pd.DataFrame
    auc: Auc | None
    roc_apart: pd.DataFrame = field(default_factory=pd.DataFrame)
    auc_apart: Auc | None = None


def curves_from(table: pa.Table) -> Curves:
    """The curves of a table with CURVE_COLUMNS and VINTAGE_COLUMNS, one row a loan."""
    known = table.filter(pc.and_(pc.invert(table["fitted"]), pc.is_valid(table["label"])))
    labels, scores = labels_of(known), _scores(known)
    recall = precision_recall_points(labels, scores)
    others = not_in_arrears(known)
    apart = others if 0 < others.num_rows < known.num_rows else None
    return Curves(
        _roc(known),
        _thinned(pd.DataFrame({"recall": recall[0], "precision": recall[1]})),
        as_frame(calibration_bins(labels, scores)),
        pd.DataFrame() if apart is None else as_frame(calibration_bins(labels_of(apart), _scores(apart))),
        _vintage(table),
        _area(known) if known.num_rows else None,
        pd.DataFrame() if apart is None else _roc(apart),
        None if apart is None else _area(apart),
    )


def _roc(known: pa.Table) -> pd.DataFrame:
    false, true = roc_points(labels_of(known), _scores(known))
    return _thinned(pd.DataFrame({"false_positive_rate": false, "true_positive_rate": true}))


def _area(known: pa.Table) -> Auc:
    return auc_with_interval(labels_of(known), _scores(known))


def _scores(known: pa.Table) -> npt.NDArray[np.float64]:
    return as_floats(known["predicted_proba"])


def _vintage(table: pa.Table) -> pd.DataFrame:
    """The vintage curves of the loans with a month on record."""
    on_book = table.filter(pc.is_valid(table["months_on_book"]))
    cohorts = on_book["cohort"].to_numpy(zero_copy_only=False)
    return as_frame(vintage_curves(cohorts, as_floats(on_book["bad_month"]), as_floats(on_book["months_on_book"])))


def _thinned(points: pd.DataFrame) -> pd.DataFrame:
    """At most MOST_POINTS of the points, the first and the last among them."""
    if len(points) <= MOST_POINTS:
        return points
    return points.iloc[np.unique(np.linspace(0, len(points) - 1, MOST_POINTS).astype(int))]
