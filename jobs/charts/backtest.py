"""The backtest panel: the mean PD of each cohort beside its bad rate with interval and traffic light."""

import math

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import AMBER, BLUE, RED, TEAL, rows_chart, signs

LIGHTS = ["green", "amber", "red"]
COLORS, SHAPES = [TEAL, AMBER, RED], ["circle", "diamond", "triangle-up"]
NO_OUTCOMES = ("No outcomes yet", "A backtest needs loans with a known outcome.")


def backtest_by_cohort(cohorts: pd.DataFrame) -> alt.LayerChart:
    """The bad rate of each cohort with its 95% interval, coloured by its light, and the mean PD as a line.

    Columns, as in `jobs.statistics.backtest.Backtest`: cohort (`2024-01`), n, mean_pd, bad_rate, low, high, light.
    """
    title = TitleParams(
        "Backtest by origination cohort", subtitle="points: bad rate with 95% interval; line: mean PD; below: loans"
    )
    if not kit.filled(cohorts, "bad_rate"):
        return kit.empty_panel(title, *NO_OUTCOMES)
    rows = kit.months(cohorts)
    highest = float(rows[["high", "mean_pd"]].max().max())
    scale = alt.Scale(domain=[0, min(math.ceil(highest * 20 + 0.5) / 20, 1)], nice=False)
    axis = alt.Axis(format=".0%", tickCount=5)
    percents = [
        alt.Tooltip(f"{name}:Q", format=".1%", title=words)
        for name, words in (("mean_pd", "mean PD"), ("bad_rate", "bad rate"), ("low", "from"), ("high", "to"))
    ]
    base = rows_chart(rows).encode(
        x=kit.month_axis(rows), tooltip=[*kit.tips("cohort", "n"), *percents, *kit.tips("light")]
    )
    known = base.transform_filter("isValid(datum.light)")
    plain = alt.Legend(symbolStrokeWidth=0)
    color = alt.Color("light:N", scale=signs(LIGHTS, COLORS), legend=plain)
    shape = alt.Shape("light:N", scale=signs(LIGHTS, SHAPES), legend=plain)
    interval = known.encode(y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q", color=color)
    points = known.encode(y=alt.Y("bad_rate:Q", scale=scale, axis=axis), color=color, shape=shape)
    line = base.encode(y=alt.Y("mean_pd:Q", scale=scale, axis=axis))
    return kit.panel(
        title,
        line.mark_line(color=BLUE, strokeWidth=2),
        interval.mark_rule(strokeWidth=2),
        points.mark_point(filled=True, size=60, opacity=1),
    )
