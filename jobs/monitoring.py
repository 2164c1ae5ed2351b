"""Monitoring: how well the champion ranked what came true, and how far its scores and inputs drifted."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.discrimination import auc_with_interval, classification_scores
from jobs.drift import Drift, bin_counts, bin_labels, drift, reference_from_json
from jobs.governance import decision_on, thresholds_of
from jobs.inference import model_of
from jobs.job import Job, Outcome, log
from jobs.training import numbers
from storage.tables import (
    MONITORING,
    MONITORING_COHORTS,
    MONITORING_FEATURES,
    OUTCOMES,
)

NOTHING = {"auc": None, "auc_low": None, "auc_high": None, "precision": None, "recall": None, "f1": None}
MONITORING_SCHEMA = pa.schema(
    [
        ("monitoring_date", pa.date32()),
        *((name, pa.float64()) for name in ("auc", "precision", "recall", "f1", "psi")),
        *((name, pa.float64()) for name in ("auc_low", "auc_high", "psi_chance_level")),
        *((name, pa.int64()) for name in ("labelled", "defaults", "fitted_left_out", "window_rows", "reference_rows")),
        *(
            (name, pa.string())
            for name in ("window_from", "window_to", "auc_status", "psi_status", "status", "model_version")
        ),
    ]
)
COHORT_SCHEMA = pa.schema(
    [
        ("monitoring_date", pa.date32()),
        ("cohort", pa.string()),
        *((name, pa.int64()) for name in ("scored", "labelled", "defaults")),
        *((name, pa.float64()) for name in NOTHING),
    ]
)
FEATURE_SCHEMA = pa.schema(
    [
        ("monitoring_date", pa.date32()),
        ("feature", pa.string()),
        ("csi", pa.float64()),
        ("chance_level", pa.float64()),
        ("window_rows", pa.int64()),
        ("band", pa.string()),
    ]
)


def calculate_monitoring_metrics(job: Job) -> Outcome:
    """AUC, precision, recall and F1 on outcomes that the champion never saw; PSI and CSI of the newest cohorts."""
    table = job.read(OUTCOMES)
    fetched = job.values["fetch_predictions_and_actuals"]
    metadata = json.loads(job.models.read(model_of(job, fetched["version"]).files["metadata"]))
    unseen = table.filter(pc.invert(table["fitted"]))
    window = newest_cohorts(unseen, int(job.settings["drift_rows"]))
    score, features = drifts(window, metadata["reference"], int(job.settings["drift_rows"]))
    measured, confusion = discrimination(unseen)
    row = {
        **measured,
        **window_facts(window, score),
        "fitted_left_out": fetched["fitted"],
        "auc_status": auc_status(measured, int(job.settings["auc_rows"])),
        "model_version": fetched["version"],
    }
    row["status"] = decision_on(row, thresholds_of(job)).status
    told = (_shown(row["auc"]), row["labelled"], _shown(score.value), window.num_rows)
    log.info("AUC %s on %d outcomes, PSI %s on %d rows", *told)
    return Outcome(
        rows_in=table.num_rows,
        rows_out=unseen.num_rows,
        values={
            "row": row,
            "cohorts": by_cohort(unseen),
            "features": features,
            "scores": score_shares(window, metadata["reference"]["score"]),
            "confusion": confusion,
        },
    )


def window_facts(window: pa.Table, score: Drift) -> dict[str, Any]:
    """PSI of a window with its level of chance, and which cohorts and how many rows it is about."""
    cohorts = sorted(pc.unique(window["cohort"]).to_pylist())
    return {
        "psi": score.value,
        "psi_chance_level": score.chance_level,
        "psi_status": score.status,
        "window_rows": window.num_rows,
        "reference_rows": score.n,
        "window_from": cohorts[0] if cohorts else None,
        "window_to": cohorts[-1] if cohorts else None,
    }


def auc_status(measured: Mapping[str, Any], rows: int) -> str:
    """`measured` when the AUC has an interval and at least `rows` outcomes behind it, else `insufficient`."""
    return "measured" if measured["auc_low"] is not None and measured["labelled"] >= rows else "insufficient"


def newest_cohorts(table: pa.Table, rows: int) -> pa.Table:
    """The rows of the newest cohort months: as many months as it takes to have at least `rows` rows, or all."""
    cohorts = table["cohort"].to_numpy(zero_copy_only=False)
    months, counts = np.unique(cohorts.astype(str), return_counts=True)
    enough = np.flatnonzero(np.cumsum(counts[::-1]) >= rows)
    first = months[::-1][enough[0]] if len(enough) else ""
    return table.filter(pc.greater_equal(table["cohort"], first))


def drifts(window: pa.Table, reference: Mapping[str, Any], rows: int) -> tuple[Drift, list[dict[str, Any]]]:
    """(PSI of the scores, CSI of each feature, the largest first) of a window against the frozen reference."""
    score = drift(reference_from_json(reference["score"]), numbers(window["predicted_proba"]), rows)
    found = []
    for name, frozen in reference["features"].items():
        csi = drift(reference_from_json(frozen), _values(window[name], frozen), rows)
        found.append(
            {
                "feature": name,
                "csi": csi.value,
                "chance_level": csi.chance_level,
                "window_rows": csi.m,
                "band": csi.band,
            }
        )
    return score, sorted(found, key=lambda row: (-(row["csi"] or 0.0), row["feature"]))


def discrimination(table: pa.Table) -> tuple[dict[str, Any], list[dict[str, int]]]:
    """(AUC with interval, precision, recall, F1 and counts of the labelled rows; the four counts of the confusion)."""
    known = table.filter(pc.is_valid(table["label"]))
    counts = {"labelled": known.num_rows, "defaults": int(pc.sum(known["label"]).as_py() or 0)}
    if known.num_rows == 0:
        return {**NOTHING, **counts}, []
    labels = np.asarray(known["label"].to_numpy(), np.int64)
    auc = auc_with_interval(labels, numbers(known["predicted_proba"]))
    chosen = classification_scores(labels, np.asarray(known["predicted_label"].to_numpy(), np.int64))
    confusion = [
        {"actual": actual, "predicted": predicted, "count": count}
        for actual, row in enumerate(chosen.confusion)
        for predicted, count in enumerate(row)
    ]
    measured = {"auc": auc.value, "auc_low": auc.low, "auc_high": auc.high}
    return {**measured, "precision": chosen.precision, "recall": chosen.recall, "f1": chosen.f1, **counts}, confusion


def by_cohort(table: pa.Table) -> list[dict[str, Any]]:
    """Discrimination of each cohort month, oldest first, with how many loans were scored."""
    found = []
    for cohort in sorted(pc.unique(table["cohort"]).to_pylist()):
        rows = table.filter(pc.equal(table["cohort"], cohort))
        found.append({"cohort": cohort, "scored": rows.num_rows, **discrimination(rows)[0]})
    return found


def score_shares(window: pa.Table, frozen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Share of the reference and of the window in each bin of the scores, in the bins' order."""
    reference = reference_from_json(frozen)
    before = reference.all_counts()
    now = bin_counts(reference, numbers(window["predicted_proba"]))
    return [
        {"bin": label, "reference_share": float(old), "current_share": float(new)}
        for label, old, new in zip(
            bin_labels(reference), before / max(before.sum(), 1), now / max(now.sum(), 1), strict=True
        )
    ]


