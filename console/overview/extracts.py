"""How fresh each extract is: its newest row, when it was read, whether it is too old, or a newer one was refused."""

from datetime import date, datetime

import streamlit as st

from console.app.delivered import delivery_html
from console.app.navigation import page_link
from console.components.elements import Text, write_html
from console.components.table import columns, table
from console.components.times import day, time_html
from console.overview.query import Overview
from engine.documents.values import Document

COLUMNS = columns("Extract", "State", "Newest row", "How old", "Read")


def show(view: Overview) -> None:
    """Shows a row for each extract, once any was read."""
    extracts = view.reading.extracts
    if extracts:
        st.header("Extracts", anchor=False)
        table("How fresh each extract is", COLUMNS, [_cells(each, view) for each in extracts], stacked=True)
        write_html(page_link("data", "Deliveries, columns and rows on the Data page"))


def _cells(extract: Document, view: Overview) -> tuple[Text, ...]:
    newest = day(date.fromisoformat(extract["newest"])) if extract["newest"] else "-"
    age = "-"
    if extract["days"] is not None:
        until = day(date.fromisoformat(extract["until"]))
        age = f"{extract['days']} days before {until}, cadence {extract['cadence']} days"
    read = time_html(datetime.fromisoformat(extract["read_at"]), view.reading.now) if extract["read_at"] else "-"
    return extract["dataset"], delivery_html(extract, view.reading.now), newest, age, read
