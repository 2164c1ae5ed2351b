"""One table: what it is, its first rows with personal data masked, its columns, and its last versions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from markupsafe import Markup

from console.app.deployment import column_words, deployment, ledger
from console.app.navigation import run_link
from console.app.queries import version_of
from console.components.csv_export import csv_bytes
from console.components.elements import (
    Text,
    callout,
    code_html,
    count,
    description_list,
    join,
    note,
    note_html,
    plain_markdown,
    write_html,
)
from console.components.table import bytes_text, columns, digest_html, table
from console.components.times import time_html
from console.data.masking import personal_columns
from console.data.query import MOST_DOWNLOADED, PREVIEW, Preview, all_rows, downloadable, preview, publications
from engine.documents.values import Document
from storage.db.ledger import LedgerRow
from storage.errors import LoanwatchError
from storage.lake.datamart import Datamart, TableVersion

PREVIEW_SHEET = Markup("""<style>
.st-key-preview .lw-scroll { max-height: 30rem; overflow: auto; }
.st-key-preview .lw-scroll .lw-table :is(th, td) { white-space: nowrap; max-width: none; }
.st-key-preview .lw-table th { position: sticky; top: 0; background: var(--lw-paper); }
</style>""")
PARTS = ["Preview", "Columns", "Versions"]
COLUMNS = columns("", "Column", "Meaning", "Type", "Note", numbers=[""])
VERSIONS = columns("Published", "Version", "Rows", "Size", "Digest", "Published by", "Files", numbers=["Rows", "Size"])
NULL = note_html("null")


def show_table(document: Document) -> None:
    """Shows everything about one published table."""
    st.header(plain_markdown(document["table"]))
    version = version_of(document["table"])
    if version is None:
        return
    description_list(_description(document, version))
    try:
        rows = preview(version)
    except LoanwatchError as error:
        callout("bad", "This table can't be read", str(error), "Run the pipeline that makes it again, with `--force`.")
        rows = None
    tabs = st.tabs(PARTS, key="part", bind="query-params")
    if tabs[0].open and rows is not None:
        with tabs[0]:
            _show_preview(version, rows)
    elif tabs[1].open and rows is not None:
        with tabs[1]:
            _show_columns(version.table, rows)
    elif tabs[2].open:
        with tabs[2]:
            _show_versions(publications(version.table), version)


def _description(document: Document, version: TableVersion) -> dict[str, Text]:
    published = datetime.fromisoformat(document["published_at"]).astimezone(UTC)
    files = "1 file" if len(version.parts) == 1 else f"{count(len(version.parts))} files"
    return {
        "Rows": f"{count(document['rows'])} in {files}",
        "Size": bytes_text(document["bytes"]),
        "Version": code_html(version.version),
        "Digest": digest_html(document["digest"]),
        "Published": join([time_html(published, ledger().clock()), run_link(document["run_id"])], " by "),
        "Path": code_html(document["path"]) if document["path"] else "none: the table is internal to a pipeline",
    }


def _show_preview(version: TableVersion, head: Preview) -> None:
    personal = [name for name in head.types if name.lower() in personal_columns()]
    first = min(version.rows, PREVIEW)
    rows = (
        f"First {first} of {count(version.rows)} rows." if version.rows > first else f"All {count(version.rows)} rows."
    )
    note(rows + (f" Masked, as personal: {', '.join(personal)}." if personal else ""))
    numbers = [name for name, kind in head.types.items() if kind.startswith(("int", "double", "float"))]
    cells = [[_cell(value) for value in row] for row in head.rows.itertuples(index=False, name=None)]
    write_html(PREVIEW_SHEET)
    with st.container(key="preview"):
        table(f"The first rows of {version.table}, masked", columns(*head.types, numbers=numbers), cells)
    _show_downloads(version, head, first)


def _show_downloads(version: TableVersion, head: Preview, first: int) -> None:
    name = version.table.replace(".", "_")
    whole = downloadable(version)
    with st.container(horizontal=True):
        st.download_button(
            f"These {first} rows as CSV",
            partial(csv_bytes, head.rows),
            f"{name}_first_{first}.csv",
            "text/csv",
            key="csv-preview",
            on_click="ignore",
        )
        if whole:
            st.download_button(
                f"All {count(version.rows)} rows as CSV",
                partial(_all_rows_csv, deployment().datamart, version),
                f"{name}.csv",
                "text/csv",
                key="csv-whole",
                on_click="ignore",
            )
    if version.table.startswith("gold.") and not whole:
        note(f"Tables of more than {count(MOST_DOWNLOADED)} rows have no full download: read the files at the path.")


def _all_rows_csv(datamart: Datamart, version: TableVersion) -> bytes:
    return csv_bytes(all_rows(datamart, version))


def _cell(value: Any) -> Text:
    if pd.isna(value):
        return NULL
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _show_columns(name_of_table: str, head: Preview) -> None:
    rows = [
        (
            str(number),
            name,
            column_words(name, name_of_table),
            kind,
            "masked here: personal" if name.lower() in personal_columns() else "",
        )
        for number, (name, kind) in enumerate(head.types.items(), 1)
    ]
    table("Columns in their order", COLUMNS, rows, stacked=True)


def _show_versions(rows: Sequence[LedgerRow], current: TableVersion) -> None:
    now = ledger().clock()
    cells = [
        (
            time_html(row.published_at, now),
            code_html(row.version),
            count(row.rows),
            bytes_text(row.bytes),
            digest_html(row.digest),
            run_link(row.run_id),
            _files(row, current.version, now),
        )
        for row in rows
    ]
    table("The last published versions, newest first", VERSIONS, cells, strong=[0])
    st.caption(
        "The files of an old version are kept while a model was trained on it, and those of the last few versions."
    )


def _files(row: LedgerRow, current: str, now: datetime) -> Text:
    if row.removed_at is not None:
        return Markup("removed {}").format(time_html(row.removed_at, now))
    return "in use" if row.version == current else "kept"
