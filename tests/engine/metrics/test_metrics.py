"""The metrics: what a scrape tells of a ledger, in the form that Prometheus reads, also without a ledger."""

import socket
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus_text
from sqlalchemy import event, insert

from engine.deployment import Deployment
from engine.doctor.checks import findings
from engine.metrics import collector as collecting
from engine.metrics import server as serving
from engine.metrics.collector import LedgerCollector, metrics_text
from engine.metrics.server import MetricsServer
from engine.process.identity import host
from storage.db.ledger import utc_now
from storage.db.schema import runs
from storage.ledger.alerts.records import Occurrence, acknowledge, record
from storage.ledger.processes import Process, register
from storage.settings import load_settings
from tests.commands import command
from tests.console.live import free_port
from tests.processes import until
from tests.sandbox import AS_OF, Sandbox

LABELS = {
    "pipeline",
    "state",
    "kind",
    "host",
    "dataset",
    "status",
    "place",
    "le",
    "schema",
    "python",
    "ray",
    "rule",
    "channel",
}
Told = dict[tuple[str, frozenset[str]], float]


def told(text: str, parse: Any = prometheus_text) -> Told:
    """Every sample by its name and the values of its labels."""
    samples = [sample for family in parse(text) for sample in family.samples]
    found = {(each.name, frozenset(each.labels.values())): each.value for each in samples}
    assert len(found) == len(samples)
    assert {name for each in samples for name in each.labels} <= LABELS
    assert all(each.name.startswith("loanwatch_") for each in samples)
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers end sooner, so that the tests do."""
    monkeypatch.setattr(serving, "POLL", 0.02)


def key(name: str, *values: str) -> tuple[str, frozenset[str]]:
    return f"loanwatch_{name}", frozenset(values)


def scraped(url: str, **headers: str) -> tuple[str, str]:
    """The content type and the text that a scrape gets."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:  # noqa: S310
        return answer.headers["Content-Type"], answer.read().decode()


TRIAL = {"trial": {"folder": ["/ours", "/other"]}}


def row(pipeline: str, state: str, number: int, *, begun: datetime | None, seconds: float | None) -> dict[str, Any]:
    """A run that was requested `number` minutes ago."""
    at = utc_now() - timedelta(minutes=number)
    ended = begun + timedelta(seconds=seconds) if begun and seconds is not None else None
    if state == "cancelled":
        ended = at
    common = {
        "as_of": AS_OF,
        "params": {},
        "force": False,
        "cause": "manual",
        "cause_detail": {},
        "requested_by": "anna",
    }
    name = {"run_id": f"{pipeline}-{state}-{number}", "pipeline": pipeline, "state": state, "epoch": 1, "snapshot": {}}
    return {**common, **name, "requested_by": "anna", "requested_at": at, "started_at": begun, "finished_at": ended}


def add_runs(deployment: Deployment) -> datetime:
    """Five runs in four states, and a trial that succeeded last; the start of the first."""
    begun = utc_now() - timedelta(hours=3)
    rows = [
        row("training", "succeeded", 200, begun=begun, seconds=40.5),
        row("training", "succeeded", 150, begun=begun + timedelta(hours=1), seconds=400.0),
        {**row("training", "succeeded", 30, begun=begun + timedelta(hours=2), seconds=1.0), "cause_detail": TRIAL},
        row("training", "failed", 100, begun=begun, seconds=0.25),
        row("inference", "cancelled", 90, begun=None, seconds=None),
        row("inference", "queued", 5, begun=None, seconds=None),
    ]
    with deployment.ledger.writing() as connection:
        connection.execute(insert(runs), rows)
    return begun


