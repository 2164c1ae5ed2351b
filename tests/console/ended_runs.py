"""Runs that have ended, without any work."""

from datetime import date

from storage.db.schema import runs
from storage.ledger.runs import Request, request_run
from tests.sandbox import Sandbox


def ended_run(sandbox: Sandbox, pipeline: str = "monitoring") -> str:
    """The id of a run that has succeeded."""
    now = sandbox.deployment.ledger.clock()
    with sandbox.deployment.ledger.writing() as connection:
        run_id = request_run(connection, Request(pipeline, date(2026, 5, 3), "anna"), now)
        connection.execute(runs.update().values(state="succeeded", finished_at=now))
    return run_id
