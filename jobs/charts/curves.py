"""The panels under the dashboard: ROC, precision-recall, calibration and vintage curves; frames in, Altair out."""

from dataclasses import asdict
from typing import Any

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import AMBER, BLUE, GREY, RED, TEAL, VIOLET, rows_chart, signs
from jobs.statistics.discrimination import Auc

MOST_POINTS = 400  # of a curve: more than its width has pixels for
MOST_COHORTS = 8
COHORT_COLORS = [GREY, TEAL, VIOLET, AMBER, RED, BLUE, "#6c7a89", "#a3566b"]
COHORT_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "stroke"]
NO_OUTCOMES = ("No outcomes of both kinds yet", "Curves need loans that defaulted and loans that were repaid.")
NO_SCORES = ("No labelled loans yet", "Calibration needs loans whose outcome is known.")
NO_COHORTS = ("No loans on book yet", "A curve begins with the first installment of a cohort.")
UNIT = alt.Scale(domain=[0, 1], nice=False)


def roc_curve(points: pd.DataFrame, auc: Auc | None = None) -> alt.LayerChart:
    """The ROC curve over the diagonal of chance; columns false_positive_rate, true_positive_rate."""
    title = TitleParams("ROC curve", subtitle=f"{_area(auc)}; dashed: chance")
    if not kit.filled(points, "true_positive_rate"):
        return kit.empty_panel(title, *NO_OUTCOMES)
    x = alt.X("false_positive_rate:Q", scale=UNIT, axis=_percent("share of repaid loans above the cut"))
    y = alt.Y("true_positive_rate:Q", scale=UNIT, axis=_percent("share of defaults above the cut"))
    curve = rows_chart(_thinned(points)).encode(x=x, y=y, tooltip=_shares("false_positive_rate", "true_positive_rate"))
    return kit.panel(title, _diagonal(), curve.mark_line(color=BLUE, strokeWidth=2))


def precision_recall(points: pd.DataFrame, auc: Auc | None = None) -> alt.LayerChart:
    """Precision against recall over the bad rate, which is what chance gives; columns recall, precision."""
    title = TitleParams("Precision and recall", subtitle=f"{_counts(auc)}; dashed: chance, the bad rate")
    if not kit.filled(points, "precision"):
        return kit.empty_panel(title, *NO_OUTCOMES)
    x = alt.X("recall:Q", scale=UNIT, axis=_percent("recall"))
    y = alt.Y("precision:Q", scale=UNIT, axis=_percent("precision"))
    curve = rows_chart(_thinned(points)).encode(x=x, y=y, tooltip=_shares("recall", "precision"))
    layers = [curve.mark_line(color=BLUE, strokeWidth=2)]
    if auc is not None and auc.n:
        chance = rows_chart(pd.DataFrame({"chance": [auc.positives / auc.n]}))
        layers.insert(0, chance.mark_rule(color=GREY, strokeDash=[4, 3]).encode(y=alt.Y("chance:Q", scale=UNIT)))
    return kit.panel(title, *layers)


def calibration(bins: pd.DataFrame) -> alt.LayerChart:
    """Bad rate of each bin of score with Wilson's interval, over the line of a calibrated score.

    Columns as `CalibrationBin` has them: mean_score, bad_rate, low, high, n.
    """
    title = TitleParams(
        "Calibration by decile of score", subtitle="bars: 95% interval; dashed: what the score promises"
    )
    if not kit.filled(bins, "bad_rate"):
        return kit.empty_panel(title, *NO_SCORES)
    title.subtitle = f"{int(bins['n'].sum()):,} labelled loans; {title.subtitle}"
    y = alt.Y("bad_rate:Q", scale=UNIT, axis=_percent("bad rate"))
    named = [*_shares("mean_score", "bad_rate", "low", "high"), *kit.tips("n")]
    base = rows_chart(bins).encode(x=alt.X("mean_score:Q", scale=UNIT, axis=_percent("mean score")), y=y, tooltip=named)
    return kit.panel(
        title,
        _diagonal(),
        base.encode(y=alt.Y("low:Q", scale=UNIT, axis=_percent("bad rate")), y2="high:Q").mark_rule(
            color=BLUE, strokeWidth=2, opacity=0.5
        ),
        base.mark_line(color=BLUE, strokeWidth=1, opacity=0.5),
        base.mark_point(color=BLUE, filled=True, size=60, opacity=1),
    )


