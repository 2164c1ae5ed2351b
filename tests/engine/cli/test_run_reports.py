"""The commands `runs` and `show`: the same failure once, the grid of tasks, the deadline of a run; `logs --search`."""

from datetime import timedelta

import pytest

from engine.control import runs
from storage.ledger.schedules import Slot, SlotOutcome, record_outcome
from storage.ledger.tasks import LogLine, add_logs
from tests.commands import command, document
from tests.sandbox import AS_OF, Sandbox

pytestmark = pytest.mark.thorough
SLOT = "inference@2025-12-01T03:00"


def test_the_same_failure_is_one_entry_and_the_grid_has_every_task(sandbox: Sandbox) -> None:
    for day in (1, 2):
        sandbox.run("training", AS_OF + timedelta(days=day), data=str(sandbox.home / "nowhere"))
    home = ("--home", str(sandbox.home))
    (entry,) = document("runs", "--state", "failed", "--fold", *home)
    assert entry["times"] == 2
    grid = document("runs", "--grid", "--pipeline", "training", *home)
    assert [run["state"] for run in grid["runs"]] == ["succeeded", "failed", "failed"]
    assert len(grid["tasks"]) == 12
    assert grid["usual_s"] == grid["runs"][0]["duration_s"]
    refused = command("runs", "--grid", *home)
    assert refused.returncode == 2
    assert "--grid needs --pipeline" in refused.stderr


def test_a_run_of_the_schedule_has_its_deadline_and_its_log_is_searched(sandbox: Sandbox) -> None:
    deployment = sandbox.deployment
    run_id = runs.request(deployment, runs.checked_request(deployment, "inference", AS_OF, slot=SLOT))
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        record_outcome(connection, Slot(SLOT, "inference", now), SlotOutcome("requested", "", run_id), now)
        add_logs(connection, run_id, [LogLine("a", now, "INFO", words) for words in ("Loans read", "100% stored")])
    home = ("--home", str(sandbox.home))
    due = now + timedelta(minutes=deployment.settings.alert_late_minutes)
    assert document("show", run_id, *home)["deadline"] == due.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [line["message"] for line in document("logs", run_id, "--search", "0%", *home)["lines"]] == ["100% stored"]
    assert [line["message"] for line in document("logs", run_id, "--search", "LOANS", *home)["lines"]] == ["Loans read"]
