"""The history of a replay in the ledger: a row for each date, and which dates are done."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection

from engine.documents.values import Document
from engine.errors import Refused
from storage.db.ledger import LedgerRow
from storage.ledger.decisions import decision_for
from storage.ledger.models import model_made_by
from storage.ledger.runs import newest_success, replay_mark, run_row, runs_as_of

NO_MODEL = "no model"  # the status of a date at which no model could be trained yet
NUMBERS = ("labelled", "auc", "auc_low", "auc_high", "auc_estimate", "psi", "psi_chance_level", "model_version")
OWN_HOME = "replay into a home of its own (--home)"


def row_about(connection: Connection, day: date) -> Document:
    """The row of a date that is done: its numbers, the decision, and the trainings that ended as of it."""
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
    """A training: its trigger (first, calendar, gate, ...), how it ended, the model, and whether it was promoted."""
    model = model_made_by(connection, run.run_id)
    verdict = model.promotion if model else {}
    return {
        "run_id": run.run_id,
        "asked_by": run.cause_detail.get("why", "gate" if run.cause == "governance" else run.cause),
        "state": run.state,
        "version": model.version if model else None,
        "promoted": bool(verdict.get("promote")),
        "reason": verdict.get("reason") or (run.error["message"] if run.error else ""),
    }


def ended_trainings(connection: Connection, day: date) -> list[LedgerRow]:
    """The trainings as of a date that succeeded or failed for lack of known outcomes."""
    found = runs_as_of(connection, "training", day)
    return [run for run in found if run.state == "succeeded" or lacks_outcomes(run)]


def lacks_outcomes(run: LedgerRow) -> bool:
    """Whether a training failed because of what was known at its date, such as too few outcomes."""
    return bool(run.state == "failed" and run.error and run.error.get("type") == "JobError")


def dates_done(connection: Connection, dates: Iterable[date], mark: str) -> set[date]:
    """The dates that this replay has done already.

    Refused (exit code 5) for a date that is not done although the ledger has a later one, because champions would come
    from the future; and for a date that was replayed on other extracts or settings.
    """
    newest = newest_success(connection)
    done = set()
    for day in dates:
        runs = _runs_of(connection, day)
        other = next((run for run in runs if replay_mark(run) not in ({}, {"replay": mark})), None)
        if other is not None:
            raise Refused(
                f"{day} was replayed here before on other extracts, settings or calendar ({other.run_id}); "
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
    """The runs behind a date's row: the one that decided, else the trainings that gave no model."""
    decision = decision_for(connection, day)
    return [run_row(connection, decision.run_id)] if decision else ended_trainings(connection, day)
