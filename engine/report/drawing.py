"""Charts as SVG inside of the page, without a network: the same chart gives the same bytes."""

import re
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

from jobs.charts.kit import WIDTH, theme
from jobs.charts.report import VEGA_LITE

Chart = alt.LayerChart | alt.Chart
IDENTIFIER = re.compile(r'\bid="([^"]+)"')
HEIGHT = 230


def figure(name: str, chart: Chart, words: str, height: int | None = HEIGHT) -> Markup:
    """A chart under its title, described in words. `name` is unique in the page."""
    spec = _specification(chart if height is None else chart.properties(height=height))
    title = spec.pop("title", "")
    heading = title if isinstance(title, dict) else {"text": title}
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return Markup(
        '<figure><figcaption><strong>{}</strong> <span class="note">{}</span></figcaption>'
        '<div class="drawing" role="img" aria-label="{}">{}</div></figure>'
    ).format(heading["text"], heading.get("subtitle", ""), words, _inside(name, svg))


def _specification(chart: Chart) -> dict[str, Any]:
    """The chart in the light theme without margin; its marks have no names of their own for screen readers."""
    config = {**theme(), "padding": 4, "mark": {"aria": False}, "aria": False}
    spec: dict[str, Any] = chart.properties(width=WIDTH + 140, config=config).to_dict(validate=False)
    return spec


def _inside(name: str, svg: str) -> Markup:
    """The SVG for a place in the page: its ids get the name of the chart, numbered from 1.

    Vega numbers the ids of all charts of a process, so that they depend on what was drawn before.
    """
    for number, found in enumerate(dict.fromkeys(IDENTIFIER.findall(svg)), 1):
        own = f"{name}-{number}"
        svg = svg.replace(f'id="{found}"', f'id="{own}"').replace(f"url(#{found})", f"url(#{own})")
    return Markup(svg)  # noqa: S704 - Vega escapes the texts of an SVG that it makes
