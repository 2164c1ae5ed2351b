"""How well the scores rank: AUC, KS and Gini of the newest and of all known outcomes, with and without arrears."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.arrears import not_in_arrears
from jobs.modelling.splits import as_floats, labels_of
from jobs.monitoring.measures import POOLED, discrimination, gate_window
from jobs.statistics.discrimination import gini
from jobs.statistics.drift import ks_distance

MEASURES = ("auc", "auc_low", "auc_high", "ks", "gini", "labelled", "defaults")
NEWEST, ALL = "newest", "all"


def ranking_of(unseen: pa.Table, defaults: int, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row each of the newest mature cohorts and of all known outcomes, then both without the loans in arrears.

    Each has `loans`, `not_in_arrears` and MEASURES. `facts` are those of `auc_facts` for the same loans, whose areas
    are not computed again. The rows without arrears are left out where no loan was in arrears, or it is not known.
    """
    known = unseen.filter(pc.is_valid(unseen["label"]))
    newest = gate_window(unseen, defaults)
    rows = [_row(NEWEST, facts, apart=False), _row(ALL, _pooled(known, facts), apart=False)]
    for loans, table in ((NEWEST, newest), (ALL, known)):
        others = not_in_arrears(table)
        if 0 < others.num_rows < table.num_rows:
            rows.append(_row(loans, discrimination(others)[0], apart=True))
    return rows


def ranking_of_row(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the monitoring table alone knows of `ranking_of`, for dates that an earlier release monitored."""
    apart = {name: row.get(f"auc_not_in_arrears{end}") for name, end in _AREAS.items()}
    apart |= {name: row.get(f"{name}_not_in_arrears") for name in ("labelled", "defaults")}
    rows = [_row(NEWEST, row, apart=False), _row(ALL, _stored_pooled(row), apart=False)]
    if apart["auc"] is not None and apart["labelled"] != row.get("labelled"):
        rows.append(_row(NEWEST, {**apart, "gini": gini(apart["auc"])}, apart=True))
    return rows


_AREAS = {"auc": "", "auc_low": "_low", "auc_high": "_high"}


def _row(loans: str, measured: Mapping[str, Any], *, apart: bool) -> dict[str, Any]:
    return {"loans": loans, "not_in_arrears": apart, **{name: measured.get(name) for name in MEASURES}}


def _pooled(known: pa.Table, facts: Mapping[str, Any]) -> dict[str, Any]:
    labels, scores = labels_of(known), as_floats(known["predicted_proba"])
    ks = ks_distance(scores[labels == 1], scores[labels == 0])
    return {**_stored_pooled(facts), "ks": ks}


def _stored_pooled(facts: Mapping[str, Any]) -> dict[str, Any]:
    areas = {name: facts.get(pooled) for pooled, name in POOLED.items()}
    return {**areas, "gini": gini(areas["auc"])}
