"""A worker and a scheduler tell people what goes wrong, and each of them when the other is silent."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.process.registry import alive
from tests.live import Site
from tests.processes import until
from tests.receivers import Webhook

pytestmark = [pytest.mark.alone, pytest.mark.thorough]

LEASE = 6.0


@contextmanager
def scheduler(site: Site) -> Iterator[subprocess.Popen[str]]:
    process = site.begin("scheduler")
    try:
        until(lambda: alive(site.deployment, "scheduler"), "scheduler")
        yield process
    finally:
        process.kill()
        process.communicate()


def told(webhook: Webhook, rule: str, state: str = "open") -> list[str]:
    """The subjects that were told of a rule in a state."""
    every = [alert for got in list(webhook.got) for alert in got["alerts"]]
    return [alert["subject"].partition("@")[0] for alert in every if (alert["rule"], alert["state"]) == (rule, state)]


def test_a_failed_run_and_a_silent_worker_and_scheduler_are_told(tmp_path: Path, webhook: Webhook) -> None:
    given = {
        "lease": LEASE,
        "heartbeat": 0.5,
        "alert_webhook": webhook.url,
        "alert_command": "cat",
        "alert_seconds": 0.5,
        "alert_group_seconds": 0.5,
        "alert_disk_gib": 0,
    }
    site = Site(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'loanwatch.db'}", given)
    with scheduler(site) as watching:
        with site.worker() as worker:
            run_id = site.request(data=str(tmp_path / "nowhere"))
            # On a busy machine the lease is too short for the run. Its process has the settings without the secrets.
            assert "ended with code" not in site.ended(run_id).error["message"]
            until(lambda: "training" in told(webhook, "run-failed") + told(webhook, "run-crashed"), "message: the run")
            worker.kill()
            until(lambda: "worker" in told(webhook, "process-silent"), "message about the worker")
        with site.worker():
            until(lambda: "worker" in told(webhook, "process-silent", "resolved"), "message about the new worker")
            watching.kill()
            until(lambda: "scheduler" in told(webhook, "process-silent"), "message about the scheduler")
    # A message that its sender was killed over came a second time, and said so.
    first = [got["delivery"] for got in webhook.got if not got["repeated"]]
    assert len(set(first)) == len(first)
    site.close()
