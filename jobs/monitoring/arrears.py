"""The metrics of the loans that were not in arrears at scoring, and the number and outcomes of those that were."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.arrears import IN_ARREARS, knows_arrears, not_in_arrears
from jobs.monitoring.measures import discrimination

# The names of the measures of the loans not in arrears.
MEASURES = {
    "auc_not_in_arrears": "auc",
    "auc_not_in_arrears_low": "auc_low",
    "auc_not_in_arrears_high": "auc_high",
    **{f"{name}_not_in_arrears": name for name in ("precision", "recall", "f1")},
}
COUNTS = tuple(f"{name}_{side}" for side in ("not_in_arrears", "in_arrears") for name in ("labelled", "defaults"))


def arrears_facts(window: pa.Table) -> dict[str, Any]:
    """MEASURES and COUNTS of the loans that the gate judges; `..._in_arrears` count those in arrears at scoring.

    Of a window of an earlier release, which does not know the arrears, everything is None. A loan whose arrears can't
    be read is in neither part.
    """
    if not knows_arrears(window):
        return dict.fromkeys((*MEASURES, *COUNTS))
    others, late = discrimination(not_in_arrears(window))[0], window.filter(pc.fill_null(window[IN_ARREARS], False))
    counts = {f"{name}_not_in_arrears": others[name] for name in ("labelled", "defaults")}
    counts |= {"labelled_in_arrears": late.num_rows, "defaults_in_arrears": int(pc.sum(late["label"]).as_py() or 0)}
    return {**{name: others[measure] for name, measure in MEASURES.items()}, **counts}
