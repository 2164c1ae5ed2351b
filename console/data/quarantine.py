"""Quarantine: records that could not be read, with file, line and reason."""

from html import escape

import pandas as pd
import streamlit as st

from console.components.elements import callout, count, empty
from console.components.legacy import grid
from console.components.table import columns
from console.data.query import QUARANTINED, quarantined
from engine.documents.values import Document
from storage.errors import LoanwatchError


def quarantine_part(published: list[Document]) -> None:
    """The quarantined records of every dataset."""
    totals = {
        one["table"].partition(".")[2]: one["rows"] for one in published if one["table"].startswith("quarantine.")
    }
    try:
        found = quarantined()
    except LoanwatchError as error:
        callout("bad", "Quarantine can't be read", str(error), "Run the training again, with `--force`.")
        return
    if not found:
        told = (
            "All records of the last extracts could be read." if totals else "Records that can't be read will be here."
        )
        empty("Nothing in quarantine", told)
        return
    st.write(
        "These records could not be read and are in no table. Mend them at their source and deliver the extract again."
    )
    for dataset, rows in found.items():
        st.header(dataset)
        _dataset(rows, totals.get(dataset, len(rows)), dataset)


def _dataset(rows: pd.DataFrame, total: int, dataset: str) -> None:
    shown = f"The first {QUARANTINED} of {count(total)} records" if total > len(rows) else f"Records: {count(total)}"
    st.caption(f"{shown}. Personal data is masked, or shown by its kind only.")
    cells = [
        [
            escape(str(row["file"])),
            count(row["line"]),
            escape(str(row["reason"])),
            f'<span class="lw-mono">{escape(str(row["text"]))}</span>',
        ]
        for row in rows.to_dict("records")
    ]
    grid(f"Quarantined records of {dataset}", columns("File", "Line", "Reason", "Text", numbers=["Line"]), cells)