def test_a_scrape_tells_the_runs_the_queue_and_the_processes(deployment: Deployment) -> None:
    begun = add_runs(deployment)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        register(connection, Process("host:m:1:1", "worker", "host", 1), {}, now - timedelta(seconds=500))
        register(connection, Process("host:m:2:1", "worker", "host", 2), {}, now - timedelta(seconds=100))
    found = told(metrics_text(deployment.settings))
    assert found[key("ledger_up")] == 1
    assert found[key("runs_total", "training", "succeeded")] == 3
    assert found[key("runs_total", "inference", "cancelled")] == 1
    assert found[key("runs_active", "inference", "queued")] == found[key("queue_length")] == 1
    assert found[key("queue_oldest_age_seconds")] == pytest.approx(300, abs=60)
    assert found[key("run_duration_seconds_count", "training", "succeeded")] == 3
    assert found[key("run_duration_seconds_sum", "training", "succeeded")] == pytest.approx(441.5, abs=0.01)
    within = [
        found[key("run_duration_seconds_bucket", "training", "succeeded", le)] for le in ("15.0", "60.0", "900.0")
    ]
    assert within == [1, 2, 3]
    assert found[key("run_duration_seconds_bucket", "training", "failed", "1.0")] == 1
    assert key("run_duration_seconds_count", "inference", "cancelled") not in found  # it never started
    last = (begun + timedelta(hours=1, seconds=400)).timestamp()
    assert found[key("run_last_success_timestamp_seconds", "training")] == pytest.approx(last, abs=0.01)
    assert found[key("run_last_success_age_seconds", "training")] == pytest.approx(utc_now().timestamp() - last, abs=60)
    assert found[key("process_heartbeat_age_seconds", "worker", "host")] == pytest.approx(100, abs=60)
    assert found[key("processes", "worker", "silent")] == 2
    assert found[key("disk_free_bytes", "home")] > 1e6


def test_a_scrape_tells_the_model_and_the_data_as_the_last_monitoring_saw_them(monitored_sandbox: Sandbox) -> None:
    settings = monitored_sandbox.deployment.settings
    found = told(metrics_text(settings))
    (decision,) = monitored_sandbox.decisions()
    assert 0.5 < found[key("model_auc")] == decision.numbers["auc"] < 1
    assert 0 <= found[key("model_psi")] == decision.numbers["psi"]
    assert (found[key("model_auc_threshold")], found[key("model_psi_threshold")]) == (0.7, 0.2)
    assert [found[key("model_status", each)] for each in (decision.status, "data fault")] == [1, 0]
    assert datetime.fromtimestamp(found[key("monitoring_date_timestamp_seconds")], UTC).date() == AS_OF
    datasets = monitored_sandbox.deployment.book.sources
    newest = [found[key("dataset_newest_row_timestamp_seconds", each.dataset)] for each in datasets]
    assert len(newest) == 4
    assert max(newest) <= datetime.fromisoformat(f"{AS_OF}T00:00:00+00:00").timestamp()
    assert {found[key("dataset_stale", each.dataset)] for each in datasets} <= {0, 1}


def test_a_scrape_tells_the_alerts_of_every_rule(deployment: Deployment) -> None:
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        for rule, subject in (("breach", "model"), ("run-failed", "training"), ("run-failed", "inference")):
            alert_id = record(connection, Occurrence(rule, subject, subject, "It is wrong.", "Look."), now)
        acknowledge(connection, alert_id or 0, "anna", "seen", now)
    found = told(metrics_text(deployment.settings))
    assert found[key("alerts", "breach", "open")] == 1
    assert [found[key("alerts", "run-failed", state)] for state in ("open", "acknowledged")] == [1, 1]
    assert found[key("alerts", "disk-low", "open")] == 0
    assert found[key("alerts_raised_total", "run-failed")] == 2


def test_the_number_of_queries_does_not_grow_with_the_runs(deployment: Deployment) -> None:
    with closing(LedgerCollector(deployment.settings)) as collector:
        statements: list[str] = []
        engine = collector._deployment.ledger._engine
        event.listen(engine, "before_cursor_execute", lambda *words: statements.append(words[2]))
        assert told_of(collector)[key("queue_length")] == 0
        few, statements[:] = len(statements), []
        assert told_of(collector)[key("queue_length")] == 0
        assert statements == []  # the second scrape at once is answered with the reading of the first
        add_runs(deployment)
        collector._answered_at = -collecting.FRESH
        assert told_of(collector)[key("queue_length")] == 1
        assert len(statements) == few <= 11


def told_of(collector: LedgerCollector) -> Told:
    return told(collecting.generate_latest(collecting.registry_of(collector)).decode())


