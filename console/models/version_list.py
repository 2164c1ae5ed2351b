"""The list of versions: newest first, page by page; a click on a row opens that version."""

from datetime import UTC
from typing import Any

import pandas as pd
import streamlit as st

from console.app.navigation import run_address
from console.components.theme import STATES
from console.components.times import viewer_zone
from console.models.query import PAGE, RegistryPage, selected_metrics
from engine.documents.candidates import interval_text
from jobs.modelling.promotion.outcome import outcome
from storage.db.ledger import LedgerRow
from storage.ledger.approvals import Approval

CHAMPION, ANCHOR = f"{STATES['champion'][0]} champion", "anchor"
ROWS_SHOWN = 12
ROW, HEAD = 35, 37  # pixels


def version_list(page: RegistryPage, version: str | None) -> None:
    """Shows the page of the registry as a table in which `version` is selected."""
    frame = list_frame(page)
    versions = frame["Version"].tolist()
    key = f"versions-{versions[0]}-{version if version not in versions else ''}"
    selected = [versions.index(version)] if version in versions else []
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        row_height=ROW,
        height=HEAD + ROW * min(len(frame), ROWS_SHOWN),
        on_select=lambda: _choose(key, versions),
        selection_mode="single-row",
        selection_default={"selection": {"rows": selected}},
        column_config=_column_config(),
        alt=f"{len(frame)} of {page.count} model versions, newest first, with their test AUC.",
    )


def list_frame(page: RegistryPage) -> pd.DataFrame:
    """A row for each version: model, features, test AUC with interval, and the outcome of its promotion test."""
    return pd.DataFrame([_row(row, page) for row in page.rows])


def outcome_text(summary: dict[str, Any], approval: Approval | None = None) -> str:
    """The outcome of the promotion test and of the approval, with the reason if the model was not promoted."""
    found = outcome(summary.get("promotion"), vars(approval) if approval else None)
    return f"{found.sign} {found.words}{f': {found.reason}' if found.words == 'not promoted' else ''}"


def role(version: str, champion: str | None, anchor: str | None) -> str:
    """`champion`, `anchor`, both or neither."""
    return ", ".join(name for name, held in ((CHAMPION, champion), (ANCHOR, anchor)) if held == version)


def _row(row: LedgerRow, page: RegistryPage) -> dict[str, Any]:
    metrics = selected_metrics(row.summary, row.model_name)
    made = row.created_at.replace(tzinfo=row.created_at.tzinfo or UTC).astimezone(viewer_zone())
    return {
        "Version": row.version,
        "Role": role(row.version, page.champion, page.anchor),
        "Model": row.model_name,
        "Features": row.summary.get("feature_set"),
        "Test AUC": metrics.get("test_auc"),
        "95% interval": interval_text(metrics),
        "Test loans": row.summary.get("rows", {}).get("test", {}).get("loans"),
        "Made": made.replace(tzinfo=None),
        "Promotion test": outcome_text(row.summary, page.approvals.get(row.version)),
        "Run": run_address(row.run_id),
    }


def _column_config() -> dict[str, Any]:
    return {
        "Version": st.column_config.TextColumn(width=135),
        "Role": st.column_config.TextColumn(width=140),
        "Model": st.column_config.TextColumn(width=225),
        "Features": st.column_config.TextColumn(width=95),
        "Test AUC": st.column_config.NumberColumn(format="%.3f", width=75),
        "95% interval": st.column_config.TextColumn(width=115),
        "Test loans": st.column_config.NumberColumn(format="localized", width=80),
        "Made": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", width=140),
        "Promotion test": st.column_config.TextColumn(width=300),
        "Run": st.column_config.LinkColumn(display_text=r"run_id=(.*)$", width=200),
    }


def _choose(key: str, versions: list[str]) -> None:
    """Sets the version of the address to the one whose row was clicked; a second click leaves it."""
    rows = st.session_state[key].selection.rows
    if rows:
        st.query_params["version"] = versions[rows[0]]


def page_of(names: list[str], version: str | None) -> int:
    """The page (from 1) that lists a version; the first for one that is not in the list."""
    return names.index(version) // PAGE + 1 if version in names else 1
