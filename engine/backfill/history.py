"""The history of a replay in the ledger: a row for each date, and the dates that are done."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection

from engine.documents.values import Document
from engine.errors import Refused
from jobs.modelling.promotion.outcome import outcome_of_test
from storage.db.ledger import LedgerRow
from storage.ledger.approvals import approvals_by_version
from storage.ledger.decisions import decision_for
from storage.ledger.models import model_made_by
from storage.ledger.runs import newest_success, replay_mark, run_row, runs_as_of

NO_MODEL = "no model"  # the status of a date at which no model could be trained yet
NUMBERS = (
    "labelled", "defaults", "auc", "auc_low", "auc_high", "auc_from", "auc_to", "auc_pooled", "labelled_pooled",
    "auc_estimate", "psi", "psi_chance_level", "model_version",
)  # fmt: skip
OWN_HOME = "replay into a home of its own (--home)"


def row_about(connection: Connection, day: date) -> Document:
    """The row of a date that is done: its metrics, its decision, and its trainings."""
    trainings = [training_document(connection, run) for run in ended_trainings(connection, day)]
    decision = decision_for(connection, day)
    if decision is None:
        reason = trainings[-1]["reason"] if trainings else ""
        decided = {"status": NO_MODEL, "action": "none", "reason": reason, "run_id": None}
        numbers: dict[str, Any] = {}
    else:
        decided = {name: getattr(decision, name) for name in ("status", "action", "reason", "run_id")}
        numbers = decision.numbers
    shown = {name: numbers.get(name) for name in NUMBERS}
    return {"date": day.isoformat(), **shown, **decided, "trainings": trainings}


def training_document(connection: Connection, run: LedgerRow) -> Document:
    """A training: its trigger (first, calendar, gate, ...), its state, its model, and what became of that."""
    model = model_made_by(connection, run.run_id)
    approval = approvals_by_version(connection).get(model.version) if model else None
    found = outcome_of_test(model.promotion if model else {}, vars(approval) if approval else None)
    return {
        "run_id": run.run_id,
        "asked_by": run.cause_detail.get("why", "gate" if run.cause == "governance" else run.cause),
        "state": run.state,
        "version": model.version if model else None,
        "promoted": found.tone == "good",
        "outcome": found.words if model else None,
        "reason": found.sentence if model else (run.error["message"] if run.error else ""),
    }


def ended_trainings(connection: Connection, day: date) -> list[LedgerRow]:
    """The trainings as of a date that succeeded, or that failed because too few outcomes were known."""
    trainings = runs_as_of(connection, "training", day)
    return [run for run in trainings if run.state == "succeeded" or lacks_outcomes(run)]


def lacks_outcomes(run: LedgerRow) -> bool:
    """Whether a training failed because of its data, for example with too few known outcomes."""
    return bool(run.state == "failed" and run.error and run.error.get("type") == "JobError")


def dates_done(connection: Connection, dates: Iterable[date], mark: str) -> set[date]:
    """The dates that this replay has done already.

    Raises Refused (exit code 5) for a date that is not done when the ledger has a run of a later date, because its
    champion would know later data, and for a date that was replayed with other extracts or settings.
    """
    newest = newest_success(connection)
    done = set()
    for day in dates:
        runs = _runs_of(connection, day)
        other = next((run for run in runs if replay_mark(run) not in ({}, {"replay": mark})), None)
        if other is not None:
            raise Refused(
                f"{day} was replayed in this home with other extracts, settings or calendar ({other.run_id}); "
                f"use the same ones, or {OWN_HOME}."
            )
        past = newest is not None and day < newest.as_of
        if decision_for(connection, day) is not None or (runs and past):
            done.add(day)
        elif newest is not None and past:
            raise Refused(
                f"{day} can't be replayed in this home: its history extends to {newest.as_of} ({newest.run_id}), so "
                f"its models were trained on later data; {OWN_HOME}."
            )
    return done


def _runs_of(connection: Connection, day: date) -> list[LedgerRow]:
    """The runs of a date's row: the monitoring run with the decision, else the trainings without a model."""
    decision = decision_for(connection, day)
    return [run_row(connection, decision.run_id)] if decision else ended_trainings(connection, day)