def store_monitoring_results_gold(job: Job) -> Outcome:
    """The monitoring tables with the rows of this monitoring date, in place of those it had before."""
    found = job.values["calculate_monitoring_metrics"]
    day = {"monitoring_date": job.as_of}
    new = {
        MONITORING: pa.Table.from_pylist([{**day, **found["row"]}], MONITORING_SCHEMA),
        MONITORING_COHORTS: pa.Table.from_pylist([{**day, **row} for row in found["cohorts"]], COHORT_SCHEMA),
        MONITORING_FEATURES: pa.Table.from_pylist([{**day, **row} for row in found["features"]], FEATURE_SCHEMA),
    }
    tables = [job.write(name, [_extended(job, name, rows)]) for name, rows in new.items()]
    return Outcome(1, tables[0].rows, tables=tuple(tables))


def _extended(job: Job, name: str, rows: pa.Table) -> pa.Table:
    if name not in job.tables:
        return rows
    before = job.read(name)
    kept = before.filter(pc.not_equal(before["monitoring_date"], pa.scalar(job.as_of, pa.date32())))
    # Rows of before a column was added have null there.
    together = pa.concat_tables([rows.schema.empty_table(), kept, rows], promote_options="default")
    return together.select(rows.schema.names).combine_chunks().sort_by("monitoring_date")


def _values(column: pa.ChunkedArray, frozen: Mapping[str, Any]) -> Any:
    texts: Sequence[str | None] = column.to_pylist() if frozen["kind"] == "category" else ()
    return texts if frozen["kind"] == "category" else numbers(column)


def _shown(value: float | None) -> str:
    return "insufficient" if value is None else f"{value:.4f}"
