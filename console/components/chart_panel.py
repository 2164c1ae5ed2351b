"""One chart of a page: heading and notes as text, the drawing as wide as its place, its numbers as a table and CSV."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

import altair as alt
import pandas as pd
import streamlit as st
from markupsafe import Markup
from streamlit.dataframe_util import convert_anything_to_arrow_bytes

from console.components.csv_export import csv_bytes
from console.components.elements import write_html
from console.components.theme import appearance, drawn
from jobs.charts.kit import STATUS_WORDS, TIP_NAMES

Made = TypeVar("Made")

HEIGHT = 290  # points, axes and legend included
SHORT, TALL = 12, 420  # rows that are shown at once; pixels of a table with more
ROW, BUTTON = 35, 60  # pixels of a row of numbers, and of the button under them
KEPT_DRAWINGS = 256
PANEL_SHEET = Markup("""<style>
.lw-title h2.lw-head { padding: 0; margin: 0; font-size: 1.05rem; font-weight: 650; letter-spacing: 0; }
[class*="st-key-panel-"] { gap: 0.3rem; padding-top: 0.6rem; }
[class*="st-key-head-"] { gap: 0; }
[class*="st-key-head-"] .lw-note { margin: 0; }
</style>""")
# Vega gives the rectangle of a drag a role without a name, and takes none. The description of the chart has it.
UNNAMED_MARKS = Markup("""<script>
if (!window.lwMarks) {
  window.lwMarks = new MutationObserver(() => document
    .querySelectorAll('g.role-mark[class*="_brush"]:not([aria-hidden])')
    .forEach((mark) => mark.setAttribute("aria-hidden", "true")));
  window.lwMarks.observe(document.body, { childList: true, subtree: true });
}
</script>""")
LEGEND_COLUMNS = "max(2, floor(width / 66))"  # as many as there is room for: a narrow chart's legend has several rows


@dataclass(frozen=True)
class Panel:
    """A chart by its name, its description for screen readers, its numbers, and the function that makes it.

    What is drawn depends on `identity` and the theme alone. `on_click` is called with the widget's key after a click;
    `switch` shows a control beside the heading that selects what is drawn. `plain_name` gives the plain name of a
    feature among the numbers.
    """

    name: str
    identity: tuple[str, ...]
    make: Callable[[], alt.LayerChart]
    description: str
    numbers: pd.DataFrame
    on_click: Callable[[str], None] | None = None
    height: int = HEIGHT
    switch: Callable[[], None] | None = None
    plain_name: Callable[[str], str] = str


@st.cache_resource(max_entries=KEPT_DRAWINGS, show_spinner=False)
def kept(
    name: str,  # noqa: ARG001 - part of the key, like identity
    identity: tuple[str, ...],  # noqa: ARG001
    _build: Callable[[], Made],
) -> Made:
    """The panel that `build` makes, for every session and as long as it is the same: its words take as long to find
    as the rest of a page. What is in it must not be changed.
    """
    return _build()


def show_panel(panel: Panel) -> None:
    """The panel, in the place that is at hand."""
    drawing = drawing_of(panel.name, panel.identity, appearance(), panel.height, panel.make)
    # Of two panels beside each other, the headings stand at one height and the drawings too.
    with st.container(key=f"panel-{panel.name}", height="stretch", vertical_alignment="distribute"):
        _head(panel, drawing)
        if panel.on_click is None or "params" not in drawing["spec"]:  # nothing to click in a drawing without numbers
            st.vega_lite_chart(spec=drawing["spec"], width="stretch", theme=None, alt=panel.description)
        else:
            key = f"chart-{panel.name}-{'-'.join(panel.identity)}"
            st.vega_lite_chart(
                spec=drawing["spec"],
                width="stretch",
                theme=None,
                alt=panel.description,
                key=key,
                on_select=partial(panel.on_click, key),
            )


def _head(panel: Panel, drawing: dict[str, Any]) -> None:
    """The heading, beside it the ways to other drawings and to the numbers, and the notes under it."""
    heading = Markup('<div class="lw-title"><h2 class="lw-head">{}</h2></div>').format(drawing["title"])
    with st.container(key=f"head-{panel.name}"):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            write_html(heading)
            with st.container(horizontal=True, wrap=False, vertical_alignment="center", width="content"):
                if panel.switch is not None:
                    panel.switch()
                _numbers(panel)
        write_html(Markup('<p class="lw-note">{}</p>').format(drawing["subtitle"]))


def _numbers(panel: Panel) -> None:
    """The table behind the chart, for those who want the numbers or can't see the drawing.

    It is made only while it is open: the tables of a page's charts take as long as all else on it.
    """
    place = st.popover(
        "Numbers", key=f"numbers-{panel.name}", type="tertiary", disabled=panel.numbers.empty, on_change="rerun"
    )
    short = len(panel.numbers) < SHORT
    if not place.open:
        # The browser chooses above or below the button by the room that is taken when it opens.
        place.container(height=BUTTON + (ROW * (len(panel.numbers) + 1) if short else TALL), border=False)
        return
    height: Literal["content"] | int = "content" if short else TALL
    labels = {name: column_label(name) for name in panel.numbers.columns}
    rows = with_plain_words(panel.numbers, panel.plain_name)
    with place:
        st.dataframe(rows, hide_index=True, width="content", height=height, column_config=labels)
        st.download_button(
            "Download CSV",
            partial(csv_bytes, panel.numbers),
            f"{panel.name}.csv",
            "text/csv",
            key=f"csv-{panel.name}",
            on_click="ignore",
        )


def column_label(name: str) -> str:
    """The heading of a column of numbers, as in the tooltips of the charts."""
    return TIP_NAMES.get(name, name.replace("reference", "baseline").replace("_", " "))


def with_plain_words(numbers: pd.DataFrame, plain_name: Callable[[str], str]) -> pd.DataFrame:
    """The numbers with the plain name before each feature and plain words for each status; the CSV has neither."""
    rows = numbers.copy()
    if "status" in rows:
        rows["status"] = rows["status"].replace(STATUS_WORDS)
    if "feature" in rows:
        names = {name: plain_name(name) for name in rows["feature"].unique()}  # one feature has a row for each date
        rows.insert(list(rows).index("feature"), "name", [names[name] for name in rows["feature"]])
    return rows


def drawing_of(
    name: str, identity: tuple[str, ...], tone: str, height: int, make: Callable[[], alt.LayerChart]
) -> dict[str, Any]:
    """Title, subtitle and specification of a chart; the page shows the title, as a heading that wraps.

    The rows in the specification are Arrow already, which Streamlit else makes of them each time that they are shown.
    """
    title, subtitle, spec, rows = _drawing_of(name, identity, tone, height, make)
    return {"title": title, "subtitle": subtitle, "spec": {**json.loads(spec), "datasets": dict(rows)}}


@st.cache_resource(max_entries=KEPT_DRAWINGS, show_spinner=False)
def _drawing_of(
    name: str,  # noqa: ARG001 - part of the key, like identity
    identity: tuple[str, ...],  # noqa: ARG001
    tone: str,  # noqa: ARG001
    height: int,
    _make: Callable[[], alt.LayerChart],
) -> tuple[str, str, str, dict[str, bytes]]:
    """Title, subtitle, the specification as JSON, and its rows by name as Arrow."""
    chart = _make()
    title = chart.title
    # What the functions of the charts build is tested; checking it anew against the schema takes half of the time.
    spec = drawn(chart.properties(height=height), plain=True).to_dict(validate=False)
    spec.pop("title", None)
    spec["config"]["legend"]["columns"] = {"expr": LEGEND_COLUMNS}
    rows = {key: convert_anything_to_arrow_bytes(found) for key, found in spec.pop("datasets", {}).items()}
    return str(title.text), str(title.subtitle), json.dumps(spec), rows
