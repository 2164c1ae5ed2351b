"""Two models over each other: the difference of their AUCs, ROC curves, calibration, distributions of scores."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import AMBER, BLUE, GREY, RED, rows_chart, signs

COLORS, DASHES, SHAPES = [BLUE, AMBER], [[1, 0], [5, 3]], ["circle", "diamond"]
DIFFERENCE = "AUC of a minus AUC of b, 95% interval"
ROW, AXIS = 28, 58  # pixels of height for each difference, and for the axis under them with its title
Judged = Mapping[str, Any]  # a model of a pair: see `jobs.modelling.promotion.pair.Judged`


def difference_frame(pair: Mapping[str, Any]) -> pd.DataFrame:
    """The differences that have an interval: loans, difference, low, high; on all loans, and not in arrears."""
    apart = pair["not_in_arrears"] or {}
    told = {
        "the same": pair["difference"],
        "not in arrears": {} if apart.get("n") == pair["difference"]["n"] else apart,
    }
    rows = [
        (f"{name}, {one['n']:,} loans", one["difference"], one["low"], one["high"])
        for name, one in told.items()
        if one.get("low") is not None
    ]
    return pd.DataFrame(rows, columns=["loans", "difference", "low", "high"])


def difference_chart(frame: pd.DataFrame) -> alt.LayerChart:
    """Bars from low to high with a point at the AUC of a minus that of b, and 0 as a dashed line."""
    pad = max(0.005, max(abs(frame["low"].min()), abs(frame["high"].max())) * 0.2)
    scale = alt.Scale(domain=[min(frame["low"].min(), 0.0) - pad, max(frame["high"].max(), 0.0) + pad], nice=False)
    signed = "datum.value == 0 ? '0' : format(datum.value, '+.3f')"
    axis = alt.Axis(title=DIFFERENCE, labelExpr=signed, tickCount=8, labelOverlap="greedy")
    x = alt.X("low:Q", scale=scale, axis=axis)
    apart = alt.condition("datum.low > 0 || datum.high < 0", alt.value(BLUE), alt.value(GREY))
    y = alt.Y("loans:N", sort=None, axis=alt.Axis(title=None, labelLimit=190, ticks=False, domain=False))
    base = rows_chart(frame).encode(y=y, color=apart, tooltip=["loans:N", *kit.tips("difference", "low", "high")])
    bars = base.mark_bar(height=7, cornerRadius=3, opacity=0.55).encode(x=x, x2="high:Q")
    points = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("difference:Q", scale=scale))
    line = rows_chart(pd.DataFrame({"at": [0.0]})).encode(x=alt.X("at:Q", scale=scale))
    words = line.mark_text(style="note", align="left", dx=4, baseline="top")
    label = words.encode(y=alt.value(-12), text=alt.value("no difference"))
    rule = line.mark_rule(color=RED, strokeDash=[4, 3])
    return alt.LayerChart(layer=[bars, points, rule, label], height=ROW * len(frame) + AXIS)


def roc_frame(pair: Sequence[Judged]) -> pd.DataFrame:
    """The points of both ROC curves: model, false_positive_rate, true_positive_rate."""
    names = ["false_positive_rate", "true_positive_rate"]
    return pd.concat([pd.DataFrame({"model": one["version"], **{name: one[name] for name in names}}) for one in pair])


def calibration_frame(pair: Sequence[Judged]) -> pd.DataFrame:
    """The bins of both: model, mean_score, bad_rate, low, high, n."""
    names = ["mean_score", "bad_rate", "low", "high", "n"]
    frames = [pd.DataFrame([*one["calibration"]])[names].assign(model=one["version"]) for one in pair]
    return pd.concat(frames)[["model", *names]]


def score_frame(pair: Sequence[Judged]) -> pd.DataFrame:
    """The shares of loans by score: model, score_from, score_to, share."""
    rows = []
    for one in pair:
        bins = len(one["shares"])
        for at, share in enumerate(one["shares"]):
            rows.append((one["version"], at / bins, (at + 1) / bins, share))
    return pd.DataFrame(rows, columns=["model", "score_from", "score_to", "share"])


def roc_pair(points: pd.DataFrame) -> alt.LayerChart:
    """Both ROC curves and the diagonal of a random ranking."""
    base = _by_model(points).encode(
        x=alt.X("false_positive_rate:Q", scale=kit.UNIT, axis=kit.percent_axis("false positive rate")),
        y=alt.Y("true_positive_rate:Q", scale=kit.UNIT, axis=kit.percent_axis("true positive rate")),
        tooltip=[alt.Tooltip("model:N"), *kit.share_tips("false_positive_rate", "true_positive_rate")],
    )
    title = TitleParams("ROC curves", subtitle="the same loans; grey: random ranking")
    return kit.panel(title, kit.diagonal(dashed=False), base.mark_line(strokeWidth=2))


def calibration_pair(bins: pd.DataFrame) -> alt.LayerChart:
    """Bad rate by mean score of both, with Wilson's intervals, and the line of perfect calibration."""
    tooltip = [alt.Tooltip("model:N"), *kit.share_tips("mean_score", "bad_rate", "low", "high"), *kit.tips("n")]
    x = alt.X("mean_score:Q", scale=kit.UNIT, axis=kit.percent_axis("mean score"))
    rate, low = (alt.Y(f"{name}:Q", scale=kit.UNIT, axis=kit.percent_axis("bad rate")) for name in ("bad_rate", "low"))
    base = _by_model(bins).encode(x=x, y=rate, tooltip=tooltip)
    whiskers = _by_model(bins).encode(x=x, y=low, y2="high:Q", tooltip=tooltip).mark_rule(opacity=0.45)
    shape = alt.Shape("model:N", scale=signs(_names(bins), SHAPES))
    title = TitleParams("Calibration by score decile", subtitle="bars: 95% interval; grey: perfect calibration")
    marks = base.encode(shape=shape).mark_point(filled=True, size=55, opacity=1)
    return kit.panel(title, kit.diagonal(dashed=False), whiskers, base.mark_line(strokeWidth=1, opacity=0.6), marks)


def score_pair(shares: pd.DataFrame) -> alt.LayerChart:
    """The share of loans at each score of both."""
    middle = shares.assign(score=(shares["score_from"] + shares["score_to"]) / 2)
    base = _by_model(middle).encode(
        x=alt.X("score:Q", scale=kit.UNIT, axis=kit.percent_axis("score")),
        y=alt.Y("share:Q", axis=kit.percent_axis("share of loans")),
        tooltip=[alt.Tooltip("model:N"), *kit.share_tips("score_from", "score_to", "share")],
    )
    title = TitleParams("Score distributions", subtitle="share of the same loans by score")
    return kit.panel(title, base.mark_line(strokeWidth=2, interpolate="step"))


def _by_model(frame: pd.DataFrame) -> alt.Chart:
    names = _names(frame)
    chart: alt.Chart = rows_chart(frame).encode(
        color=alt.Color("model:N", scale=signs(names, COLORS[: len(names)])),
        strokeDash=alt.StrokeDash("model:N", scale=signs(names, DASHES[: len(names)])),
    )
    return chart


def _names(frame: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(frame["model"]))
