"""The Data page: the look-up of a customer or a loan, then extracts, their columns, tables, accounting, quarantine."""

from collections.abc import Callable
from datetime import datetime

import pandas as pd
import streamlit as st

from console.app.navigation import run_address
from console.components.elements import callout, empty
from console.components.keyboard import row_choice
from console.components.table import bytes_text
from console.components.times import viewer_zone
from console.data.columns import show_columns
from console.data.extracts import show_extracts
from console.data.flagged_loans import show_flagged_loans
from console.data.lookup import show_lookup
from console.data.quarantine import show_quarantine
from console.data.query import newest_flagged_loans, newest_training, tables
from console.data.row_accounting import show_row_accounting
from console.data.table_detail import show_table
from engine.documents.values import Document
from storage.lake.names import split_name

VIEWS = ["Extracts", "Columns", "Tables", "Row accounting", "Quarantine"]
LIST = "tables"
ROW, HEAD = 35, 37  # pixels


def data_page() -> None:
    """The whole page."""
    st.title("Data")
    if show_lookup():
        return
    views = st.tabs(VIEWS, key="view", bind="query-params", default="Tables" if "table" in st.query_params else None)
    show: tuple[Callable[[], None], ...] = (
        show_extracts,
        show_columns,
        lambda: _show_tables(tables()),
        _show_row_accounting,
        lambda: show_quarantine(tables()),
    )
    for view, show_view in zip(views, show, strict=True):
        if view.open:
            with view:
                show_view()


def _show_row_accounting() -> None:
    show_row_accounting(newest_training())
    show_flagged_loans(newest_flagged_loans())


def _show_tables(published: list[Document]) -> None:
    if not published:
        empty(
            "No tables yet",
            "The tables of every layer, where each row went, and what could not be read will be here.",
            "Put the extracts into the home's `data` folder, then type `python -m engine run training`.",
        )
        return
    names = [document["table"] for document in published]
    requested = st.query_params.get("table")
    rows = [names.index(requested)] if requested in names else []
    key = f"{LIST}-{len(names)}"
    row_choice("Go to a table", "table", names)
    st.dataframe(
        list_frame(published),
        key=key,
        hide_index=True,
        row_height=ROW,
        height=HEAD + ROW * min(len(names), 12),
        on_select=lambda: _select(key, names),
        selection_mode="single-row",
        selection_default={"selection": {"rows": rows}},
        column_config={
            "Rows": st.column_config.NumberColumn(format="localized"),
            "Published": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            "Run": st.column_config.LinkColumn(display_text=r"run_id=(.*)$"),
        },
        alt=f"The {len(names)} published tables with rows, size and the run that made them.",
    )
    if requested is None:
        st.caption("Select a table to see its columns, its first rows and its last versions.")
    elif requested not in names:
        callout("warn", "There is no such table", f"No published table is named {requested}; select one in the list.")
    else:
        show_table(published[names.index(requested)])


def list_frame(published: list[Document]) -> pd.DataFrame:
    """A row for each published table."""
    rows = []
    for document in published:
        layer, name = split_name(document["table"])
        at = datetime.fromisoformat(document["published_at"]).astimezone(viewer_zone()).replace(tzinfo=None)
        rows.append(
            {
                "Layer": layer,
                "Table": name,
                "Rows": document["rows"],
                "Size": bytes_text(document["bytes"]),
                "Version": document["version"],
                "Digest": document["digest"][:12],
                "Published": at,
                "Run": run_address(document["run_id"]),
            }
        )
    return pd.DataFrame(rows)


def _select(key: str, names: list[str]) -> None:
    rows = st.session_state[key].selection.rows
    if rows:
        st.query_params["table"] = names[rows[0]]


data_page()