def test_both_forms_are_served_on_loopback_alone(deployment: Deployment) -> None:
    add_runs(deployment)
    settings = deployment.settings.changed(metrics_port=free_port())
    with MetricsServer(settings) as server:
        url = until(lambda: server.address, "address")
        kind, text = scraped(url)
        assert kind.startswith("text/plain; version=0.0.4")
        kind, strict = scraped(url, Accept="application/openmetrics-text; version=1.0.0")
        assert kind.startswith("application/openmetrics-text")
        steady = {name for name in told(text) if "_age_" not in name[0]}
        assert steady <= set(told(strict, open_metrics))
        # Another address of this machine: what listens on every interface would answer there.
        with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.2", settings.metrics_port)):
            pass
    assert server.address is None


@pytest.mark.parametrize("fault", ["damaged", "silent"])
def test_a_scrape_is_answered_while_the_ledger_is_away(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as dumb:  # accepts connections, and never answers
        port = dumb.getsockname()[1]
        (tmp_path / "loanwatch.db").write_text("no database" * 100)
        ledger = f"postgresql+psycopg://u@127.0.0.1:{port}/x" if fault == "silent" else ""
        settings = load_settings(home=tmp_path, ledger=ledger, metrics_port=free_port())
        with MetricsServer(settings) as server:
            _, text = scraped(until(lambda: server.address, "address"))
    found = told(text)
    assert found[key("ledger_up")] == 0
    assert found[key("disk_free_bytes", "home")] > 1e6
    assert not any(name.startswith("loanwatch_runs") for name, _ in found)


def test_a_second_worker_says_that_the_port_is_taken_and_takes_it_over(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "RETRY", 0.05)
    settings = deployment.settings.changed(metrics_port=free_port())
    with MetricsServer(settings) as first:
        until(lambda: first.address, "address")
        second = MetricsServer(settings).__enter__()
        until(lambda: "metrics" in caplog.text, "sentence")
        assert second.address is None
    until(lambda: second.address, "address of the second")
    second.__exit__(None, None, None)
    (sentence,) = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert f"Port {settings.metrics_port} of the metrics can't be used (another process has it)" in sentence
    assert sentence.endswith("set another LOANWATCH_METRICS_PORT.")


def test_without_a_port_nothing_is_served(deployment: Deployment) -> None:
    with MetricsServer(deployment.settings) as server:
        server._thread.join(5)
        assert not server._thread.is_alive()
        assert server.address is None


def test_the_command_prints_the_same_text(deployment: Deployment) -> None:
    add_runs(deployment)
    env = {"LOANWATCH_LEDGER": deployment.ledger.url, "LOANWATCH_HOME": str(deployment.settings.home)}
    done = command("metrics", "--prometheus", env=env)
    assert done.returncode == 0
    assert told(done.stdout)[key("runs_total", "training", "failed")] == 1
    both = command("metrics", "--prometheus", "--json", env=env)
    assert both.returncode == 2
    assert "exclude each other" in both.stderr


@pytest.mark.parametrize(
    ("served_at", "level", "words"),
    [(None, "warning", "No worker serves metrics at port 9464"), ("http://127.0.0.1:9464/metrics", "ok", "served at")],
)
def test_doctor_and_health_know_who_serves_the_metrics(
    deployment: Deployment, served_at: str | None, level: str, words: str
) -> None:
    with deployment.ledger.writing() as connection:
        process = Process("elsewhere:m:1:1", "worker", host(), 1)
        register(connection, process, {"ray": "up", "metrics": served_at}, deployment.ledger.now(connection))
    known = deployment.with_settings(deployment.settings.changed(metrics_port=9464))
    (finding,) = [each for each in findings(known) if each.check == "metrics"]
    assert finding.level == level
    assert words in finding.message
    env = {"LOANWATCH_LEDGER": deployment.ledger.url, "LOANWATCH_HOME": str(deployment.settings.home)}
    assert (f"Metrics: {served_at}" in command("health", env=env).stdout) == bool(served_at)
    assert not [each for each in findings(deployment) if each.check == "metrics"]
