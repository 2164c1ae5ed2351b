"""The champions over time: a bar for each period."""

import altair as alt
import pandas as pd

from jobs.charts.kit import BLUE, GREY, rows_chart

ROW, AXIS = 26, 40  # pixels of height for each champion, and for the axis under them


def champion_timeline(periods: pd.DataFrame, form: str = "%-d %b %Y") -> alt.Chart:
    """A bar for each period, a line for each version, the present champion coloured; `form` is the format of times.

    Columns: version, since, until (times without zone), role (`champion` or `past`), for (the duration in words).
    """
    order = list(dict.fromkeys(periods["version"]))
    tips = [
        alt.Tooltip("version:N"),
        *(alt.Tooltip(f"{name}:T", format="%-d %b %Y %H:%M") for name in ("since", "until")),
    ]
    chart: alt.Chart = (
        rows_chart(periods)
        .mark_bar(height=9, cornerRadius=2)
        .encode(
            x=alt.X("since:T", title=None, axis=alt.Axis(format=form, labelOverlap="greedy", tickCount=6)),
            x2="until:T",
            y=alt.Y("version:N", sort=order, axis=alt.Axis(ticks=False, domain=False, labelLimit=170)),
            color=alt.Color("role:N", scale=alt.Scale(domain=["champion", "past"], range=[BLUE, GREY]), legend=None),
            tooltip=[*tips, alt.Tooltip("for:N")],
        )
        .properties(height=ROW * len(order) + AXIS)
    )
    return chart
