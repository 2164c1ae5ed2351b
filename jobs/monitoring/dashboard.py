"""The six-panel dashboard of a monitoring date, drawn from the stored monitoring tables."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.charts.headline import Headline
from jobs.charts.report import DashboardData, dashboard, dashboard_png
from jobs.governance.gate import thresholds_of
from jobs.governance.sentences import auc_loans, not_judged
from jobs.job import Job, TaskResult, log
from storage.lake.names import MONITORING

HEADLINE = ("auc", "auc_low", "auc_high", "psi", "psi_chance_level", "window_rows", "precision", "recall", "f1")


def headline_of(row: Mapping[str, Any]) -> Headline:
    """The headline of a row of the monitoring table. In rows of an earlier release every AUC is of all outcomes."""
    pooled = row.get("labelled_pooled") is not None
    return Headline(
        labelled_rows=int(row["labelled_pooled"] if pooled else row["labelled"]),
        auc_pooled=row["auc_pooled"] if pooled else row["auc"],
        auc_loans=auc_loans(row),
        not_judged=not_judged(row),
        **{name: row[name] for name in HEADLINE},
    )


def visualize_monitoring_dashboard(job: Job) -> TaskResult:
    """`monitoring_dashboard_YYYYMMDD.png` of this monitoring date. People read it when the run has published it."""
    data = dashboard_data(job)
    name = f"monitoring_dashboard_{job.as_of:%Y%m%d}.png"
    facts = job.reports.write(name, dashboard_png(dashboard(data)))
    log.info("wrote %s (%d kB)", job.reports.path(name), facts.bytes // 1024)
    return TaskResult(values={"report": job.reports.path(name)}, reports=(facts,))


def dashboard_data(job: Job) -> DashboardData:
    """The data of this monitoring date's dashboard: its own rows, and the history up to it."""
    metrics = job.values["calculate_monitoring_metrics"]
    row = metrics["row"]
    history = job.read(MONITORING)
    history = history.filter(pc.less_equal(history["monitoring_date"], pa.scalar(job.as_of, pa.date32())))
    cohorts = pd.DataFrame(job.values["store_monitoring_results_gold"]["cohorts"])
    return DashboardData(
        model_version=row["model_version"],
        as_of=job.as_of,
        status=row["status"],
        cohorts=cohorts.assign(n=cohorts["labelled"]) if len(cohorts) else cohorts,
        history=history.to_pandas(),
        scores=pd.DataFrame(metrics["scores"]),
        drift=pd.DataFrame(metrics["features"]).dropna(subset=["csi"]),
        confusion=pd.DataFrame(metrics["confusion"]),
        headline=headline_of(row),
        thresholds=thresholds_of(job),
        plain_names={row["feature"]: job.book.plain_name(row["feature"]) for row in metrics["features"]},
    )