def vintage(points: pd.DataFrame) -> alt.LayerChart:
    """Cumulative bad rate of each cohort by months on book, the newest cohorts; dashed where not mature yet.

    Columns as `VintagePoint` has them: cohort, months_on_book, loans, observed, bad_rate, mature.
    """
    title = TitleParams("Vintage curves", subtitle="cumulative bad rate by months on book; dashed: not mature yet")
    if not kit.filled(points, "bad_rate"):
        return kit.empty_panel(title, *NO_COHORTS)
    every = sorted(points["cohort"].unique())
    shown = every[-MOST_COHORTS:]
    if len(shown) < len(every):
        title.subtitle = f"newest {len(shown)} of {len(every)} cohorts; {title.subtitle}"
    rows = points[points["cohort"].isin(shown)].sort_values(["cohort", "months_on_book"], ignore_index=True)
    axis = alt.Axis(format=".0%", tickCount=5, title="bad rate", titleAnchor="end")
    months = alt.Axis(tickMinStep=1, title="months on book")
    named = [*kit.tips("cohort", "months_on_book", "loans", "observed"), *_shares("bad_rate"), *kit.tips("maturity")]
    rows = rows.assign(maturity=rows["mature"].map({True: "mature", False: "not mature yet"}))
    # A dashed stretch begins where the solid one ends, at the last mature point.
    old = rows["mature"].astype(bool)
    last = old & ~old.groupby(rows["cohort"]).shift(-1, fill_value=True)
    solid, dashed = (
        _vintage_base(part, shown).encode(
            x=alt.X("months_on_book:Q", axis=months), y=alt.Y("bad_rate:Q", axis=axis), tooltip=named
        )
        for part in (rows[old], rows[~old | last])
    )
    return kit.panel(
        title,
        solid.mark_line(strokeWidth=2),
        dashed.mark_line(strokeWidth=2, strokeDash=[5, 4]),
        _vintage_base(rows, shown)
        .encode(
            x=alt.X("months_on_book:Q", axis=months),
            y=alt.Y("bad_rate:Q", axis=axis),
            shape=alt.Shape("cohort:N", scale=signs(shown, COHORT_SHAPES[: len(shown)])),
            tooltip=named,
        )
        .mark_point(filled=True, size=40, opacity=1),
    )


def as_frame(items: list[Any]) -> pd.DataFrame:
    """The frame of `CalibrationBin` or `VintagePoint` values, one row each; empty for none."""
    return pd.DataFrame([asdict(item) for item in items])


def _vintage_base(rows: pd.DataFrame, shown: list[str]) -> alt.Chart:
    colors = signs(shown, COHORT_COLORS[: len(shown)])
    chart: alt.Chart = rows_chart(rows).encode(color=alt.Color("cohort:N", scale=colors))
    return chart


def _diagonal() -> alt.Chart:
    base = rows_chart(pd.DataFrame({"x": [0, 1], "y": [0, 1]}))
    line: alt.Chart = base.mark_line(color=GREY, strokeDash=[4, 3]).encode(
        x=alt.X("x:Q", scale=UNIT), y=alt.Y("y:Q", scale=UNIT)
    )
    return line


def _percent(title: str) -> alt.Axis:
    return alt.Axis(format=".0%", tickCount=5, title=title)


def _shares(*columns: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{name}:Q", format=".1%", title=name.replace("_", " ")) for name in columns]


def _thinned(points: pd.DataFrame) -> pd.DataFrame:
    """At most about MOST_POINTS of the points, the first and the last among them."""
    step = -(-len(points) // MOST_POINTS)
    return pd.concat([points.iloc[:-1:step], points.iloc[-1:]])


def _counts(auc: Auc | None) -> str:
    return "no outcomes yet" if auc is None else f"{auc.n:,} labelled loans, {auc.positives:,} defaulted"


def _area(auc: Auc | None) -> str:
    if auc is None or auc.value is None:
        return _counts(auc)
    interval = f" (95% interval {auc.low:.3f} to {auc.high:.3f})" if auc.low is not None else ", no interval"
    return f"AUC {auc.value:.3f}{interval}, {_counts(auc)}"
