"""The monitoring dashboard: its six panels, the complete chart, and its PNG.

The console draws the panels one by one: `themed(psi_over_time(frame).properties(width=...), "dark")`. An empty frame
gives a panel that names what is missing. Colour is never the only sign: a shape, a dash or a word has the same meaning.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeVar

import altair as alt
import pandas as pd
import vl_convert
from altair import TitleParams
from PIL import Image

from jobs.charts import kit
from jobs.charts.cohorts import NO_LABELS, auc_by_month, scores_by_month
from jobs.charts.headline import Headline, headline_cards, headline_strip
from jobs.charts.history import change_layers, dated, legend_text
from jobs.charts.kit import AMBER, BLUE, GREY, rows_chart, signs
from jobs.governance.breaches import Status, Thresholds
from jobs.statistics.drift import MINIMUM_ROWS, MODERATE, SIGNIFICANT

LABEL_EXTENT = 166  # width of the feature names, subtracted from the width of the plot
MOST_FEATURES = 15
NAME_HEIGHT = 12
CLASSES = {0: "repaid", 1: "defaulted"}
SAMPLES = {"reference": "baseline", "current": "current window"}
NO_WINDOW = ("Too few scored loans yet", f"Drift needs at least {MINIMUM_ROWS} loans in the current window.")
NO_SCORES = ("No scored loans yet", "The inference pipeline scores each loan on its prediction date.")
GAP = 44
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])

Chart = TypeVar("Chart", alt.LayerChart, alt.VConcatChart)


@dataclass(frozen=True)
class DashboardData:
    """The data of the dashboard. The docstring of each panel lists the columns of its frame."""

    model_version: str
    as_of: date
    status: Status
    cohorts: pd.DataFrame
    history: pd.DataFrame
    scores: pd.DataFrame
    drift: pd.DataFrame
    confusion: pd.DataFrame
    headline: Headline = field(default_factory=Headline)
    thresholds: Thresholds = field(default_factory=Thresholds)
    plain_names: Mapping[str, str] = field(default_factory=dict)


def psi_over_time(history: pd.DataFrame, thresholds: Thresholds | None = None) -> alt.LayerChart:
    """PSI by monitoring_date, with named bands. Other columns: psi_chance_level, window_rows, status.

    Optional columns: model_version (one line for each champion, with a mark at its first date), action (with a mark at
    each requested retraining).
    """
    limits, name = thresholds or Thresholds(), "Score drift (PSI) over time"
    if not kit.filled(history, "psi"):
        title = TitleParams(name, subtitle="current window against the baseline (test loans of the model)")
        return kit.empty_panel(title, *NO_WINDOW)
    columns = ["monitoring_date", "psi", "psi_chance_level", "window_rows", "status"]
    rows = dated(history[[*columns, *(name for name in ("model_version", "action") if name in history)]])
    top = max(limits.psi * 1.5, float(rows[["psi", "psi_chance_level"]].astype(float).max().max()) * 1.12)
    scale = alt.Scale(domain=[0, top], nice=False)
    x, tooltip = kit.date_axis(rows["monitoring_date"]), kit.tips(*columns)
    base = rows_chart(rows).encode(x=x, tooltip=tooltip)
    by_model = {"detail": "model_version:N"} if "model_version" in rows else {}
    few = len(rows) <= 3 * kit.MOST_TICKS
    marked = rows if few else rows[(rows["status"] != rows["status"].shift()) | (rows.index == len(rows) - 1)]
    return kit.panel(
        TitleParams(name, subtitle=f"windows of {_span(rows)} loans; dotted: noise level (99%){legend_text(rows)}"),
        *kit.band_layers([0, limits.psi_watch, limits.psi, top], scale),
        *change_layers(rows),
        base.mark_line(strokeDash=[2, 3], color=GREY, strokeWidth=2).encode(y="psi_chance_level:Q", **by_model),
        base.mark_point(shape="stroke", color=GREY, opacity=1 if few else 0).encode(y="psi_chance_level:Q"),
        base.mark_line(color=BLUE, strokeWidth=2 if few else 1.25, strokeJoin="round").encode(
            y=alt.Y("psi:Q", scale=scale, axis=alt.Axis(format=".2f", tickCount=6)), **by_model
        ),
        _status_points(marked).encode(x=x, y=alt.Y("psi:Q", scale=scale), tooltip=tooltip),
    )


def score_distribution(scores: pd.DataFrame) -> alt.LayerChart:
    """Share of loans per bin of the score.

    Columns: bin (in order), reference_share, current_share; optional: reference_count, current_count.
    """
    title = TitleParams("Score distribution", subtitle="share of loans per bin; baseline: test loans of the model")
    if not kit.filled(scores, "current_share"):
        return kit.empty_panel(title, *NO_SCORES)
    order, colors = [_sample_name(scores, kind) for kind in SAMPLES], [GREY, BLUE]
    names = dict(zip(("reference_share", "current_share"), order, strict=True))
    rows = scores.rename(columns=names).melt(["bin"], order, "sample", "share")
    lines = "split(replace(datum.label, ' to ', ' to|'), '|')"
    axis = alt.Axis(labelExpr=lines, labelOverlap="greedy", labelSeparation=6)
    bars = rows_chart(rows).encode(
        x=alt.X("bin:N", sort=None, axis=axis, scale=alt.Scale(paddingInner=0.25)),
        xOffset=alt.XOffset("sample:N", sort=order),
        y=alt.Y("share:Q", axis=alt.Axis(format="%", tickCount=5)),
        color=alt.Color("sample:N", scale=signs(order, colors)),
        stroke=alt.Stroke("sample:N", scale=signs(order, colors)),
        fillOpacity=alt.FillOpacity("sample:N", sort=order, scale=signs(order, [0.25, 1])),
        tooltip=kit.tips("bin", "sample", "share"),
    )
    return kit.panel(title, bars.mark_bar(strokeWidth=1))


def feature_drift(features: pd.DataFrame, plain_names: Mapping[str, str] | None = None) -> alt.LayerChart:
    """CSI of each feature, largest first, with its noise level and named bands.

    Columns: feature, csi, chance_level, band. The axis shows plain names (of the features that have one), the tooltip
    the column names.
    """
    title = TitleParams("Feature drift (CSI), largest first", subtitle="tick: noise level (99%)")
    if not kit.filled(features, "csi"):
        return kit.empty_panel(title, *NO_WINDOW)
    shown = largest_drifts(features)
    if len(shown) < (measured := int(features["csi"].notna().sum())):
        title.subtitle = f"{len(shown)} of {measured} features; {title.subtitle}"
    top = max(0.3, float(shown[["csi", "chance_level"]].astype(float).max().max()) * 1.3)
    across = alt.Axis(format=".2f", tickCount=5, grid=True, labelOverlap="greedy", labelSeparation=6)
    x = alt.X("csi:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=across)
    names = json.dumps({name: (plain_names or {}).get(name, name) for name in shown["feature"]})
    labels = alt.Axis(
        labelExpr=f"{names}[datum.value]",
        labelLimit=LABEL_EXTENT - 8,
        minExtent=LABEL_EXTENT,
        maxExtent=LABEL_EXTENT,
        grid=False,
    )
    tooltip = kit.tips("feature", "csi", "chance_level", "band")
    # The space above the bars is for the names of the bands. Its height does not depend on the number of bars.
    space = alt.Scale(domain=shown["feature"].tolist(), paddingOuter=len(shown) / MOST_FEATURES, align=1)
    base = rows_chart(shown).encode(y=alt.Y("feature:N", sort=None, axis=labels, scale=space), tooltip=tooltip)
    fill = alt.Color("band:N", legend=None, scale=signs(kit.BANDS, kit.BAND_COLORS))
    return kit.panel(
        title,
        *_band_edges(top),
        base.mark_bar(height={"band": 0.62}, cornerRadiusEnd=2).encode(x=x, color=fill),
        base.mark_tick(style="strong", thickness=2, height={"band": 0.9}).encode(x="chance_level:Q"),
        base.mark_text(style="note", align="right").encode(x=alt.value("width"), text=alt.Text("csi:Q", format=".3f")),
    ).properties(width=kit.WIDTH + kit.AXIS_EXTENT - LABEL_EXTENT)


def largest_drifts(features: pd.DataFrame) -> pd.DataFrame:
    """The features that `feature_drift` draws, in their order."""
    rows = features[features["csi"].notna()].sort_values(["csi", "feature"], ascending=[False, True])
    return rows.head(MOST_FEATURES)


def _band_edges(end: float) -> list[alt.Chart]:
    """The lines at the starts of the bands, with names at two heights, on the side with space on an axis to `end`."""
    layers: list[alt.Chart] = []
    for at, name, top in zip((MODERATE, SIGNIFICANT), kit.BANDS[1:], (0, NAME_HEIGHT), strict=True):
        base = rows_chart(pd.DataFrame({"at": [at]})).encode(x="at:Q")
        line = base.mark_rule(color=GREY, strokeDash=[4, 3]).encode(y=alt.value(top), y2=alt.value("height"))
        late = at > end / 2
        text = base.mark_text(style="note", align="right" if late else "left", baseline="top", dx=-4 if late else 4)
        layers += [line, text.encode(y=alt.value(top), text=alt.value(f"{name} ≥ {at:.2f}"))]
    return layers


def confusion_matrix(counts: pd.DataFrame) -> alt.LayerChart:
    """Loans by actual and predicted class (0 repaid, 1 defaulted), shaded by their share of the actual class."""
    title = TitleParams("Confusion matrix", subtitle="predicted against actual outcome; blue: correct, amber: wrong")
    if not kit.filled(counts, "count") or counts["count"].sum() == 0:
        return kit.empty_panel(title, *NO_LABELS)
    title.subtitle = f"{int(counts['count'].sum()):,} labelled loans; blue: correct, amber: wrong"
    rows = counts.replace({"actual": CLASSES, "predicted": CLASSES})
    rows["share"] = (rows["count"] / rows.groupby("actual")["count"].transform("sum")).astype(float).fillna(0.0)
    rows["text"] = [f"{share:.0%} of {a} loans" for a, share in zip(rows["actual"], rows["share"], strict=True)]
    rows["correct"] = rows["actual"] == rows["predicted"]
    order = [*CLASSES.values()]
    upright = alt.Axis(labelExpr="'actual: ' + datum.label", labelAngle=-90, labelAlign="center", grid=False)
    sideways = alt.Axis(labelExpr="'predicted: ' + datum.label", domain=False, ticks=False)
    base = rows_chart(rows).encode(
        x=alt.X("predicted:N", sort=order, axis=sideways),
        y=alt.Y("actual:N", sort=order, axis=upright),
        tooltip=kit.tips("actual", "predicted", "count", "share"),
    )
    return kit.panel(
        title,
        base.mark_rect(cornerRadius=4, width={"band": 0.97}, height={"band": 0.95}).encode(
            color=alt.Color("correct:N", legend=None, scale=signs([True, False], [BLUE, AMBER])),
            fillOpacity=alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.05, 0.5]), legend=None),
        ),
        base.mark_text(style="figure", dy=-8).encode(text=alt.Text("count:Q", format=",")),
        base.mark_text(style="strong", dy=14).encode(text="text:N"),
    )


def dashboard(data: DashboardData) -> alt.VConcatChart:
    """The six panels under title and headline numbers, in the light theme."""
    rows = (
        (auc_by_month(data.cohorts, data.thresholds.auc), psi_over_time(data.history, data.thresholds)),
        (score_distribution(data.scores), feature_drift(data.drift, data.plain_names)),
        (scores_by_month(data.cohorts), confusion_matrix(data.confusion)),
    )
    subtitle = f"model {data.model_version}   ·   as of {data.as_of.day} {data.as_of:%B %Y}"
    if data.headline.auc_loans:
        subtitle += f"   ·   AUC of {data.headline.auc_loans}"
    cards = headline_cards(data.headline, data.status, data.thresholds)
    width = 2 * (kit.WIDTH + kit.AXIS_EXTENT) + GAP
    strip = headline_strip("Loanwatch: model monitoring", subtitle, cards, width)
    pairs = [alt.HConcatChart(hconcat=[*pair], spacing=GAP, resolve=_unshared()) for pair in rows]
    return themed(alt.VConcatChart(vconcat=[strip, *pairs], spacing=34, resolve=_unshared()))


def themed(chart: Chart, name: Literal["light", "dark"] = "light") -> Chart:
    """The chart with the report's theme. Vega-Lite takes a config at the top level only."""
    return chart.properties(config=kit.theme(name))


