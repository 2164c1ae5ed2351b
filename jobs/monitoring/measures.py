"""The metrics of a champion on scored loans: discrimination, its estimate, drift; of all loans and by cohort month."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.governance.sentences import months_text
from jobs.modelling.data_faults import values_like
from jobs.modelling.splits import as_floats, labels_of
from jobs.monitoring.ranking_rows import POOLED
from jobs.statistics.discrimination import auc_with_interval, classification_scores, gini
from jobs.statistics.drift import Drift, ks_distance, measured_drift
from jobs.statistics.estimate import EstimatedAuc, estimate_with_interval
from jobs.statistics.reference import bin_counts, bin_labels, reference_from_json
from jobs.statistics.risk_curves import Curve

AREA = ("auc", "auc_low", "auc_high", "ks", "gini")
AT_THRESHOLD = ("precision", "recall", "f1")
ESTIMATE = ("auc_estimate", "auc_estimate_low", "auc_estimate_high")
NOTHING = dict.fromkeys((*AREA, *AT_THRESHOLD))


def window_facts(window: pa.Table, score: Drift) -> dict[str, Any]:
    """PSI of a window with its noise level, cohorts and number of rows."""
    first, last = first_and_last(window)
    return {
        "psi": score.value,
        "psi_chance_level": score.chance_level,
        "psi_status": score.status,
        "window_rows": window.num_rows,
        "reference_rows": score.n,
        "window_from": first,
        "window_to": last,
    }


def auc_facts(table: pa.Table, defaults: int, least: int) -> tuple[dict[str, Any], list[dict[str, int]]]:
    """(the AUC that the gate judges beside the AUC of all known outcomes; the cells of the confusion matrix).

    `auc`, `ks`, `gini`, precision, recall, F1, `labelled`, `defaults` and the confusion matrix are of one window of
    loans, `auc_from` to `auc_to` (see `gate_window`). `auc_pooled` and `..._pooled` are of all known outcomes.
    `auc_status` is `measured` when the window has at least `least` defaults and its AUC has an interval.
    """
    window = gate_window(table, defaults)
    measured, confusion = discrimination(window)
    pooled = discrimination(table)[0]
    first, last = first_and_last(window)
    enough = measured["auc_low"] is not None and measured["defaults"] >= least
    status = {"auc_from": first, "auc_to": last, "auc_status": "measured" if enough else "insufficient"}
    return {**measured, **status, **{name: pooled[one] for name, one in POOLED.items()}}, confusion


def gate_window(table: pa.Table, defaults: int) -> pa.Table:
    """The loans with a label of the newest mature cohort months (see `by_cohort`).

    As many months as needed for at least `defaults` defaults, or all mature months. All loans of history together would
    hide a break: the outcomes before it outnumber those after it for many months.
    """
    waiting = pc.unique(table.filter(pc.invert(table["observed"]))["cohort"])
    mature = pc.invert(pc.is_in(table["cohort"], value_set=waiting))
    return newest_cohorts(table.filter(pc.and_(mature, pc.is_valid(table["label"]))), defaults, "label")


def newest_cohorts(table: pa.Table, least: int, counted: str | None = None) -> pa.Table:
    """The rows of the newest cohort months, as many months as needed for at least `least` rows, or all months.

    With `counted`, a column of numbers without nulls, its sum counts instead of the rows.
    """
    months, place = np.unique(table["cohort"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    counts = np.bincount(place, None if counted is None else table[counted].to_numpy(), months.size)
    enough = np.flatnonzero(np.cumsum(counts[::-1]) >= least)
    first = months[::-1][enough[0]] if len(enough) else ""
    return table.filter(pc.greater_equal(table["cohort"], first))


def first_and_last(rows: pa.Table) -> tuple[str | None, str | None]:
    """The first and the last cohort month of rows; None for no rows."""
    cohorts = sorted(pc.unique(rows["cohort"]).to_pylist())
    return (cohorts[0], cohorts[-1]) if cohorts else (None, None)


def months_of(rows: pa.Table) -> str:
    """The first and the last cohort month of rows: `2025-06 to 2025-07`, `2025-07`; '' for no rows."""
    return months_text(*first_and_last(rows))


def drifts(window: pa.Table, reference: Mapping[str, Any], rows: int) -> tuple[Drift, list[dict[str, Any]]]:
    """(PSI of the scores, CSI of each feature, the largest first) of a window against the model's reference.

    A feature with all rows in one bin, the same in the reference and in the window, has no CSI: it can't drift.
    """
    score = measured_drift(reference_from_json(reference["score"]), as_floats(window["predicted_proba"]), rows)
    features = []
    for name, frozen in reference["features"].items():
        csi = measured_drift(reference_from_json(frozen), values_like(frozen, window[name]), rows)
        features.append(
            {
                "feature": name,
                "csi": csi.value if csi.bins > 1 else None,
                "chance_level": csi.chance_level if csi.bins > 1 else None,
                "window_rows": csi.m,
                "band": csi.band if csi.bins > 1 else None,
            }
        )
    return score, sorted(features, key=lambda row: (-(row["csi"] or 0.0), row["feature"]))


def discrimination(table: pa.Table) -> tuple[dict[str, Any], list[dict[str, int]]]:
    """(AUC with interval, precision, recall, F1 and counts of the labelled rows; the cells of the confusion matrix)."""
    known = table.filter(pc.is_valid(table["label"]))
    counts = {"labelled": known.num_rows, "defaults": int(pc.sum(known["label"]).as_py() or 0)}
    if known.num_rows == 0:
        return {**NOTHING, **counts}, []
    labels, scores = labels_of(known), as_floats(known["predicted_proba"])
    auc = auc_with_interval(labels, scores)
    scored = classification_scores(labels, np.asarray(known["predicted_label"].to_numpy(), np.int64))
    confusion = [
        {"actual": actual, "predicted": predicted, "count": count}
        for actual, row in enumerate(scored.confusion)
        for predicted, count in enumerate(row)
    ]
    ks = ks_distance(scores[labels == 1], scores[labels == 0])
    areas = dict(zip(AREA, (auc.value, auc.low, auc.high, ks, gini(auc.value)), strict=True))
    return {**areas, "precision": scored.precision, "recall": scored.recall, "f1": scored.f1, **counts}, confusion


def estimated_auc_of_waiting(table: pa.Table, curve: Curve | None, rows: int = 1) -> dict[str, Any]:
    """`auc_estimate` of the loans without an outcome yet, with its interval, and `estimate_rows`, the number of these.

    None without a curve, or with fewer than `rows` such loans.
    """
    waiting = as_floats(table.filter(pc.invert(table["observed"]))["predicted_proba"])
    found = EstimatedAuc(None, None, None)
    if curve is not None and waiting.size >= max(rows, 1):
        found = estimate_with_interval(waiting, curve)
    numbers = dict(zip(ESTIMATE, (found.value, found.low, found.high), strict=True))
    return {**numbers, "estimate_rows": int(waiting.size)}


def by_cohort(table: pa.Table, curve: Curve | None = None) -> list[dict[str, Any]]:
    """Discrimination and its estimate for each cohort month, oldest first, with the number of scored loans.

    A cohort is `mature` when the observation date of each of its loans is reached.
    """
    cohorts = []
    for cohort in sorted(pc.unique(table["cohort"]).to_pylist()):
        rows = table.filter(pc.equal(table["cohort"], cohort))
        expected = estimated_auc_of_waiting(rows, curve)
        mature = expected["estimate_rows"] == 0
        facts = {"cohort": cohort, "scored": rows.num_rows, "mature": mature}
        cohorts.append({**facts, **expected, **discrimination(rows)[0]})
    return cohorts


def feature_bins(window: pa.Table, reference: Mapping[str, Any]) -> dict[str, list[int]]:
    """Rows of the window in each bin of each feature, in the order of `bin_labels`."""
    return {
        name: bin_counts(reference_from_json(frozen), values_like(frozen, window[name])).tolist()
        for name, frozen in reference["features"].items()
    }


def score_shares(window: pa.Table, frozen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Share and rows of the reference and of the window in each bin of the scores."""
    return shares(frozen, bin_counts(reference_from_json(frozen), as_floats(window["predicted_proba"])).tolist())


def shares(frozen: Mapping[str, Any], current_counts: Sequence[int]) -> list[dict[str, Any]]:
    """Share and rows of the reference and of the current loans in each bin, in the order of the bins."""
    reference = reference_from_json(frozen)
    counts = reference.all_counts()
    return [
        {
            "bin": label,
            "reference_share": old / max(int(counts.sum()), 1),
            "current_share": new / max(sum(current_counts), 1),
            "reference_count": old,
            "current_count": new,
        }
        for label, old, new in zip(bin_labels(reference), counts.tolist(), current_counts, strict=True)
    ]
