"""The columns of a dataset: what the newest delivery held, what changed, and one column over all deliveries."""

from collections.abc import Sequence
from datetime import date

import streamlit as st
from markupsafe import Markup

from console.app.deployment import column_words, deployment, ledger
from console.app.navigation import run_link
from console.components.chart_panel import PANEL_SHEET, show_panel
from console.components.elements import Text, callout, count, empty, join, named_html, note, sign_html, write_html
from console.components.table import columns, filled, table
from console.components.times import day
from console.data.column_panels import column_panels
from engine.documents.profiles import deliveries_document, number_in_words
from engine.documents.values import Document

MOST_DELIVERIES = 60  # of a dataset, the newest
MOST_FILES = 3  # that are named
NUMBERS = ["Missing", "Unreadable", "Distinct", "Median", "Mean", "Lowest", "Highest"]
COLUMNS_SHEET = Markup("""<style>
.lw-changes { margin: 0 0 0.4rem; padding-left: 1.2rem; }
@media (max-width: 640px) { .st-key-columns [data-testid="stHorizontalBlock"] { row-gap: 0.6rem; } }
</style>""")
LAST = ("Most frequent", "Since the last delivery")
HEADS = columns("Column", "Kind", *NUMBERS, *LAST, numbers=NUMBERS)


def show_columns() -> None:
    """Shows the columns of the dataset that is chosen."""
    write_html(PANEL_SHEET + COLUMNS_SHEET)
    names = list(deployment().book.by_dataset)
    with st.container(key="columns"):
        _show_dataset(names)


def _show_dataset(names: Sequence[str]) -> None:
    """Shows the selectors and what they select."""
    place, other = st.columns(2, gap="large")
    with place:
        dataset = st.selectbox("Dataset", names, key="dataset", bind="query-params")
    with ledger().reading() as connection:
        deliveries = deliveries_document(connection, deployment().book, dataset, MOST_DELIVERIES)
    if not deliveries:
        empty(
            f"No deliveries of {dataset} yet",
            "What each column held, delivery by delivery, will be here once a run has read the extract.",
            "Type `python -m engine run training`.",
        )
        return
    newest = deliveries[-1]
    with other:
        name = st.selectbox("Column", ranked_columns(newest), key=f"column-{dataset}")
    _show_delivery(newest)
    _show_changes(newest)
    _show_panels(dataset, deliveries, name)
    st.header("Columns of the newest delivery")
    rows = [_row(dataset, newest, each) for each in newest["columns"]]
    table(f"The columns of {dataset} in the newest delivery", *filled(HEADS, rows, LAST))
    _show_estimates(newest)


def ranked_columns(delivery: Document) -> list[str]:
    """The columns, those first that changed since the delivery before."""
    names = [column["name"] for column in delivery["columns"]]
    changed = [change["column"] for change in delivery["changes"] if change["column"] in names]
    return list(dict.fromkeys([*changed, *names]))


def _show_delivery(delivery: Document) -> None:
    files = delivery["files"]
    named = ", ".join(files) if len(files) <= MOST_FILES else f"{count(len(files))} files"
    first = day(date.fromisoformat(delivery["as_of"]))
    sentence = Markup("<p>Newest delivery: {}, {} rows, first read as of {} by {}.</p>")
    write_html(sentence.format(named, count(delivery["rows"]), first, run_link(delivery["run_id"])))
    if delivery["rejected"]:
        callout("bad", "This delivery was rejected", delivery["rejected"], "The last good tables stay.")


def _show_changes(delivery: Document) -> None:
    """What changed since the last delivery that was used."""
    st.header("Since the last delivery")
    if delivery["compared_with"] is None:
        note("This is the first delivery, so there is none to compare it with.")
    elif not delivery["changes"]:
        write_html(sign_html("✓", "good", "No column changed much."))
    else:
        items = join(Markup("<li>{}</li>").format(change["sentence"]) for change in delivery["changes"])
        write_html(Markup('<ul class="lw-changes">{}</ul>').format(items))


def _show_panels(dataset: str, deliveries: Sequence[Document], name: str) -> None:
    panels = column_panels(dataset, deliveries, name)
    for pair in (panels[:2], panels[2:]):
        for place, panel in zip(st.columns(2, gap="large"), pair, strict=False):
            with place:
                show_panel(panel)


def _row(dataset: str, delivery: Document, column: Document) -> list[Text]:
    told = [change["sentence"] for change in delivery["changes"] if change["column"] == column["name"]]
    since = [sentence.removeprefix(f"{column['name']}: ") for sentence in told]
    levels = [f"{level} ({rows / column['present']:.0%})" for level, rows in column.get("levels", ())[:3]]
    return [
        named_html(column_words(column["name"], dataset) or column["name"], column["name"]),
        column["kind"],
        f"{column['missing_share']:.1%}",
        f"{column['unreadable_share']:.1%}",
        *(number_in_words(column, name) for name in ("distinct", "median", "mean", "low", "high")),
        ", ".join(levels),
        f"! {'; '.join(since)}" if since else "",
    ]


def _show_estimates(delivery: Document) -> None:
    estimated = any(column.get("approximate") for column in delivery["columns"])
    words = " ~ marks an estimate: of several files, distinct values and medians are not computed exactly."
    note(
        "Missing values are empty or stand for null; unreadable ones became null for another reason. Personal columns, "
        f"identifiers and texts are counted only.{words if estimated else ''}"
    )
