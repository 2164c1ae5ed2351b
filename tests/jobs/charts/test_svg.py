"""Charts as SVG: escaped, without ids, the same each time."""

import altair as alt
import pandas as pd

from jobs.charts.candidates import interval_chart
from jobs.charts.svg import drawing

HOSTILE = '</text><script>x</script> & "'


def chart_of(name: str) -> alt.LayerChart:
    frame = pd.DataFrame([{"name": name, "auc": 0.8, "low": 0.7, "high": 0.9, "role": "selected"}])
    return interval_chart(frame, 0.7).properties(title="Test AUC")


def test_the_same_chart_gives_the_same_svg_whatever_was_drawn_before() -> None:
    first = drawing(chart_of("a"))
    drawing(chart_of("b"))
    assert drawing(chart_of("a")) == first
    assert "id=" not in first.svg
    assert (first.title, first.subtitle) == ("Test AUC", "")


def test_texts_are_escaped() -> None:
    found = drawing(chart_of(HOSTILE))
    assert "script" in found.svg
    assert "<script" not in found.svg
