"""The state of a deployment: one line that is as bad as its worst part, the parts, and which scores are in use.

The level of a part follows from what is wrong with it, and the line from the parts, so that no two of them differ.
"""

from collections.abc import Sequence

from engine.control.trials import kind_of
from engine.deployment import Deployment
from engine.documents.values import Document
from engine.status.concerns import DATA, MODEL, PARTS, PIPELINES, Concern, concerns
from engine.status.reading import Reading, read
from engine.status.scores import scores_document
from storage.db.ledger import LedgerRow
from storage.lake.names import PREDICTIONS

LEVELS = ("good", "quiet", "warn", "bad")  # `quiet` is a part of which there is nothing yet
NOTHING = {
    DATA: "no extract was read yet",
    MODEL: "no model yet",
    PIPELINES: "no run yet",
}


def status_document(deployment: Deployment) -> Document:
    """The state of a deployment, as `status --json` prints it."""
    with deployment.ledger.reading() as connection:
        reading = read(deployment, connection)
    return status_of(deployment, reading)


def status_of(deployment: Deployment, reading: Reading) -> Document:
    """The state of a deployment by a reading: level, headline, parts, scores, extracts, and what is wrong."""
    found = concerns(reading)
    parts = [_part(part, reading, [each for each in found if part in each.parts]) for part in PARTS]
    level = max((part["level"] for part in parts), key=LEVELS.index)
    return {
        "level": level,
        "headline": _headline(level, found),
        "parts": parts,
        "scores": scores_document(deployment, reading.published.get(PREDICTIONS)),
        "extracts": list(reading.extracts),
        "concerns": [each.as_json() for each in found],
    }


def _headline(level: str, found: Sequence[Concern]) -> str:
    if level == "good":
        return "No action needed"
    if not found:
        return "Not complete yet"
    title, more = found[0].title, len(found) - 1
    others = f", and {more} more" if more else ""
    if found[0].taken:
        return f"Taken care of: {title}{others}"
    return f"Action needed: {title}{others}" if level == "bad" else f"Please look: {title}{others}"


def _part(part: str, reading: Reading, found: Sequence[Concern]) -> Document:
    """A part: its level, and words that say what is wrong, or that nothing is."""
    if not found:
        level, words = _well(part, reading)
        return {"part": part, "level": level, "words": words}
    level = max((each.as_json()["level"] for each in found), key=LEVELS.index)
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return {"part": part, "level": level, "words": f"{found[0].title}{more}"}


def _well(part: str, reading: Reading) -> tuple[str, str]:
    """The level and the words of a part with which nothing is wrong."""
    if part == DATA:
        return _data(reading)
    if part == MODEL:
        return _model(reading)
    if part == PIPELINES:
        return _pipelines(reading)
    return ("good", "worker, Ray and scheduler are alive") if _ray(reading) else ("quiet", "Ray is starting")


def _data(reading: Reading) -> tuple[str, str]:
    if not reading.extracts:
        return "quiet", NOTHING[DATA]
    unknown = [each["dataset"] for each in reading.extracts if each["state"] != "fresh"]
    if unknown:
        return "quiet", f"the age of {', '.join(unknown)} is not known"
    return "good", f"all {len(reading.extracts)} extracts are up to date"


def _model(reading: Reading) -> tuple[str, str]:
    champion, decision = reading.serving.champion, reading.serving.decision
    if champion is None:
        return "quiet", NOTHING[MODEL]
    if decision is None:
        return "quiet", "not monitored yet"
    if decision.status == "healthy":
        return "good", f"healthy on {decision.monitoring_date}"
    return "quiet", f"not judged on {decision.monitoring_date}: {decision.status}"


def _pipelines(reading: Reading) -> tuple[str, str]:
    active = [f"{_named(run)} is {run.state}" for run in reading.active.values()]
    if active:
        return "good", ", ".join(active)
    if not reading.runs:
        return "quiet", NOTHING[PIPELINES]
    waiting = [pipeline for pipeline in reading.schedules if pipeline not in reading.runs]
    if waiting:
        return "quiet", f"no run of {', '.join(waiting)} yet"
    return "good", "the last run of each succeeded"


def _named(run: LedgerRow) -> str:
    kind = kind_of(run)
    return f"a {kind} of {run.pipeline}" if kind else str(run.pipeline)


def _ray(reading: Reading) -> bool:
    workers = (each for each in reading.processes if each["kind"] == "worker" and each["state"] == "alive")
    return any(each["detail"].get("ray") == "up" for each in workers)
