"""The columns of the monitoring tables."""

import pyarrow as pa

from jobs.monitoring.arrears import COUNTS, MEASURES
from jobs.monitoring.measures import AREA, AT_THRESHOLD, ESTIMATE

BREACHABLE = ("auc", "psi")
MONITORING_SCHEMA = pa.schema(
    [
        ("monitoring_date", pa.date32()),
        *((name, pa.float64()) for name in ("auc", *AT_THRESHOLD, "psi")),
        *((name, pa.float64()) for name in ("auc_low", "auc_high", "psi_chance_level", "ks", "gini", "auc_estimate")),
        *((name, pa.int64()) for name in ("labelled", "defaults", "fitted_left_out", "window_rows", "reference_rows")),
        ("estimate_rows", pa.int64()),
        # The probability from which on precision, recall and F1 count a loan as a predicted default. Null for a model
        # of an earlier release, which kept none.
        ("cut_off", pa.float64()),
        # The cohort months of `auc`, which the gate judges; the AUC of all known outcomes. Null in rows of an earlier
        # release, whose `auc` was of all known outcomes.
        *((name, pa.string()) for name in ("auc_from", "auc_to")),
        *((name, pa.float64()) for name in ("auc_pooled", "auc_pooled_low", "auc_pooled_high", *ESTIMATE[1:])),
        *((name, pa.int64()) for name in ("labelled_pooled", "defaults_pooled")),
        # The same loans as `auc`, those in arrears at scoring apart: see `arrears_facts`.
        *((name, pa.float64()) for name in MEASURES),
        *((name, pa.int64()) for name in COUNTS),
        *(
            (name, pa.string())
            for name in ("window_from", "window_to", "auc_status", "psi_status", "status", "model_version", "reason")
        ),
        # The loans of flagged customers, which no other number counts, with their share of the amount of all loans (of
        # their number where the book names no amount).
        *((f"flagged_{name}", pa.int64()) for name in ("loans", "labelled", "defaults")),
        *((f"flagged_{name}", pa.float64()) for name in ("amount", "share")),
        # The stale datasets with their newest day, null for none; the newest day of every dataset.
        ("stale", pa.string()),
        ("newest_data", pa.string()),
        # Whether a crossed threshold is confirmed (see `Breach`). Null when it was not crossed.
        *((f"{metric}_confirmed", pa.bool_()) for metric in BREACHABLE),
    ]
)
COHORT_SCHEMA = pa.schema(
    [
        ("monitoring_date", pa.date32()),
        ("cohort", pa.string()),
        *((name, pa.int64()) for name in ("scored", "labelled", "defaults", "estimate_rows")),
        ("mature", pa.bool_()),
        *((name, pa.float64()) for name in (*AREA, *AT_THRESHOLD, "auc_estimate", "auc_forecast")),
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
