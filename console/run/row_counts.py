"""The accounts of a run, the versions that it read, and its outputs."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment
from console.app.navigation import model_link, run_link
from console.components.accounts import show_accounts
from console.components.elements import (
    Text,
    code_html,
    count,
    description_list,
    empty,
    join,
    note_html,
    state_html,
)
from console.components.table import columns, table
from console.run.header import numbers
from console.run.query import RunView
from engine.documents.runs import outputs, values_of
from jobs.accounting.statements import accounts_of, remarks_of
from storage.db.ledger import LedgerRow


def accounting(view: RunView) -> None:
    """Shows the accounts of the run, of cached tasks those of the run that computed them."""
    values = values_of(view.tasks)
    accounts = accounts_of(values)
    if accounts:
        show_accounts(accounts, remarks_of(values))
    else:
        empty("Nothing counted yet", "The records, rows, nulls, customers and loans of the run will be counted here.")


def versions(view: RunView) -> None:
    """Shows the versions that a run read, and its tables, model, report and decision."""
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
    rows: list[list[Text]] = [[code_html(name), _version(version)] for name, version in read.items()]
    if champion:
        rows.append(["champion model", code_html(champion)])
    table("Versions that the run read", columns("Table", "Version: the run that made it"), rows)


def _made(view: RunView, made: Mapping[str, Any]) -> None:
    if made["tables"]:
        published = view.run.state == "succeeded"
        if not published and not view.active:
            st.caption("Not published, because the run did not succeed; a resumed run can use them.")
        rows = [
            [code_html(name), count(one["rows"]), _version(one["version"], view.run.run_id)]
            for name, one in sorted(made["tables"].items())
        ]
        table("Versions that the run made", columns("Table", "Rows", "Version", numbers=["Rows"]), rows)
    rest: dict[str, Text] = {}
    if made.get("model"):
        rest["Model"] = model_link(made["model"])
    if made.get("report"):
        rest["Report"] = code_html(made["report"])
    if rest:
        description_list(rest)
    if view.decision is not None:
        _decision(view.decision)
    elif not made["tables"] and not rest:
        empty(
            "No outputs yet" if view.active else "No outputs",
            "Tables, models and reports of the run are listed here.",
        )


def _decision(row: LedgerRow) -> None:
    states = join([state_html(row.status), state_html(row.action)], " ")
    requested = join(["requested ", run_link(row.requested_run_id)]) if row.requested_run_id else ""
    description_list(
        {"Decision": join([states, row.reason, requested], Markup("<br>")), "Numbers": numbers(row.numbers)}
    )


def _version(version: str, own: str = "") -> Text:
    return note_html("this run") if version == own else run_link(version)
