"""The ROC, precision-recall, calibration and vintage charts of the console's Drift page."""

from dataclasses import asdict
from typing import Any

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import AMBER, BLUE, GREY, RED, TEAL, VIOLET, rows_chart, signs
from jobs.statistics.discrimination import Auc

MOST_POINTS = 400  # of a curve: about one for each pixel of its width
MOST_COHORTS = 8
COHORT_COLORS = [GREY, TEAL, VIOLET, AMBER, RED, BLUE, "#6c7a89", "#a3566b"]
COHORT_SHAPES = [
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left",
]  # fmt: skip
NO_OUTCOMES = ("Not enough outcomes yet", "Curves need defaulted and repaid loans.")
NO_SCORES = ("No labelled loans yet", "Calibration needs loans with a known outcome.")
NO_COHORTS = ("No loans on book yet", "A curve starts with the first month on book of a cohort.")


def roc_curve(
    points: pd.DataFrame, auc: Auc | None = None, not_in_arrears: tuple[pd.DataFrame, Auc] | None = None
) -> alt.LayerChart:
    """The ROC curve and the diagonal of a random ranking. Columns: false_positive_rate, true_positive_rate.

    The dotted curve is of the loans `not_in_arrears` at scoring, with their AUC; there is none when it is None.
    """
    title = TitleParams("ROC curve", subtitle=f"{_area(auc)}; dashed: random ranking")
    if not kit.filled(points, "true_positive_rate"):
        return kit.empty_panel(title, *NO_OUTCOMES)
    layers = [kit.diagonal(), _roc(points).mark_line(color=BLUE, strokeWidth=2)]
    if not_in_arrears is not None and kit.filled(not_in_arrears[0], "true_positive_rate"):
        apart, area = not_in_arrears
        title.subtitle += f"; dotted: loans not in arrears at scoring, AUC {area.value:.3f} of {area.n:,}"
        layers.append(_roc(apart).mark_line(color=AMBER, strokeWidth=2, strokeDash=[2, 3]))
    return kit.panel(title, *layers)


def _roc(points: pd.DataFrame) -> alt.Chart:
    x = alt.X("false_positive_rate:Q", scale=kit.UNIT, axis=kit.percent_axis("false positive rate"))
    y = alt.Y("true_positive_rate:Q", scale=kit.UNIT, axis=kit.percent_axis("true positive rate"))
    chart: alt.Chart = rows_chart(_thinned(points)).encode(
        x=x, y=y, tooltip=kit.share_tips("false_positive_rate", "true_positive_rate")
    )
    return chart


def precision_recall(points: pd.DataFrame, auc: Auc | None = None) -> alt.LayerChart:
    """Precision against recall, and the bad rate (a random ranking). Columns: recall, precision."""
    title = TitleParams("Precision and recall", subtitle=f"{_counts(auc)}; dashed: random ranking (bad rate)")
    if not kit.filled(points, "precision"):
        return kit.empty_panel(title, *NO_OUTCOMES)
    x = alt.X("recall:Q", scale=kit.UNIT, axis=kit.percent_axis("recall"))
    y = alt.Y("precision:Q", scale=kit.UNIT, axis=kit.percent_axis("precision"))
    curve = rows_chart(_thinned(points)).encode(x=x, y=y, tooltip=kit.share_tips("recall", "precision"))
    layers = [curve.mark_line(color=BLUE, strokeWidth=2)]
    if auc is not None and auc.n:
        rate = rows_chart(pd.DataFrame({"bad_rate": [auc.positives / auc.n]}))
        layers.insert(0, rate.mark_rule(color=GREY, strokeDash=[4, 3]).encode(y=alt.Y("bad_rate:Q", scale=kit.UNIT)))
    return kit.panel(title, *layers)


def calibration(bins: pd.DataFrame, not_in_arrears: pd.DataFrame | None = None) -> alt.LayerChart:
    """Bad rate of each score bin with its Wilson interval, and the line of perfect calibration.

    Columns, as in `CalibrationBin`: mean_score, bad_rate, low, high, n. Diamonds are the bins of the loans that were
    `not_in_arrears` at scoring, with the same columns; none when it is None or empty.
    """
    title = TitleParams("Calibration by score decile", subtitle="bars: 95% interval; dashed: perfect calibration")
    if not kit.filled(bins, "bad_rate"):
        return kit.empty_panel(title, *NO_SCORES)
    title.subtitle = f"{int(bins['n'].sum()):,} labelled loans; {title.subtitle}"
    y = alt.Y("bad_rate:Q", scale=kit.UNIT, axis=kit.percent_axis("bad rate"))
    tooltip = [*kit.share_tips("mean_score", "bad_rate", "low", "high"), *kit.tips("n")]
    base = rows_chart(bins).encode(
        x=alt.X("mean_score:Q", scale=kit.UNIT, axis=kit.percent_axis("mean score")), y=y, tooltip=tooltip
    )
    layers = [
        kit.diagonal(),
        base.encode(y=alt.Y("low:Q", scale=kit.UNIT, axis=kit.percent_axis("bad rate")), y2="high:Q").mark_rule(
            color=BLUE, strokeWidth=2, opacity=0.5
        ),
        base.mark_line(color=BLUE, strokeWidth=1, opacity=0.5),
        base.mark_point(color=BLUE, filled=True, size=60, opacity=1),
    ]
    if not_in_arrears is not None and not not_in_arrears.empty:
        title.subtitle += "; diamonds: loans not in arrears at scoring"
        apart = rows_chart(not_in_arrears).encode(x=base.encoding.x, y=y, tooltip=tooltip)
        layers.append(apart.mark_point(color=AMBER, shape="diamond", filled=True, size=50, opacity=1))
    return kit.panel(title, *layers)


