"""The Data page: published tables, where every row went, and what could not be read."""

from datetime import datetime

import pandas as pd
import streamlit as st

from console.components.elements import callout, empty
from console.components.table import bytes_text
from console.components.times import viewer_zone
from console.data.quarantine import quarantine_part
from console.data.query import newest_training, tables
from console.data.row_accounting import accounting_part
from console.data.table_detail import table_part
from engine.documents.values import Document

VIEWS = ["Tables", "Row accounting", "Quarantine"]
LIST = "tables"
ROW, HEAD = 35, 37  # pixels


def data_page() -> None:
    """The whole page."""
    st.title("Data")
    published = tables()
    if not published:
        empty(
            "No tables yet",
            "The tables of every layer, where each row went, and what could not be read will be here.",
            "Put the four extracts into the home's `data` folder, then type `python -m engine run training`.",
        )
        return
    views = st.tabs(VIEWS, key="view", bind="query-params")
    if views[0].open:
        with views[0]:
            _tables(published)
    elif views[1].open:
        with views[1]:
            accounting_part(newest_training())
    else:
        with views[2]:
            quarantine_part(published)


def _tables(published: list[Document]) -> None:
    names = [one["table"] for one in published]
    asked = st.query_params.get("table")
    marked = [names.index(asked)] if asked in names else []
    key = f"{LIST}-{len(names)}"
    st.dataframe(
        list_frame(published),
        key=key,
        hide_index=True,
        row_height=ROW,
        height=HEAD + ROW * min(len(names), 12),
        on_select=lambda: _choose(key, names),
        selection_mode="single-row",
        selection_default={"selection": {"rows": marked}},
        column_config={
            "Rows": st.column_config.NumberColumn(format="localized"),
            "Published": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            "Run": st.column_config.LinkColumn(display_text=r"run_id=(.*)$"),
        },
        alt=f"The {len(names)} published tables with rows, size and the run that made them.",
    )
    if asked is None:
        st.caption("Choose a table for its columns, its first rows and its last versions.")
    elif asked not in names:
        callout("warn", "There is no such table", f"No published table is named {asked}; choose one of the list.")
    else:
        table_part(published[names.index(asked)])


def list_frame(published: list[Document]) -> pd.DataFrame:
    """A row for each published table."""
    rows = []
    for one in published:
        layer, _, name = one["table"].partition(".")
        at = datetime.fromisoformat(one["published_at"]).astimezone(viewer_zone()).replace(tzinfo=None)
        rows.append(
            {
                "Layer": layer,
                "Table": name,
                "Rows": one["rows"],
                "Size": bytes_text(one["bytes"]),
                "Version": one["version"],
                "Digest": one["digest"][:12],
                "Published": at,
                "Run": f"/run?run_id={one['run_id']}",
            }
        )
    return pd.DataFrame(rows)


def _choose(key: str, names: list[str]) -> None:
    rows = st.session_state[key].selection.rows
    if rows:
        st.query_params["table"] = names[rows[0]]


data_page()
