"""The command `validation`."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.deployment import Deployment
from engine.documents.validation import validation_document
from engine.errors import UnusableRequest
from storage.db.ledger import Ledger
from storage.ledger.leases import claim, finish
from storage.ledger.runs import Request, request_run
from storage.ledger.tasks import plan_tasks, update_task
from tests.commands import command
from tests.sandbox import AS_OF, Sandbox

METRICS_TASK = "calculate_monitoring_metrics"
NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def test_it_shows_backtest_segments_and_expected_loss(monitored_sandbox: Sandbox) -> None:
    told = json.loads(command("validation", "--json", "--home", str(monitored_sandbox.home)).stdout)
    (row,) = monitored_sandbox.table("gold.model_monitoring").to_pylist()
    assert (told["monitoring_date"], told["version"]) == (str(AS_OF), row["model_version"])
    whole, *cohorts = told["backtest"]
    assert (whole["cohort"], whole["n"]) == (None, sum(cohort["n"] for cohort in cohorts))
    assert [cohort["cohort"] for cohort in cohorts] == sorted(cohort["cohort"] for cohort in cohorts)
    segments = {one["segment"] for one in told["segments"]}
    assert segments == {one.feature for one in monitored_sandbox.deployment.book.segments}
    unseen = {name: sum(row["loans"] for row in told["segments"] if row["segment"] == name) for name in segments}
    losses = told["losses"]
    assert set(unseen.values()) == {losses["waiting"]["loans"] + losses["known"]["loans"]}
    assert told["losses"]["lgd"] == 0.45
    assert 0 < losses["known"]["expected_loss"] < 0.45 * losses["known"]["exposure"]
    done = command("validation", "--date", str(AS_OF), "--home", str(monitored_sandbox.home))
    assert done.returncode == 0
    assert "Expected loss" in done.stdout.replace("expected loss", "Expected loss")
    assert "18-24" in done.stdout


def test_a_date_that_was_not_monitored_says_what_to_run(monitored_sandbox: Sandbox) -> None:
    done = command("validation", "--date", "2020-01-01", "--home", str(monitored_sandbox.home))
    assert done.returncode == 2
    told = " ".join(done.stderr.split())
    assert f"2020-01-01 was not monitored; the nearest date with a record is {AS_OF}." in told
    assert "run monitoring --as-of 2020-01-01" in told


def test_a_date_shows_its_own_newest_record_and_no_date_shows_the_latest(deployment: Deployment) -> None:
    ledger = deployment.ledger
    first, second, third = date(2025, 5, 1), date(2025, 6, 1), date(2025, 7, 1)
    runs = [(third, "a"), (first, "b"), (first, "c"), (second, "failed")]  # in the order of their requests
    for minute, (day, version) in enumerate(runs):
        monitored(ledger, day, version, NOW + timedelta(minutes=minute))
    with ledger.reading() as connection:
        told = [validation_document(connection, day) for day in (None, third, first)]
        with pytest.raises(UnusableRequest, match=f"{second} was not monitored; the nearest date .* is {third}"):
            validation_document(connection, second)
    assert [(one["monitoring_date"], one["version"]) for one in told if one] == [
        (str(third), "a"),
        (str(third), "a"),
        (str(first), "c"),
    ]


def monitored(ledger: Ledger, day: date, version: str, now: datetime) -> None:
    """A monitoring run of that date with a model of this version; it fails when the version says so."""
    with ledger.writing() as connection:
        run_id = request_run(connection, Request("monitoring", day, "a test"), now)
        lease = claim(connection, run_id, "a test", now)
        assert lease is not None
        if version == "failed":
            finish(connection, lease, "failed", {"type": "JobError", "message": "no", "exit_code": 1}, now)
            return
        values = {"row": {"model_version": version}, "validation": {"backtest": []}}
        plan_tasks(connection, run_id, [METRICS_TASK])
        update_task(connection, run_id, METRICS_TASK, outcome={"outcome": {"values": values}})
        finish(connection, lease, "succeeded", None, now)


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_an_empty_home_says_what_to_run(tmp_path: Path, words: list[str]) -> None:
    done = command("validation", *words, "--home", str(tmp_path / "home"))
    assert done.returncode == 0
    assert ("null" if words else "No monitoring results yet") in done.stdout
