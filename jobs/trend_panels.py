"""The AUC of all labelled loans over the monitoring dates: a frame in, Altair out."""

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs import panels as kit
from jobs.cohort_panels import NO_LABELS
from jobs.panels import AMBER, BLUE, rows_chart


def auc_over_time(history: pd.DataFrame, threshold: float = 0.70) -> alt.LayerChart:
    """AUC by monitoring_date with its interval, the estimate without labels dashed, and the threshold.

    Columns monitoring_date, auc, auc_low, auc_high, labelled, and maybe auc_estimate.
    """
    title = TitleParams("AUC over time", subtitle="all labelled loans; band: 95% interval; dashed: estimate")
    if not kit.filled(history, "auc", "auc_estimate"):
        return kit.empty_panel(title, *NO_LABELS)
    rows = history.assign(monitoring_date=pd.to_datetime(history["monitoring_date"]))
    rows = rows.reindex(columns=["monitoring_date", "auc", "auc_low", "auc_high", "labelled", "auc_estimate"])
    rows = rows.sort_values("monitoring_date", ignore_index=True)
    seen = rows[["auc", "auc_low", "auc_high", "auc_estimate"]].astype(float)
    low, high = min(seen.min().min(), threshold), max(seen.max().max(), threshold)
    scale = alt.Scale(domain=[max(low - 0.03, 0), min(high + 0.03, 1)], nice=False, zero=False)
    named = [*kit.tips("monitoring_date", "auc", "auc_low", "auc_high", "auc_estimate"), _loans()]
    base = rows_chart(rows).encode(x=kit.date_axis(rows["monitoring_date"]), tooltip=named)
    interval = base.encode(y=alt.Y("auc_low:Q", scale=scale), y2="auc_high:Q")
    line = base.encode(y=alt.Y("auc:Q", scale=scale, axis=alt.Axis(format=".2f", tickCount=5)))
    expected = base.encode(y=alt.Y("auc_estimate:Q", scale=scale))
    return kit.panel(
        title,
        interval.mark_area(color=BLUE, opacity=0.14),
        interval.mark_rule(color=BLUE, opacity=0.5),
        *kit.threshold_layers(threshold, f"threshold {threshold:.2f}", scale),
        expected.mark_line(color=AMBER, strokeDash=[5, 4], strokeWidth=2),
        expected.mark_point(shape="diamond", color=AMBER, filled=False, size=45, opacity=1),
        line.mark_line(color=BLUE, strokeWidth=2),
        line.mark_point(filled=True, size=60, color=BLUE, opacity=1),
    )


def _loans() -> alt.Tooltip:
    return alt.Tooltip("labelled:Q", format=",", title="labelled loans")
