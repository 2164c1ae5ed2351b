"""Charts over deliveries, drawn for real."""

from typing import Any

import altair as alt
import pandas as pd
import pytest
from altair import TitleParams

from jobs.charts.deliveries import NUMBER, OTHERS, SHARE, by_delivery, levels_by_delivery
from jobs.charts.report import dashboard_png, themed

FRAME = pd.DataFrame(
    {
        "label": ["1 Jan|2025|1", "1 Feb||2", "1 Mar||3"],
        "delivery": [1, 2, 3],
        "as_of": ["2025-01-01", "2025-02-01", "2025-03-01"],
        "rejected": [False, False, True],
        "median": [27.0, None, 0.27],
        "missing_share": [0.0, 1.0, 0.0],
        "low": ["2024-01-01", None, "2024-03-01"],
    }
)


def rows(chart: alt.LayerChart) -> list[dict[str, Any]]:
    layer = chart.to_dict()
    (found,) = layer["datasets"].values() if "datasets" in layer else [layer["layer"][0]["data"]["values"]]
    return list(found)


@pytest.mark.parametrize("tone", ["light", "dark"])
@pytest.mark.parametrize("name", ["median", "missing_share", "low"])
def test_lines_are_drawn_with_the_values_there_are(name: str, tone: Any) -> None:
    form = SHARE if name == "missing_share" else NUMBER
    chart = by_delivery(FRAME, TitleParams("x", subtitle="y"), {name: "number"}, form)
    assert chart.to_dict()["title"]["subtitle"] == "y; cross: rejected"
    there = FRAME[name].dropna() + ("T00:00:00.000" if name == "low" else 0)  # local time, as that of the axis
    assert [row["value"] for row in rows(chart)] == there.tolist()
    assert dashboard_png(themed(chart, tone), scale=1).startswith(b"\x89PNG")


def test_without_values_the_panel_says_so() -> None:
    chart = by_delivery(FRAME.assign(median=None), TitleParams("x", subtitle=""), {"median": "median"})
    assert "No values" in str(chart.to_dict())


def test_the_sixth_level_and_the_rest_are_others() -> None:
    shares = {"a": 0.3, "b": 0.2, "c": 0.15, "d": 0.1, "e": 0.08, "f": 0.07, OTHERS: 0.1}
    frame = pd.concat([FRAME.iloc[[0]].assign(level=level, share=share) for level, share in shares.items()])
    chart = levels_by_delivery(frame, TitleParams("x", subtitle="y"))
    found = {row["level"]: row["share"] for row in rows(chart)}
    assert found == {name: share for name, share in shares.items() if name not in ("f", OTHERS)} | {
        OTHERS: pytest.approx(0.17)
    }
    assert dashboard_png(themed(chart), scale=1).startswith(b"\x89PNG")
