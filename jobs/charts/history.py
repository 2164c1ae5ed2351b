"""What happened over the monitoring dates: AUC, the CSI of one feature, and where the champion changed."""

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import AMBER, BLUE, GREY, RED, VIOLET, rows_chart
from jobs.statistics.drift import MODERATE, SIGNIFICANT

NO_AUC = ("No AUC yet", "It can be told once loans of both outcomes are known.")
NO_CSI = ("Not measured yet", "The drift of a feature needs enough loans in the current window.")
STAR = "M0,-1L0.23,-0.31L0.95,-0.31L0.36,0.12L0.59,0.81L0,0.38L-0.59,0.81L-0.36,0.12L-0.95,-0.31L-0.23,-0.31Z"
MARKS = ["monitoring_date", "model_version"]


def auc_over_time(history: pd.DataFrame, threshold: float = 0.70) -> alt.LayerChart:
    """AUC by monitoring_date with its interval, what was estimated without labels, and the threshold.

    Columns monitoring_date, auc, auc_low, auc_high, auc_estimate, labelled, status, model_version, maybe action (what
    the gate did).
    """
    title = TitleParams("AUC by monitoring date", subtitle=f"band: 95% interval{signs_told(history)}")
    if not kit.filled(history, "auc", "auc_estimate"):
        return kit.empty_panel(title, *NO_AUC)
    rows = dated(history)
    measured = pd.concat([rows[name] for name in ("auc", "auc_low", "auc_high", "auc_estimate")]).astype(float)
    low, high = min(float(measured.min()), threshold), max(float(measured.max()), threshold)
    scale = alt.Scale(domain=[max(low - 0.03, 0), min(high + 0.03, 1)], nice=False, zero=False)
    named = kit.tips("monitoring_date", "auc", "auc_low", "auc_high", "auc_estimate", "labelled", "status")
    base = rows_chart(rows).encode(x=kit.date_axis(rows["monitoring_date"]), tooltip=named)
    by_model = base.encode(detail="model_version:N")
    interval = by_model.encode(y=alt.Y("auc_low:Q", scale=scale), y2="auc_high:Q")
    y = alt.Y("auc:Q", scale=scale, axis=alt.Axis(format=".2f", tickCount=6))
    few = len(rows) <= 3 * kit.MOST_TICKS
    layers = [
        interval.mark_area(color=BLUE, opacity=0.14),
        interval.mark_rule(color=BLUE, opacity=0.5 if few else 0),
        *kit.threshold_layers(threshold, f"threshold {threshold:.2f}", scale),
        *change_layers(rows),
        by_model.mark_line(color=BLUE, strokeWidth=2).encode(y=y),
        base.mark_point(color=BLUE, filled=True, size=50, opacity=1 if few else 0).encode(y=y),
    ]
    if rows["auc_estimate"].notna().any():
        title.subtitle = f"band: 95% interval; dashed: estimate without labels{signs_told(history)}"
        dashed = by_model.encode(y=alt.Y("auc_estimate:Q", scale=scale))
        layers[4:4] = [
            dashed.mark_line(color=AMBER, strokeDash=[5, 4], strokeWidth=2),
            dashed.mark_point(shape="diamond", color=AMBER, filled=False, size=45, opacity=1 if few else 0),
        ]
    return kit.panel(title, *layers)


def csi_over_time(history: pd.DataFrame, feature: str) -> alt.LayerChart:
    """CSI of a feature by monitoring_date over named bands.

    Columns monitoring_date, csi, chance_level, window_rows, band, maybe model_version and action.
    """
    title = TitleParams(f"{feature}: drift over time", subtitle="dotted: what chance alone reaches (99%)")
    if not kit.filled(history, "csi"):
        return kit.empty_panel(title, *NO_CSI)
    rows = dated(history)
    title.subtitle += signs_told(rows)
    top = max(SIGNIFICANT * 1.5, float(rows[["csi", "chance_level"]].astype(float).max().max()) * 1.12)
    scale = alt.Scale(domain=[0, top], nice=False)
    named = kit.tips("monitoring_date", "csi", "chance_level", "window_rows", "band")
    base = rows_chart(rows).encode(x=kit.date_axis(rows["monitoring_date"]), tooltip=named)
    y = alt.Y("csi:Q", scale=scale, axis=alt.Axis(format=".2f", tickCount=6))
    by_model = {"detail": "model_version:N"} if "model_version" in rows else {}
    return kit.panel(
        title,
        *kit.band_layers([0, MODERATE, SIGNIFICANT, top], scale),
        *change_layers(rows),
        base.mark_line(strokeDash=[2, 3], color=GREY, strokeWidth=2).encode(y="chance_level:Q", **by_model),
        base.mark_line(color=BLUE, strokeWidth=2).encode(y=y, **by_model),
        base.mark_point(color=BLUE, filled=True, size=50, opacity=1 if len(rows) <= 3 * kit.MOST_TICKS else 0).encode(
            y=y
        ),
    )


def change_layers(rows: pd.DataFrame) -> list[alt.Chart]:
    """A line and a star at each date from which on another champion served, a square where a retrain was asked for.

    Of rows in the order of their monitoring_date, with model_version and maybe action; none without these.
    """
    layers: list[alt.Chart] = []
    if "model_version" in rows and (changed := champion_changes(rows)).any():
        base = rows_chart(rows.loc[changed, MARKS]).encode(x="monitoring_date:T", tooltip=_words("new champion"))
        star = base.mark_point(shape=STAR, filled=True, size=140, opacity=1, color=VIOLET)
        layers += [base.mark_rule(color=VIOLET, opacity=0.6), star.encode(y=alt.value(6))]
    if "action" in rows and (asked := rows["action"].eq("requested")).any():
        base = rows_chart(rows.loc[asked, MARKS]).encode(x="monitoring_date:T", tooltip=_words("retrain asked of"))
        mark = base.mark_point(shape="square", filled=True, size=50, opacity=1, color=RED)
        layers.append(mark.encode(y=alt.value(20)))
    return layers


def champion_changes(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows, in order of their dates, have another champion than the row before."""
    versions = rows["model_version"]
    changed: pd.Series[bool] = versions.ne(versions.shift()) & (versions.index != versions.index[0])
    return changed


def dated(history: pd.DataFrame) -> pd.DataFrame:
    """The history in order, its monitoring_date as moments."""
    rows = history.assign(monitoring_date=pd.to_datetime(history["monitoring_date"]))
    return rows.sort_values("monitoring_date", ignore_index=True)


def signs_told(history: pd.DataFrame) -> str:
    """What the marks of `change_layers` mean, for the end of a subtitle; empty when there are none."""
    rows = history.sort_values("monitoring_date", ignore_index=True) if "monitoring_date" in history else history
    told = ""
    if "model_version" in rows and len(rows) and champion_changes(rows).any():
        told += "; star: new champion"
    if "action" in rows and rows["action"].eq("requested").any():
        told += "; square: retrain asked for"
    return told


def _words(what: str) -> list[alt.Tooltip]:
    date = alt.Tooltip("monitoring_date:T", format="%d %b %Y", title="monitoring date")
    return [date, alt.Tooltip("model_version:N", title=what)]
