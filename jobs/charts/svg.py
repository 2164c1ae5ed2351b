"""Charts as SVG for a page that needs no network: the same chart gives the same bytes."""

from dataclasses import dataclass

import altair as alt
import vl_convert

from jobs.charts.kit import WIDTH, theme
from jobs.charts.report import VEGA_LITE

Chart = alt.LayerChart | alt.Chart
MORE_WIDTH = 140  # points beside the usual width, for the width of a sheet of paper


@dataclass(frozen=True)
class Drawing:
    """A chart without its title and subtitle, which a page shows as text."""

    title: str
    subtitle: str
    svg: str


def drawing(chart: Chart, height: int | None = None) -> Drawing:
    """The chart in the light theme, of its own height for None.

    No chart clips its marks, so that no SVG has an id: several of them stand in one page. Texts are escaped in the SVG.
    Its marks have no names for screen readers, so a page describes it.
    """
    sized = chart if height is None else chart.properties(height=height)
    config = {**theme(), "padding": 4, "mark": {"aria": False}, "aria": False}
    spec = sized.properties(width=WIDTH + MORE_WIDTH, config=config).to_dict(validate=False)
    title = spec.pop("title", "")
    heading = title if isinstance(title, dict) else {"text": title}
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return Drawing(heading["text"], heading.get("subtitle", ""), svg)
