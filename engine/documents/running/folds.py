"""Runs of a list in which repeated failures for the same reason are one entry with a count."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.control.trials import is_trial
from storage.db.ledger import LedgerRow

FOLDED = ("failed", "crashed")


@dataclass
class Fold:
    """The newest of some runs of a pipeline that failed one after the other for the same reason, and the others."""

    newest: LedgerRow
    older: list[LedgerRow] = field(default_factory=list)

    @property
    def count(self) -> int:
        return 1 + len(self.older)

    @property
    def oldest(self) -> LedgerRow:
        return self.older[-1] if self.older else self.newest


def folded(rows: Sequence[LedgerRow]) -> list[Fold]:
    """The runs, newest first, with the repeated failures of a pipeline folded into the newest of them.

    Another run of the same pipeline between two failures, or another reason, begins a new entry. Runs of other
    pipelines and trials between them do not. A trial is an entry of its own, because it says nothing of the pipeline.
    """
    folds: list[Fold] = []
    last: dict[str, Fold] = {}
    for row in rows:
        if is_trial(row):
            folds.append(Fold(row))
            continue
        before = last.get(row.pipeline)
        if before is not None and reason(row) is not None and reason(row) == reason(before.newest):
            before.older.append(row)
            continue
        last[row.pipeline] = Fold(row)
        folds.append(last[row.pipeline])
    return folds


def reason(row: LedgerRow) -> tuple[str, str, str] | None:
    """Task, type and message of a failure, without the run's own id and date; None for a run that did not fail."""
    if row.state not in FOLDED or not row.error:
        return None
    message = str(row.error.get("message", "")).replace(row.run_id, "RUN").replace(row.as_of.isoformat(), "DATE")
    return str(row.error.get("task") or ""), str(row.error.get("type") or ""), message
