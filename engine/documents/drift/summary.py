"""The document of the command `drift`: the three questions about a monitoring date, how well it ranks, what moved."""

from datetime import date

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.drift.questions import questions_of
from engine.documents.drift.ranking import ranking_of_run
from engine.documents.monitoring import thresholds_of_run
from engine.documents.movement import movement_document
from engine.documents.validation import monitored
from engine.documents.values import Document


def drift_document(connection: Connection, deployment: Deployment, day: date | None = None) -> Document | None:
    """`questions` with their answers, `ranking`, and what moved (see `movement_document`, also for the errors)."""
    moved, found = movement_document(connection, deployment, day), monitored(connection, day)
    if moved is None or found is None:
        return None
    run, values = found
    asked = {**values, "row": {**values["row"], "monitoring_date": run.as_of}}
    limits = thresholds_of_run(values, deployment.settings)
    return {**moved, "questions": questions_of(asked, limits, moved["scores"]), "ranking": ranking_of_run(values)}
