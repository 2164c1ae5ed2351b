"""How well the scores rank: AUC, KS and Gini of the newest and of all known outcomes, with and without arrears."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.arrears import not_in_arrears
from jobs.modelling.splits import as_floats, labels_of
from jobs.monitoring.measures import discrimination, gate_window
from jobs.monitoring.ranking_rows import ALL, NEWEST, pooled_measures, ranking_row
from jobs.statistics.drift import ks_distance


def ranking_of(unseen: pa.Table, defaults: int, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row each of the newest mature cohorts and of all known outcomes, then both without the loans in arrears.

    Each has `loans`, `not_in_arrears` and MEASURES. `facts` are those of `auc_facts` for the same loans, whose areas
    are not computed again. The rows without arrears are left out where no loan was in arrears, or it is not known.
    """
    known = unseen.filter(pc.is_valid(unseen["label"]))
    newest = gate_window(unseen, defaults)
    rows = [ranking_row(NEWEST, facts, apart=False), ranking_row(ALL, _pooled(known, facts), apart=False)]
    for loans, table in ((NEWEST, newest), (ALL, known)):
        others = not_in_arrears(table)
        if 0 < others.num_rows < table.num_rows:
            rows.append(ranking_row(loans, discrimination(others)[0], apart=True))
    return rows


def _pooled(known: pa.Table, facts: Mapping[str, Any]) -> dict[str, Any]:
    labels, scores = labels_of(known), as_floats(known["predicted_proba"])
    ks = ks_distance(scores[labels == 1], scores[labels == 0])
    return {**pooled_measures(facts), "ks": ks}
