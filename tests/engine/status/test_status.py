"""The state of a deployment in one line: it is as bad as its worst part, and no two of its parts differ."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest
from sqlalchemy import update

from engine.deployment import Deployment
from engine.documents.values import Document
from engine.status.reading import Reading, read
from engine.status.status import LEVELS, status_document, status_of
from storage.db.schema import ACTIVE_STATES, runs
from storage.ledger.published.at_a_glance import Decision, Serving
from storage.ledger.runs import Request, request_run
from tests.engine.alerts.happenings import DAY, ended_run
from tests.sandbox import AS_OF, Sandbox

NOW = datetime(2026, 5, 3, 2, tzinfo=UTC)
DATE = date(2026, 5, 1)
STATUSES = ("healthy", "watch", "breach", "insufficient", "stale", "data fault")
TRIAL = {"trial": {"folder": ["/ours", "/other"]}}
ALIVE = {"state": "alive", "detail": {"ray": "up"}}


@dataclass(frozen=True)
class Run:
    """What a run's row in the ledger says."""

    state: str
    run_id: str = "training-1"
    pipeline: str = "training"
    finished_at: datetime | None = NOW
    error: dict[str, Any] = field(default_factory=dict)
    cause_detail: dict[str, Any] = field(default_factory=dict)


def alert(rule: str, subject: str, state: str) -> Document:
    told = {"summary": "It is so.", "advice": "Look.", "run_id": None, "silenced_until": None}
    return {"rule": rule, "subject": subject, "state": state, **told}


def readings() -> Iterator[Reading]:
    """Deployments in every state that matters."""
    states = ("succeeded", "failed", "crashed", "cancelled", "running", "queued")
    kinds = ((), ("worker",), ("worker", "scheduler"))
    rules = (("run-failed", "training"), ("breach", "model"), ("stale-extract", "loans"), ("disk-low", "home@here"))
    alerts = [(), *((alert(*rule, state),) for rule in rules for state in ("open", "acknowledged"))]
    for status, state, alive, age, known in product(STATUSES, states, kinds, ("fresh", "stale", "unknown"), alerts):
        yield Reading(
            runs=(runs := {"training": Run(state, finished_at=None if state in ACTIVE_STATES else NOW)}),  # type: ignore[arg-type]
            active=runs if state in ACTIVE_STATES else {},  # type: ignore[arg-type]
            schedules={"training": {"pipeline": "training", "paused": None}},
            processes=[{"kind": kind, **ALIVE} for kind in alive],
            serving=Serving(None, None, Decision("m-1", DATE, status, "none", f"The model is {status}.")),
            published={},
            extracts=[{"dataset": "loans", "state": age, "advice": "Deliver newer extracts."}],
            alerts=known,
            now=NOW,
        )


def test_the_line_is_as_bad_as_its_worst_part_and_each_part_as_what_is_wrong_with_it(empty_sandbox: Sandbox) -> None:
    seen = set()
    for reading in readings():
        told = status_of(empty_sandbox.deployment, reading)
        levels = {part["part"]: part["level"] for part in told["parts"]}
        assert told["level"] == max(levels.values(), key=LEVELS.index)
        assert (told["headline"] == "No action needed") == (told["level"] == "good")
        for concern in told["concerns"]:
            assert all(LEVELS.index(levels[part]) >= LEVELS.index(concern["level"]) for part in concern["parts"])
        wrong = {part for concern in told["concerns"] for part in concern["parts"]}
        assert wrong == {part for part, level in levels.items() if level in ("warn", "bad")}
        named = [(concern["rule"], concern["subject"]) for concern in told["concerns"] if concern["rule"]]
        assert len(named) == len(set(named))
        seen.add(told["level"])
    assert seen == {"quiet", "warn", "bad"}  # without a champion nothing is good


@pytest.fixture
def empty_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox.at(tmp_path_factory.mktemp("empty") / "home")


def test_all_is_well_when_every_part_is(monitored_sandbox: Sandbox) -> None:
    with monitored_sandbox.deployment.ledger.reading() as connection:
        reading = read(monitored_sandbox.deployment, connection)
    assert reading.serving.decision is not None
    assert reading.serving.champion is not None
    well = replace(
        reading,
        processes=[{"kind": kind, **ALIVE} for kind in ("worker", "scheduler")],
        serving=replace(reading.serving, decision=replace(reading.serving.decision, status="healthy")),
        extracts=[{**each, "state": "fresh"} for each in reading.extracts],
    )
    told = status_of(monitored_sandbox.deployment, well)
    assert (told["level"], told["headline"], told["concerns"]) == ("good", "No action needed", [])


def test_the_scores_in_use_are_those_that_are_published(monitored_sandbox: Sandbox) -> None:
    with monitored_sandbox.deployment.ledger.reading() as connection:
        reading = read(monitored_sandbox.deployment, connection)
    scores = status_of(monitored_sandbox.deployment, reading)["scores"]
    table = monitored_sandbox.table("gold.model_predictions")
    months = {name.rpartition("_")[0][-7:].replace("_", "-") for name in table["loan_id"].to_pylist()}
    assert scores["newest_loan"] == max(months)
    assert scores["model"] == table["model_version"][0].as_py()
    assert (scores["loans"], scores["as_of"]) == (table.num_rows, AS_OF.isoformat())


@pytest.mark.parametrize("state", ["succeeded", "failed", "crashed", "cancelled"])
@pytest.mark.parametrize("before", ["succeeded", "failed"])
def test_a_trial_changes_nothing_of_the_state(deployment: Deployment, before: str, state: str) -> None:
    ended_run(deployment, before)
    told = status_document(deployment)
    ended_run(deployment, state, cause_detail=TRIAL)
    assert status_document(deployment) == told


def test_a_trial_that_waits_is_named_and_hides_no_failure(deployment: Deployment) -> None:
    ended_run(deployment, "failed")
    with deployment.ledger.writing() as connection:
        tried = Request("monitoring", DAY, "anna", cause_detail=TRIAL)
        request_run(connection, tried, deployment.ledger.now(connection))
        request_run(connection, replace(tried, pipeline="training"), deployment.ledger.now(connection))
    told = status_document(deployment)
    assert told["headline"].startswith("Action needed: training failed")
    assert any(concern["waits"] for concern in told["concerns"])
    with deployment.ledger.writing() as connection:
        connection.execute(update(runs).where(runs.c.state == "failed").values(state="succeeded"))
    (words,) = (part["words"] for part in status_document(deployment)["parts"] if part["part"] == "pipelines")
    assert words == "a trial of monitoring is queued, a trial of training is queued"
