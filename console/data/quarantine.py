"""Quarantine: records that could not be read, with file, line and reason."""

import pandas as pd
import streamlit as st

from console.components.elements import callout, code_html, count, empty, note, plain_markdown
from console.components.table import columns, table
from console.data.query import QUARANTINED, quarantined
from engine.documents.values import Document
from jobs.accounting.reasons import plain_reason
from storage.errors import LoanwatchError
from storage.lake.names import split_name

COLUMNS = columns("File", "Line", "Reason", "Text", numbers=["Line"])


def show_quarantine(published: list[Document]) -> None:
    """Shows the quarantined records of every dataset."""
    names = [(split_name(document["table"]), document["rows"]) for document in published]
    totals = {dataset: rows for (layer, dataset), rows in names if layer == "quarantine"}
    try:
        records = quarantined()
    except LoanwatchError as error:
        callout("bad", "Quarantine can't be read", str(error), "Run the training again, with `--force`.")
        return
    if not records:
        sentence = "All records of the last extracts could be read." if totals else "Unreadable records will be here."
        empty("Nothing in quarantine", sentence)
        return
    st.write("These records could not be read and are in no table. Fix them at the source and deliver the file again.")
    for dataset, rows in records.items():
        st.header(plain_markdown(dataset))
        _show_dataset(dataset, rows, totals.get(dataset, len(rows)))


def _show_dataset(dataset: str, rows: pd.DataFrame, total: int) -> None:
    records = f"First {QUARANTINED} of {count(total)} records" if total > len(rows) else f"Records: {count(total)}"
    note(f"{records}. Personal data is masked, or shown by its kind only.")
    cells = [
        (str(row["file"]), count(row["line"]), plain_reason(str(row["reason"])), code_html(str(row["text"])))
        for row in rows.to_dict("records")
    ]
    table(f"Quarantined records of {dataset}", COLUMNS, cells, stacked=True)
