"""What alerts are about, entered into a ledger as the engine does."""

from datetime import date, datetime, timedelta

from engine.deployment import Deployment
from storage.db.ledger import LedgerRow
from storage.db.schema import runs
from storage.ledger.alerts.records import alert_rows
from storage.ledger.decisions import GovernanceDecision, record_decision
from storage.ledger.leases import claim, finish
from storage.ledger.processes import Process, register
from storage.ledger.runs import Request, request_run

DAY = date(2026, 5, 3)


def ended_run(
    deployment: Deployment, state: str, pipeline: str = "training", message: str = "The file is empty.", **more: object
) -> str:
    """The id of a run that was requested, claimed and ended."""
    as_of = more.pop("as_of", DAY)
    ago = timedelta(days=float(str(more.pop("days_ago", 0))))
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection) - ago
        run_id = request_run(connection, Request(pipeline, as_of, "anna", **more), now)  # type: ignore[arg-type]
        lease = claim(connection, run_id, "host:0:1:1", now)
        assert lease is not None
        error = None if state == "succeeded" else {"type": "BadInput", "message": message, "exit_code": 3}
        finish(connection, lease, state, error, now)
    return run_id


def decide(deployment: Deployment, status: str, day: date = DAY, action: str = "none") -> None:
    run_id = ended_run(deployment, "succeeded", "monitoring")
    decision = GovernanceDecision(run_id, day, status, {}, action, f"why {status}")
    with deployment.ledger.writing() as connection:
        record_decision(connection, decision, deployment.ledger.now(connection))


def enter_process(deployment: Deployment, kind: str, host: str, seconds_ago: float, pid: int = 7) -> None:
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection) - timedelta(seconds=seconds_ago)
        register(connection, Process(f"{host}:m:{pid}:{kind}", kind, host, pid), {}, now)


def waiting_run(deployment: Deployment, seconds_ago: float, pipeline: str = "inference") -> str:
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection) - timedelta(seconds=seconds_ago)
        return request_run(connection, Request(pipeline, DAY, "anna"), now)


def alerts(deployment: Deployment) -> list[LedgerRow]:
    """All alerts, those that have not ended first."""
    with deployment.ledger.reading() as connection:
        return list(alert_rows(connection, 1000))


def states(deployment: Deployment) -> dict[tuple[str, str], str]:
    """The state of the newest alert by rule and subject."""
    return {(row.rule, row.subject): row.state for row in reversed(alerts(deployment))}


def age(deployment: Deployment, run_id: str, at: datetime) -> None:
    """Moves the end of a run."""
    with deployment.ledger.writing() as connection:
        connection.execute(runs.update().where(runs.c.run_id == run_id).values(finished_at=at))
