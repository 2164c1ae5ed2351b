"""A live worker: cancelling, requeueing, dead heads, dead run processes, and what listens meanwhile."""

import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from engine.control import runs
from engine.process.run_settings import other_settings, run_settings
from storage.ledger.catalog import current_versions
from storage.ledger.runs import caused_by
from tests.console.live import free_port
from tests.live import LiveWorker, Site, held, stop_outside_a_write
from tests.processes import LOOPBACK, calls_of, listeners, running, tree, until
from tests.sandbox import Sandbox

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def worker(trained_home: Path, small_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveWorker]:
    """A worker of a trained deployment; every test leaves it alive."""
    home = Sandbox.copied(trained_home, tmp_path_factory.mktemp("worker") / "home").home
    given = {"data": str(small_book), "stop_grace": 0.5, "metrics_port": free_port()}
    site = Site(home, f"sqlite:///{home / 'loanwatch.db'}", given)
    with site.worker() as live:
        yield live.wait_up()
    site.close()


def begun(worker: LiveWorker, task: str = "train_evaluate_select_model") -> str:
    """The id of a training that is at that task."""
    run_id = worker.site.request(force=True)
    worker.site.wait_begun(run_id, task)
    return run_id


def part_of(worker: LiveWorker, words: str) -> int:
    """The process of the worker's Ray that has these words on its command line."""
    (found,) = [pid for pid, line in tree(worker.pid).items() if words in line]
    return found


def published(site: Site) -> object:
    with site.deployment.ledger.reading() as connection:
        return current_versions(connection)


def successor(site: Site, run_id: str) -> str:
    with site.deployment.ledger.reading() as connection:
        (found,) = caused_by(connection, run_id)
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("task", ["ingest_feature_clickstream", "train_evaluate_select_model"])
def test_a_cancelled_run_leaves_no_process(worker: LiveWorker, task: str) -> None:
    before = published(worker.site)
    run_id = begun(worker, task)
    run_process = worker.busy_run_process()
    runs.cancel(worker.site.deployment, run_id)
    until(lambda: not running([run_process, *calls_of(run_process)]), "end of the run's processes")
    assert worker.site.ended(run_id).state == "cancelled"
    assert published(worker.site) == before


@pytest.mark.thorough
def test_a_driver_that_does_not_hear_is_killed_when_its_run_is_cancelled(worker: LiveWorker) -> None:
    run_id = begun(worker)
    run_process = worker.busy_run_process()
    stop_outside_a_write(worker.site, [run_process])
    runs.cancel(worker.site.deployment, run_id)
    until(lambda: not running([run_process, *calls_of(run_process)]), "end of the run's processes")
    assert worker.site.ended(run_id).state == "cancelled"
    assert set(worker.site.states(run_id).values()) <= {"succeeded", "cancelled"}


@pytest.mark.thorough
def test_a_run_whose_driver_was_killed_is_crashed_at_once_and_resumes(worker: LiveWorker) -> None:
    run_id = begun(worker)
    run_process = worker.busy_run_process()
    os.kill(run_process, signal.SIGKILL)
    until(lambda: worker.site.run(run_id).state == "crashed", "crash")
    assert "code -9; resume the run" in worker.site.run(run_id).error["message"]
    until(lambda: not running(calls_of(run_process)), "end of its calls")
    again = runs.resume(worker.site.deployment, run_id)
    assert worker.site.ended(again).state == "succeeded"
    assert worker.site.states(again)["gold_feature_engineering"] == "cached"


@pytest.mark.thorough
def test_nothing_listens_beyond_loopback_while_a_run_is_under_way(worker: LiveWorker) -> None:
    run_id = begun(worker)
    found = listeners(tree(worker.pid))
    assert len(found) > 3
    assert {each.laddr.ip for each in found} <= set(LOOPBACK)
    runs.cancel(worker.site.deployment, run_id)
    worker.site.ended(run_id)


def test_the_token_is_for_this_user_alone(worker: LiveWorker) -> None:
    (session,) = worker.sessions()
    assert session.stat().st_mode & 0o777 == 0o700
    assert (session / "token").stat().st_mode & 0o777 == 0o600


def test_a_scrape_of_a_live_worker_is_answered(worker: LiveWorker) -> None:
    (url,) = until(lambda: worker.site.told("health")["metrics"], "address of the metrics")
    assert url == f"http://127.0.0.1:{worker.site.settings['metrics_port']}/metrics"
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - the URL is of loopback
        samples = [each for family in families(answer.read().decode()) for each in family.samples]
    found = {each.name: each.value for each in samples if each.labels.get("kind", "worker") == "worker"}
    assert found["loanwatch_ledger_up"] == 1
    assert found["loanwatch_process_heartbeat_age_seconds"] < worker.site.deployment.settings.lease


def test_a_worker_says_with_which_settings_it_executes_runs(worker: LiveWorker) -> None:
    row, deployment = worker.row, worker.site.deployment
    assert row is not None
    assert row.detail["settings"] == run_settings(deployment)
    other = deployment.with_settings(deployment.settings.changed(psi_threshold=0.3))
    (told,) = other_settings(other)
    assert f"process id {worker.pid}" in told
    assert "LOANWATCH_PSI_THRESHOLD is 0.2 there and 0.3 here" in told


def test_a_killed_guard_is_replaced(worker: LiveWorker) -> None:
    (guard,) = worker.guards()
    os.kill(guard, signal.SIGKILL)
    until(lambda: worker.guards() and worker.guards() != [guard], "new guard")


@pytest.mark.thorough
@pytest.mark.parametrize("part", ["ray.scripts", "raylet/raylet"])
def test_a_run_is_requeued_when_its_ray_head_is_killed(worker: LiveWorker, part: str) -> None:
    run_id = begun(worker)
    with held(worker.site, run_id):
        os.kill(part_of(worker, part), signal.SIGKILL)
    ended = worker.site.ended(run_id)
    assert (ended.state, ended.error["type"]) == ("crashed", "HandedBack")
    again = successor(worker.site, run_id)
    assert worker.site.run(again).parent_run_id == run_id
    assert worker.site.ended(again).state == "succeeded"
    assert worker.site.states(again)["ingest_lms_loan_daily"] == "cached"


@pytest.mark.thorough
def test_a_stopping_worker_requeues_its_run_for_the_next_worker(worker: LiveWorker) -> None:
    """The last test of the module: it stops the worker."""
    run_id = begun(worker)
    family = tree(worker.pid)
    assert worker.stop() == 0
    until(lambda: not running(family), "end of all its processes")
    assert worker.sessions() == []
    assert "the run was requeued" in worker.site.run(run_id).error["message"]
    again = successor(worker.site, run_id)
    assert worker.site.run(again).state == "queued"
    assert "waiting for a worker" in worker.site.engine("runs").stdout
    assert worker.site.told("run", "training")["run_id"] == again
    assert worker.site.states(again)["gold_feature_engineering"] == "cached"
