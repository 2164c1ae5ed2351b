"""The rows that say how well the scores rank, of what was measured or of what the monitoring table has."""

from collections.abc import Mapping
from typing import Any

from jobs.statistics.discrimination import gini

MEASURES = ("auc", "auc_low", "auc_high", "ks", "gini", "labelled", "defaults")
NEWEST, ALL = "newest", "all"
# The names of the measures of all known outcomes.
POOLED = {
    "auc_pooled": "auc",
    "auc_pooled_low": "auc_low",
    "auc_pooled_high": "auc_high",
    "labelled_pooled": "labelled",
    "defaults_pooled": "defaults",
}
_AREAS = {"auc": "", "auc_low": "_low", "auc_high": "_high"}


def ranking_row(loans: str, measured: Mapping[str, Any], *, apart: bool) -> dict[str, Any]:
    """A row of `ranking_of`; `apart` for the loans that are not in arrears."""
    return {"loans": loans, "not_in_arrears": apart, **{name: measured.get(name) for name in MEASURES}}


def pooled_measures(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What facts with the names of POOLED know of all known outcomes."""
    areas = {name: facts.get(pooled) for pooled, name in POOLED.items()}
    return {**areas, "gini": gini(areas["auc"])}


def ranking_of_row(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the monitoring table alone knows of `ranking_of`, for dates that an earlier release monitored."""
    apart = {name: row.get(f"auc_not_in_arrears{end}") for name, end in _AREAS.items()}
    apart |= {name: row.get(f"{name}_not_in_arrears") for name in ("labelled", "defaults")}
    rows = [ranking_row(NEWEST, row, apart=False), ranking_row(ALL, pooled_measures(row), apart=False)]
    if apart["auc"] is not None and apart["labelled"] != row.get("labelled"):
        rows.append(ranking_row(NEWEST, {**apart, "gini": gini(apart["auc"])}, apart=True))
    return rows