def dashboard_png(chart: alt.TopLevelMixin, scale: float = 1.5) -> bytes:
    """The chart as a PNG with `scale` pixels per point. The same chart gives the same bytes, without a network."""
    spec = chart.to_dict(validate=False)  # the tests validate it; validation takes as long as drawing a panel
    png: bytes = vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=scale)
    # Without the alpha channel the file has a third of the bytes.
    Image.open(io.BytesIO(png)).convert("RGB").save(packed := io.BytesIO(), format="PNG")
    return packed.getvalue()


def _unshared() -> alt.Resolve:
    """Separate scales and legends for every panel; by default Vega-Lite merges them."""
    own: Literal["independent"] = "independent"
    return alt.Resolve(scale=alt.ScaleResolveMap(color=own, shape=own, strokeDash=own, stroke=own, fillOpacity=own))


def _status_points(rows: pd.DataFrame) -> alt.Chart:
    shape = alt.Shape("status:N", scale=signs([*kit.STATUS_WORDS.values()], kit.STATUS_SHAPES))
    color = alt.Color("status:N", scale=signs([*kit.STATUS_WORDS.values()], kit.STATUS_COLORS))
    points: alt.Chart = rows_chart(rows).mark_point(filled=True, size=70, opacity=1)
    return points.encode(shape=shape, color=color)


def _sample_name(scores: pd.DataFrame, kind: str) -> str:
    name, column = SAMPLES[kind], f"{kind}_count"
    return f"{name} ({int(scores[column].sum()):,} loans)" if column in scores else name


def _span(rows: pd.DataFrame) -> str:
    sizes = rows.loc[rows["psi"].notna(), "window_rows"].astype(int)
    return f"{sizes.min():,}" if sizes.min() == sizes.max() else f"{sizes.min():,} to {sizes.max():,}"
