"""One table: what it is, its first rows with personal data masked, its columns, and its last versions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from console.app.deployment import deployment, ledger
from console.components.csv_export import csv_bytes
from console.components.elements import callout, count
from console.components.legacy import description_list, grid, link_html
from console.components.table import bytes_text, columns, digest_html
from console.components.times import time_html
from console.data.masking import personal_columns
from console.data.query import PREVIEW, WHOLE, Preview, current, may_be_whole, preview, publications, whole
from engine.documents.values import Document
from storage.db.ledger import LedgerRow
from storage.errors import LoanwatchError
from storage.lake.datamart import Datamart, TableVersion

PREVIEW_SHEET = """<style>
.st-key-preview .lw-scroll { max-height: 30rem; overflow: auto; }
.st-key-preview .lw-table td { white-space: nowrap; }
.st-key-preview .lw-table th { position: sticky; top: 0; background: light-dark(#ffffff, #0e1117); }
</style>"""
PARTS = ["Preview", "Columns", "Versions"]


def table_part(table: Document) -> None:
    """Everything about one published table."""
    st.header(table["table"])
    version = current(table["table"])
    if version is None:
        return
    published = datetime.fromisoformat(table["published_at"]).astimezone(UTC)
    path = f'<span class="lw-mono">{escape(table["path"])}</span>' if table["path"] else "none: it is between two tasks"
    parts = "1 file" if len(version.parts) == 1 else f"{count(len(version.parts))} files"
    run = link_html("run", table["run_id"], run_id=table["run_id"])
    description_list(
        {
            "Rows": f"{count(table['rows'])} in {parts}",
            "Size": bytes_text(table["bytes"]),
            "Version": f'<span class="lw-mono">{escape(version.version)}</span>',
            "Digest": digest_html(table["digest"]),
            "Published": f"{time_html(published, ledger().clock())} by {run}",
            "Read it at": path,
        }
    )
    try:
        found = preview(version)
    except LoanwatchError as error:
        callout("bad", "This table can't be read", str(error), "Run the pipeline that makes it again, with `--force`.")
        found = None
    tabs = st.tabs(PARTS, key="part", bind="query-params")
    if tabs[0].open and found is not None:
        with tabs[0]:
            _preview_part(version, found)
    elif tabs[1].open and found is not None:
        with tabs[1]:
            _columns_part(found)
    elif tabs[2].open:
        with tabs[2]:
            _versions_part(publications(version.table), version)


def _preview_part(version: TableVersion, found: Preview) -> None:
    hidden = [name for name in found.types if name.lower() in personal_columns()]
    first = min(version.rows, PREVIEW)
    told = (
        f"The first {first} of {count(version.rows)} rows."
        if version.rows > first
        else f"All {count(version.rows)} rows."
    )
    st.caption(told + (f" Masked, as personal: {', '.join(hidden)}." if hidden else ""))
    numbers = [name for name, kind in found.types.items() if kind.startswith(("int", "double", "float"))]
    rows = [[_cell(value) for value in row] for row in found.rows.itertuples(index=False, name=None)]
    st.html(PREVIEW_SHEET)
    with st.container(key="preview"):
        grid(f"The first rows of {version.table}, masked", columns(*found.types, numbers=numbers), rows)
    name = version.table.replace(".", "_")
    with st.container(horizontal=True):
        st.download_button(
            f"These {first} rows as CSV",
            partial(csv_bytes, found.rows),
            f"{name}_first_{first}.csv",
            "text/csv",
            key="csv-preview",
            on_click="ignore",
        )
        if may_be_whole(version):
            st.download_button(
                f"All {count(version.rows)} rows as CSV",
                partial(_whole_csv, deployment().datamart, version),
                f"{name}.csv",
                "text/csv",
                key="csv-whole",
                on_click="ignore",
            )
    if version.table.startswith("gold.") and not may_be_whole(version):
        st.caption(f"Above {WHOLE:,} rows there is no download of the whole: read the file named above.")


def _whole_csv(datamart: Datamart, version: TableVersion) -> bytes:
    return csv_bytes(whole(datamart, version))


def _cell(value: Any) -> str:
    if pd.isna(value):
        return '<span class="lw-note">null</span>'
    return escape(f"{value:.6g}" if isinstance(value, float) else str(value))


def _columns_part(found: Preview) -> None:
    rows = [
        [str(n), escape(name), escape(kind), "masked here: personal" if name.lower() in personal_columns() else ""]
        for n, (name, kind) in enumerate(found.types.items(), 1)
    ]
    grid("Columns in their order", columns("", "Column", "Type", "Note", numbers=[""]), rows)


def _versions_part(found: Sequence[LedgerRow], version: TableVersion) -> None:
    heads = columns("Published", "Version", "Rows", "Size", "Digest", "Published by", "Files", numbers=["Rows", "Size"])
    now = ledger().clock()
    rows = [
        [
            time_html(row.published_at, now),
            f'<span class="lw-mono">{escape(row.version)}</span>',
            count(row.rows),
            bytes_text(row.bytes),
            digest_html(row.digest),
            link_html("run", row.run_id, run_id=row.run_id),
            _files(row, version.version),
        ]
        for row in found
    ]
    grid("The last published versions, newest first", heads, rows, strong=[0])
    st.caption(
        "Old versions keep their files for time travel while a model was trained on them, and the last few besides."
    )


def _files(row: LedgerRow, present: str) -> str:
    if row.removed_at is not None:
        return f"removed {time_html(row.removed_at, ledger().clock())}"
    return "in use" if row.version == present else "kept"
