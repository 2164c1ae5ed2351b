"""Charts in the page, each under its title."""

from markupsafe import Markup

from jobs.charts.svg import Chart, drawing

HEIGHT = 230
FIGURE = Markup(
    '<figure><figcaption><strong>{}</strong> <span class="note">{}</span></figcaption>'
    '<div class="drawing" tabindex="0" role="img" aria-label="{}">{}</div></figure>'
)


def figure(chart: Chart, words: str, height: int | None = HEIGHT) -> Markup:
    """A chart, described in words."""
    drawn = drawing(chart, height)
    svg = Markup(drawn.svg)  # noqa: S704 - the texts of a chart are escaped in its SVG
    return FIGURE.format(drawn.title, drawn.subtitle, words, svg)
