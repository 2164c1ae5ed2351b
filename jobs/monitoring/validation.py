"""What a validator asks of a champion besides AUC and PSI: backtest by cohort, segments, expected loss."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.declaration import Book
from jobs.gold.arrears import knows_arrears, not_in_arrears, without_arrears
from jobs.gold.features import EXPOSURE
from jobs.modelling.splits import as_floats, labels_of
from jobs.monitoring.losses import losses_of
from jobs.monitoring.segments import segments_of
from jobs.statistics.backtest import backtest


def validation_of(unseen: pa.Table, book: Book, lgd: float) -> dict[str, Any]:
    """`backtest` (of all cohorts, then of each), `segments` and `losses`, as plain JSON types.

    All are of `unseen`, the scored loans that the model was not fitted on. `lgd` is the declared loss given default, a
    share. `losses` is None when the book names no exposure or these rows lack it. Each group has `not_in_arrears`, the
    same of its loans not in arrears at scoring; None where that is not known.
    """
    losses = None
    if EXPOSURE in unseen.column_names:
        probabilities, exposures, labels = (as_floats(unseen[name]) for name in ("predicted_proba", EXPOSURE, "label"))
        apart = without_arrears(unseen) if knows_arrears(unseen) else None
        losses = losses_of(probabilities, exposures, labels, lgd, apart)
    return {"backtest": backtests(unseen), "segments": segments_of(unseen, book.segments), "losses": losses}


def backtests(unseen: pa.Table) -> list[dict[str, Any]]:
    """The backtest of all loans with a known outcome (`cohort` is None), then of each cohort that has any."""
    known = unseen.filter(pc.is_valid(unseen["label"]))
    apart = knows_arrears(known)
    cohorts = sorted(pc.unique(known["cohort"]).to_pylist())
    groups = [(None, known), *((cohort, known.filter(pc.equal(known["cohort"], cohort))) for cohort in cohorts)]
    return [
        {"cohort": cohort, **_tested(rows), "not_in_arrears": _tested(not_in_arrears(rows)) if apart else None}
        for cohort, rows in groups
        if rows.num_rows
    ]


def _tested(rows: pa.Table) -> dict[str, Any]:
    found = backtest(labels_of(rows), as_floats(rows["predicted_proba"]))
    return {**vars(found), "direction": found.direction}
