"""The newest row of every dataset, and which datasets are stale."""

from datetime import date

import streamlit as st

from console.app.deployment import deployment, ledger
from console.components.elements import Text, count, note, state_html, with_code
from console.components.table import columns, table
from console.components.times import day
from engine.documents.extracts import extracts_document
from engine.documents.values import Document

HEADS = columns("Dataset", "Newest row", "Expected", "State")


def show_newest_rows() -> None:
    """Shows a line for each dataset; nothing before the first run."""
    with ledger().reading() as connection:
        rows = extracts_document(connection, deployment())
    if not rows:
        return
    st.header("Newest row of each dataset", anchor=False)
    table("The newest row of each dataset, its age and its cadence", HEADS, map(_cells, rows), stacked=True)
    for row in rows:
        if row["advice"]:
            note(with_code(row["advice"]))
    note(f"Counted on {day(date.fromisoformat(rows[0]['as_of']))}, the newest as-of date of a successful run.")


def _cells(row: Document) -> list[Text]:
    newest = day(date.fromisoformat(row["newest"])) if row["newest"] else "-"
    if row["days"] is not None:
        newest += f", {count(row['days'])} days before {day(date.fromisoformat(row['until']))}"
    return [row["dataset"], newest, f"within {count(row['cadence'])} days", state_html(row["state"])]
