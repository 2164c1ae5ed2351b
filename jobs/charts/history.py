"""Charts over the monitoring dates: AUC, the CSI of one feature, and the marks of new champions and retrainings."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import AMBER, BLUE, GREY, RED, TEAL, VIOLET, rows_chart
from jobs.governance.sentences import not_judged
from jobs.statistics.drift import MODERATE, SIGNIFICANT
from jobs.statistics.rounding import two_decimals

NO_AUC = ("No AUC yet", "AUC needs defaulted and repaid loans.")
NO_CSI = ("Not measured yet", "There are too few loans in the current window.")
UNDER_MARKS = alt.value(36)  # pixels from the top, under the stars and squares of `change_layers`
FLAG = "M-0.8,1L-0.8,-1L1,-0.45L-0.55,0.1L-0.55,1Z"
STAR = "M0,-1L0.23,-0.31L0.95,-0.31L0.36,0.12L0.59,0.81L0,0.38L-0.59,0.81L-0.36,0.12L-0.95,-0.31L-0.23,-0.31Z"


def auc_over_time(history: pd.DataFrame, threshold: float = 0.70) -> alt.LayerChart:
    """AUC by monitoring_date with interval, AUC of all known outcomes, estimate without labels, and threshold.

    Columns: monitoring_date, auc, auc_low, auc_high, auc_estimate, labelled, status, model_version; optional:
    auc_status, auc_pooled, defaults, action (the retraining decision). An AUC that the gate did not judge is a hollow
    point without an interval, and no line goes through it.
    """
    title = TitleParams("AUC by monitoring date", subtitle=_auc_subtitle(history))
    if not kit.filled(history, "auc", "auc_estimate"):
        return kit.empty_panel(title, *NO_AUC)
    rows = dated(history)
    judged = rows["auc_status"].eq("measured") if "auc_status" in rows else rows["auc"].notna()
    drawn = [name for name in ("auc", "auc_low", "auc_high", "auc_pooled", "auc_estimate") if name in rows]
    lines = rows.assign(**{name: rows[name].where(judged) for name in ("auc", "auc_low", "auc_high")})
    scale = _auc_scale(pd.concat([rows["auc"], *(lines[name] for name in drawn)]), threshold)
    counts = [name for name in ("labelled", "defaults") if name in rows]
    tooltip = kit.tips("monitoring_date", *drawn, *counts, "status", *(["judged"] if "judged" in rows else []))
    x = kit.date_axis(rows["monitoring_date"])
    base = rows_chart(lines).encode(x=x, tooltip=tooltip)
    hollow = rows_chart(rows[~judged & rows["auc"].notna()]).encode(x=x, tooltip=tooltip)
    by_model = base.encode(detail="model_version:N")
    interval = by_model.encode(y=alt.Y("auc_low:Q", scale=scale), y2="auc_high:Q")
    y = alt.Y("auc:Q", scale=scale, axis=alt.Axis(format=".2f", tickCount=6))
    points = 1 if len(rows) <= 3 * kit.MOST_TICKS or not judged.all() else 0  # their opacity
    pooled = by_model.encode(y=alt.Y("auc_pooled:Q", scale=scale))
    return kit.panel(
        title,
        interval.mark_area(color=BLUE, opacity=0.14),
        interval.mark_rule(color=BLUE, opacity=0.5 * points),
        *kit.threshold_layers(threshold, f"threshold {two_decimals(threshold)}", scale),
        *(_estimate_layers(by_model, scale, points) if kit.filled(rows, "auc_estimate") else []),
        *([pooled.mark_line(color=GREY, strokeDash=[2, 3], strokeWidth=2)] if kit.filled(rows, "auc_pooled") else []),
        *change_layers(rows),
        by_model.mark_line(color=BLUE, strokeWidth=2).encode(y=y),
        hollow.mark_point(color=BLUE, filled=False, size=50, opacity=1).encode(y=y),
        base.mark_point(color=BLUE, filled=True, size=50, opacity=points).encode(y=y),
    )


def _auc_scale(measured: pd.Series, threshold: float) -> alt.Scale:
    """The axis from the lowest to the highest of the values and the threshold, with some space on both sides."""
    values = measured.astype(float)
    low, high = min(float(values.min()), threshold), max(float(values.max()), threshold)
    return alt.Scale(domain=[max(low - 0.03, 0), min(high + 0.03, 1)], nice=False, zero=False)


def _estimate_layers(by_model: alt.Chart, scale: alt.Scale, points: float) -> list[alt.Chart]:
    """The estimate without labels as a dashed line, and its points with that opacity."""
    dashed = by_model.encode(y=alt.Y("auc_estimate:Q", scale=scale))
    return [
        dashed.mark_line(color=AMBER, strokeDash=[5, 4], strokeWidth=2),
        dashed.mark_point(shape="diamond", color=AMBER, filled=False, size=45, opacity=points),
    ]


def _auc_subtitle(history: pd.DataFrame) -> str:
    """What the lines are: without `auc_pooled`, in rows of an earlier release, the AUC is of all known outcomes."""
    pooled = kit.filled(history, "auc_pooled")
    lines = ["line: newest mature cohorts", "dotted: all known outcomes"] if pooled else []
    dashed = ["dashed: estimate without labels"] if kit.filled(history, "auc_estimate") else []
    left = "auc_status" in history and bool((history["auc_status"].ne("measured") & history["auc"].notna()).any())
    hollow = ["hollow: not judged, too few defaults"] if left else []
    return "; ".join([*lines, "band: 95% interval", *dashed, *hollow]) + legend_text(history)


def csi_over_time(history: pd.DataFrame, feature: str, plain_name: str) -> alt.LayerChart:
    """CSI of a feature by monitoring_date, with named bands, titled with its plain name.

    Columns: monitoring_date, csi, chance_level, window_rows, band; optional: model_version, action.
    """
    title = TitleParams(f"{plain_name}: drift over time", subtitle=f"{feature}; dotted: noise level (99%)")
    if not kit.filled(history, "csi"):
        return kit.empty_panel(title, *NO_CSI)
    rows = dated(history)
    title.subtitle += legend_text(rows)
    top = max(SIGNIFICANT * 1.5, float(rows[["csi", "chance_level"]].astype(float).max().max()) * 1.12)
    scale = alt.Scale(domain=[0, top], nice=False)
    tooltip = kit.tips("monitoring_date", "csi", "chance_level", "window_rows", "band")
    base = rows_chart(rows).encode(x=kit.date_axis(rows["monitoring_date"]), tooltip=tooltip)
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
    """Marks of events: a line and a star at each new champion, a square at each requested retraining.

    The rows are in order of monitoring_date. Without the columns model_version and action there are no marks.
    """
    layers: list[alt.Chart] = []
    if "model_version" in rows and (changed := champion_changes(rows)).any():
        base = _marks(rows.loc[changed], "new champion")
        star = base.mark_point(shape=STAR, filled=True, size=140, opacity=1, color=VIOLET)
        layers += [base.mark_rule(color=VIOLET, opacity=0.6), star.encode(y=alt.value(6))]
    if "action" in rows and (requested := rows["action"].eq("requested")).any():
        base = _marks(rows.loc[requested], "retraining of")
        mark = base.mark_point(shape="square", filled=True, size=50, opacity=1, color=RED)
        layers.append(mark.encode(y=alt.value(20)))
    return layers


def note_layers(notes: Sequence[Mapping[str, Any]], y: Any = UNDER_MARKS) -> list[alt.Chart]:
    """A line at the day of each note and a flag at height `y`, with its words in the tooltip.

    `notes` have `day` (ISO 8601), `words`, `who` and `on`, what the note is on in words.
    """
    if not notes:
        return []
    rows = pd.DataFrame(notes)[["day", "words", "who", "on"]]
    rows = rows.assign(monitoring_date=pd.to_datetime(rows["day"]))
    tooltip = [
        alt.Tooltip("monitoring_date:T", format="%d %b %Y", title="note of"),
        *(alt.Tooltip(f"{name}:N", title=title) for name, title in (("on", "on"), ("words", "note"), ("who", "by"))),
    ]
    base = rows_chart(rows.drop(columns="day")).encode(x="monitoring_date:T", tooltip=tooltip)
    flag = base.mark_point(shape=FLAG, filled=True, size=90, opacity=1, color=TEAL)
    return [base.mark_rule(color=TEAL, strokeDash=[2, 2], opacity=0.8), flag.encode(y=y)]


def champion_changes(rows: pd.DataFrame) -> "pd.Series[bool]":
    """True for the rows whose champion differs from that of the previous row."""
    versions = rows["model_version"]
    changed: pd.Series[bool] = versions.ne(versions.shift()) & (versions.index != versions.index[0])
    return changed


def dated(history: pd.DataFrame) -> pd.DataFrame:
    """The history in order of monitoring_date (as timestamps), its status in words, and whether the AUC is `judged`."""
    rows = history.assign(monitoring_date=pd.to_datetime(history["monitoring_date"]))
    if "status" in rows:
        rows["status"] = rows["status"].replace(kit.STATUS_WORDS)
    if "auc_status" in rows and "labelled" in rows:
        rows["judged"] = [_judged(row) for row in rows.to_dict("records")]
    return rows.sort_values("monitoring_date", ignore_index=True)


def _judged(row: Mapping[Hashable, Any]) -> str:
    """`yes`, or why the gate did not judge the AUC: `no, too few: 12 defaults`."""
    left = not_judged({str(name): value for name, value in row.items()})
    return left.replace("not judged, ", "no, too few: ") or "yes"


def legend_text(history: pd.DataFrame) -> str:
    """The end of a subtitle, which explains the marks of `change_layers`; empty when there are none."""
    rows = history.sort_values("monitoring_date", ignore_index=True) if "monitoring_date" in history else history
    text = ""
    if "model_version" in rows and len(rows) and champion_changes(rows).any():
        text += "; star: new champion"
    if "action" in rows and rows["action"].eq("requested").any():
        text += "; square: retraining requested"
    return text


def _marks(rows: pd.DataFrame, title: str) -> alt.Chart:
    """A chart of the rows at their dates. The tooltip has the model version under this title."""
    date = alt.Tooltip("monitoring_date:T", format="%d %b %Y", title="monitoring date")
    tooltip = [date, alt.Tooltip("model_version:N", title=title)]
    chart: alt.Chart = rows_chart(rows[["monitoring_date", "model_version"]]).encode(
        x="monitoring_date:T", tooltip=tooltip
    )
    return chart