def vintage(points: pd.DataFrame, first: int = 1) -> alt.LayerChart:
    """Cumulative bad rate of the newest cohorts by months on book; dashed where not mature yet.

    Columns, as in `VintagePoint`: cohort, months_on_book, loans, observed, bad_rate, mature. `first` is the month from
    which a loan can be bad, as in the labels; the subtitle says which loans this leaves out.
    """
    title = TitleParams("Vintage curves", subtitle="cumulative bad rate by months on book; dashed: not mature yet")
    title.subtitle += f"; {left_out(first)}" if left_out(first) else ""
    if not kit.filled(points, "bad_rate"):
        return kit.empty_panel(title, *NO_COHORTS)
    every = sorted(points["cohort"].unique())
    shown = every[-MOST_COHORTS:]
    if len(shown) < len(every):
        title.subtitle = f"newest {len(shown)} of {len(every)} cohorts; {title.subtitle}"
    rows = points[points["cohort"].isin(shown)].sort_values(["cohort", "months_on_book"], ignore_index=True)
    x = alt.X("months_on_book:Q", axis=alt.Axis(tickMinStep=1, title="months on book"))
    y = alt.Y("bad_rate:Q", axis=alt.Axis(format=".0%", tickCount=5, title="bad rate", titleAnchor="end"))
    counted = kit.tips("cohort", "months_on_book", "loans", "observed")
    tooltip = [*counted, *kit.share_tips("bad_rate"), *kit.tips("maturity")]
    rows = rows.assign(maturity=rows["mature"].map({True: "mature", False: "not mature yet"}))
    # The dashed line starts at the last mature point, where the solid line ends.
    mature = rows["mature"].astype(bool)
    last = mature & ~mature.groupby(rows["cohort"]).shift(-1, fill_value=True)
    solid, dashed, marks = (
        _vintage_base(part, shown).encode(x=x, y=y, tooltip=tooltip)
        for part in (rows[mature], rows[~mature | last], rows)
    )
    # Vega warns of an axis without values when a layer has no rows: when all points are mature, or none is.
    lines = [solid.mark_line(strokeWidth=2)] if mature.any() else []
    if not mature.all():
        lines.append(dashed.mark_line(strokeWidth=2, strokeDash=[5, 4]))
    return kit.panel(
        title,
        *lines,
        marks.encode(shape=alt.Shape("cohort:N", scale=signs(shown, COHORT_SHAPES[: len(shown)]))).mark_point(
            filled=True, size=40, opacity=1
        ),
    )


def left_out(first: int) -> str:
    """What vintage curves leave out when a loan can be bad from month `first` on; '' from the first month on."""
    if first <= 1:
        return ""
    early = "month 1" if first == 2 else f"months 1 to {first - 1}"
    return f"bad from month {first} on, as in the label: loans that were bad in {early} alone do not count"


def as_frame(items: list[Any]) -> pd.DataFrame:
    """The frame of `CalibrationBin` or `VintagePoint` values, one row for each; empty without values."""
    return pd.DataFrame([asdict(item) for item in items])


def _vintage_base(rows: pd.DataFrame, shown: list[str]) -> alt.Chart:
    colors = signs(shown, COHORT_COLORS[: len(shown)])
    chart: alt.Chart = rows_chart(rows).encode(color=alt.Color("cohort:N", scale=colors))
    return chart


def _thinned(points: pd.DataFrame) -> pd.DataFrame:
    """About MOST_POINTS of the points at most, including the first and the last."""
    step = -(-len(points) // MOST_POINTS)
    return pd.concat([points.iloc[:-1:step], points.iloc[-1:]])


def _counts(auc: Auc | None) -> str:
    return "no outcomes yet" if auc is None else f"all {auc.n:,} labelled loans, {auc.positives:,} defaulted"


def _area(auc: Auc | None) -> str:
    if auc is None or auc.value is None:
        return _counts(auc)
    interval = f" (95% interval {auc.low:.3f} to {auc.high:.3f})" if auc.low is not None else ", no interval"
    return f"AUC {auc.value:.3f}{interval}, {_counts(auc)}"
