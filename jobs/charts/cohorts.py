"""Panels by origination cohort: AUC with interval and estimate, and precision, recall and F1 at the threshold."""

import math

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import AMBER, BLUE, RED, VIOLET, rows_chart, signs
from jobs.statistics.rounding import two_decimals

SCORES = ["precision", "recall", "F1"]
MATURITY = ["mature", "not mature yet"]
NO_LABELS = ("No matured labels yet", "A loan has a label 6 months after its start.")
BOUNDS = ["auc", "auc_low", "auc_high", "expected"]


def auc_by_month(cohorts: pd.DataFrame, threshold: float = 0.70) -> alt.LayerChart:
    """AUC of each cohort with interval, estimate and threshold.

    Columns: cohort (`2024-01`), n, auc, auc_low, auc_high; optional: auc_estimate (of loans without an outcome yet),
    auc_forecast (the estimate made before any outcome was known), mature. The dashed line is the forecast, or the
    estimate where there is no forecast. Hollow points are cohorts that are not mature yet.
    """
    title = TitleParams(
        "AUC by origination cohort", subtitle="band: 95% interval; number under each month: labelled loans"
    )
    if not kit.filled(cohorts, "auc", "auc_estimate", "auc_forecast"):
        return kit.empty_panel(title, *NO_LABELS)
    rows = _expected(kit.months(cohorts))
    rows["below"] = rows["auc"] < threshold
    values = pd.concat([*(rows[name] for name in BOUNDS), pd.Series([threshold])]).astype(float)
    domain = [max(math.floor(values.min() * 20 - 0.5) / 20, 0), min(math.ceil(values.max() * 20 + 0.5) / 20, 1)]
    scale = alt.Scale(domain=domain, nice=False, zero=False)
    tips = kit.tips("cohort", "n", "auc", "auc_low", "auc_high", "expected", "maturity")
    base = rows_chart(rows).encode(x=kit.month_axis(rows), tooltip=tips)
    interval = base.encode(y=alt.Y("auc_low:Q", scale=scale), y2="auc_high:Q")
    line = base.encode(y=alt.Y("auc:Q", scale=scale, axis=alt.Axis(format=".2f", tickCount=6)))
    layers = [
        interval.mark_area(color=BLUE, opacity=0.14),
        interval.mark_rule(color=BLUE, opacity=0.5),
        *kit.threshold_layers(threshold, f"threshold {two_decimals(threshold)}", scale),
        line.mark_line(color=BLUE, strokeWidth=2),
        line.mark_point(size=60, opacity=1, strokeWidth=2).encode(
            shape=alt.condition("datum.below", alt.value("triangle-down"), alt.value("circle")),
            color=alt.condition("datum.below", alt.value(RED), alt.value(BLUE)),
            fill=alt.Fill("maturity:N", legend=None, scale=signs(MATURITY, [BLUE, "transparent"])),
        ),
    ]
    if rows["expected"].notna().any():
        title.subtitle = "band: 95% interval; dashed: estimate; hollow: not mature yet; below: labelled loans"
        dashed = base.encode(y=alt.Y("expected:Q", scale=scale))
        layers[3:3] = [
            dashed.mark_line(color=AMBER, strokeDash=[5, 4], strokeWidth=2),
            dashed.mark_point(shape="diamond", color=AMBER, filled=False, size=45, opacity=1),
        ]
    return kit.panel(title, *layers)


def scores_by_month(cohorts: pd.DataFrame) -> alt.LayerChart:
    """Precision, recall and F1 of each cohort; columns cohort (`2024-01`), n, precision, recall, f1."""
    title = TitleParams("Precision, recall and F1 by origination cohort", subtitle="under each month: labelled loans")
    if not kit.filled(cohorts, "precision", "recall", "f1"):
        return kit.empty_panel(title, *NO_LABELS)
    plain = alt.Legend(symbolStrokeWidth=0)
    wide = kit.months(cohorts).rename(columns={"f1": "F1"})
    base = rows_chart(wide.melt(["month", "cohort", "n"], SCORES, "score", "value")).encode(
        x=kit.month_axis(wide),
        y=alt.Y("value:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".1f", tickCount=5)),
        color=alt.Color("score:N", legend=plain, scale=signs(SCORES, [BLUE, AMBER, VIOLET])),
        shape=alt.Shape("score:N", legend=plain, scale=signs(SCORES, ["circle", "square", "triangle-up"])),
        tooltip=kit.tips("cohort", "n", "score", "value"),
    )
    dash = alt.StrokeDash("score:N", legend=plain, scale=signs(SCORES, [[1, 0], [6, 3], [2, 2]]))
    lines = base.mark_line(strokeWidth=2).encode(strokeDash=dash, shape=alt.Undefined)
    return kit.panel(title, lines, base.mark_point(filled=True, size=50, opacity=1))


def _expected(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with two more columns: `expected` (the forecast, else the estimate) and `maturity` in words."""
    missing = pd.Series(float("nan"), index=rows.index)
    forecast, estimate = (rows.get(name, missing).astype(float) for name in ("auc_forecast", "auc_estimate"))
    immature = rows["mature"].eq(False) if "mature" in rows else pd.Series(data=False, index=rows.index)
    words = immature.astype(bool).map({False: MATURITY[0], True: MATURITY[1]})
    return rows.assign(expected=forecast.fillna(estimate), maturity=words)
