"""The list of versions: newest first, a page at a time; choosing a row shows that version."""

from datetime import UTC
from typing import Any

import pandas as pd
import streamlit as st

from console.components.theme import STATES
from console.components.times import viewer_zone
from console.models.query import PAGE, Registry, best
from storage.db.ledger import LedgerRow

CHAMPION = f"{STATES['champion'][0]} champion"
ROWS_SHOWN = 12
ROW, HEAD = 35, 37  # pixels


def version_list(found: Registry, version: str | None) -> None:
    """The page of the registry as a table in which `version` is marked."""
    frame = list_frame(found)
    versions = frame["Version"].tolist()
    key = f"versions-{versions[0]}-{version if version not in versions else ''}"
    marked = [versions.index(version)] if version in versions else []
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        row_height=ROW,
        height=HEAD + ROW * min(len(frame), ROWS_SHOWN),
        on_select=lambda: _choose(key, versions),
        selection_mode="single-row",
        selection_default={"selection": {"rows": marked}},
        column_config=_column_config(),
        alt=f"{len(frame)} of {found.count} model versions, newest first, with their test AUC.",
    )
    if found.pages > 1:
        st.pagination(found.pages, key="page", bind="query-params")


def list_frame(found: Registry) -> pd.DataFrame:
    """A row for each version: what it is, how well it ranks unseen loans, and whether it was promoted."""
    return pd.DataFrame([_row(row, found.champion) for row in found.rows])


def outcome(summary: dict[str, Any]) -> str:
    """What its training said about promotion, in a few words; why not, if not."""
    verdict = summary.get("promotion")
    if not verdict:
        return "not judged"
    if verdict["promote"]:
        return "✓ promoted"
    return f"✗ {verdict['reason']}".replace("Not promoted: ", "not promoted: ")


def _row(row: LedgerRow, champion: str | None) -> dict[str, Any]:
    numbers = best(row.summary, row.model_name)
    low, high = numbers.get("auc_low"), numbers.get("auc_high")
    made = row.created_at.replace(tzinfo=row.created_at.tzinfo or UTC).astimezone(viewer_zone())
    return {
        "Version": row.version,
        "Role": CHAMPION if row.version == champion else "",
        "Model": row.model_name,
        "Features": row.summary.get("feature_set"),
        "Test AUC": numbers.get("test_auc"),
        "95% interval": f"{low:.3f} to {high:.3f}" if low is not None and high is not None else "-",
        "Test loans": row.summary.get("rows", {}).get("test", {}).get("loans"),
        "Made": made.replace(tzinfo=None),
        "At training": outcome(row.summary),
        "Run": f"/run?run_id={row.run_id}",
    }


def _column_config() -> dict[str, Any]:
    return {
        "Version": st.column_config.TextColumn(width=135),
        "Role": st.column_config.TextColumn(width=95),
        "Model": st.column_config.TextColumn(width=225),
        "Features": st.column_config.TextColumn(width=95),
        "Test AUC": st.column_config.NumberColumn(format="%.3f", width=75),
        "95% interval": st.column_config.TextColumn(width=115),
        "Test loans": st.column_config.NumberColumn(format="localized", width=80),
        "Made": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", width=140),
        "At training": st.column_config.TextColumn(width=300),
        "Run": st.column_config.LinkColumn(display_text=r"run_id=(.*)$", width=200),
    }


def _choose(key: str, versions: list[str]) -> None:
    """Puts the version whose row was chosen into the address; choosing it again leaves it there."""
    rows = st.session_state[key].selection.rows
    if rows:
        st.query_params["version"] = versions[rows[0]]


def page_of(names: list[str], version: str | None) -> int:
    """The page (from 1) on which a version stands; the first for one that is not in the list."""
    return names.index(version) // PAGE + 1 if version in names else 1
