"""The accounts of a run, and the versions of tables that it read and made."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from console.app.deployment import deployment
from console.app.navigation import model_link, page_link, run_link
from console.components.accounts import show_accounts
from console.components.elements import (
    Text,
    code_html,
    count,
    empty,
    note_html,
)
from console.components.table import columns, table
from console.run.query import RunView
from engine.control.trials import is_trial
from engine.documents.runs import outputs, values_of
from jobs.accounting.statements import accounts_of, remarks_of


def accounting(view: RunView) -> None:
    """Shows the accounts of the run, of cached tasks those of the run that computed them."""
    values = values_of(view.tasks)
    accounts = accounts_of(values)
    if accounts:
        show_accounts(accounts, remarks_of(values))
    elif view.active:
        empty("Nothing counted yet", "The records, rows, nulls, customers and loans of the run will be counted here.")
    else:
        empty("Nothing counted", "The run ended before it counted records or rows.")


def versions(view: RunView) -> None:
    """Shows the versions of tables that a run read and made."""
    read, made = inputs(view), outputs(view.tasks)
    left, right = st.columns(2)
    with left:
        st.subheader("Read")
        _read(view, read)
    with right:
        st.subheader("Made")
        _made(view, made)


def inputs(view: RunView) -> dict[str, str]:
    """The versions of tables that were published before the run and that it read, by table.

    The snapshot has all published tables. A table that the run itself makes before it reads it is left out.
    """
    snapshot: dict[str, str] = view.run.snapshot.get("tables", {})
    pipeline = deployment().pipelines.get(view.run.pipeline)
    if pipeline is None:
        return dict(sorted(snapshot.items()))
    read = {name for task in pipeline.tasks for name in task.reads if pipeline.maker(name) in (None, task.name)}
    return {name: version for name, version in sorted(snapshot.items()) if name in read}


def _read(view: RunView, read: Mapping[str, str]) -> None:
    champion = view.run.snapshot.get("champion")
    if not read and not champion:
        early = "The versions are chosen when the run starts." if view.active else "The run read no published tables."
        empty("No published version", early)
        return
    rows: list[list[Text]] = [[_table_link(name), _version(version)] for name, version in read.items()]
    if champion:
        rows.append(["champion model", model_link(champion)])
    table("Versions that the run read", columns("Table", "Version: the run that made it"), rows)


def _made(view: RunView, made: Mapping[str, Any]) -> None:
    if made["tables"]:
        named = code_html if is_trial(view.run) or view.run.state != "succeeded" else _table_link
        rows = [
            [named(name), count(one["rows"]), _version(one["version"], view.run.run_id)]
            for name, one in sorted(made["tables"].items())
        ]
        table("Versions that the run made", columns("Table", "Rows", "Version", numbers=["Rows"]), rows)
    elif view.active:
        empty("No tables yet", "The tables of the run will be listed here.")
    else:
        empty("No tables", "The run made no tables.")


def _table_link(name: str) -> Text:
    """The name of a published table, with a link to its columns, rows and versions on the Data page."""
    return page_link("data", code_html(name), table=name)


def _version(version: str, own: str = "") -> Text:
    return note_html("this run") if version == own else run_link(version)
