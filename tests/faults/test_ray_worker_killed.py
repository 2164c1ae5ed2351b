"""Row 15: Ray's workers are killed, by hand and for memory: tried again as declared, and the result is the same."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from engine.definitions.pipelines import Pipeline
from engine.definitions.task import Task
from engine.execution.execute import execute_run
from engine.execution.executors import Executor, LocalExecutor
from engine.execution.ray_executor import RayExecutor
from engine.process.identity import mark_of
from storage.ledger.catalog import current_versions
from storage.ledger.models import model_by_alias
from storage.ledger.tasks import attempt_rows
from storage.settings import load_settings
from tests.faults.counts import Count
from tests.live import Site
from tests.paths import ROOT
from tests.retail import PIPELINES

pytestmark = [pytest.mark.alone, pytest.mark.thorough]

FITS = "train_evaluate_select_model"
RETRIES = 2


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """A private Ray, warm, for the tests of this file."""
    own = RayExecutor(load_settings(ray_cpus=2, ray_memory=200 * 1024**2))
    own.warm()
    yield own
    own.close()


class Killer(threading.Thread):
    """Kills Ray workers that run a task, so many of them."""

    def __init__(self, task: str, most: int) -> None:
        super().__init__(daemon=True)
        self.title, self.most, self.killed = f"ray::{task}#{mark_of(os.getpid())}-", most, 0
        self.ended = threading.Event()

    def run(self) -> None:
        while self.killed < self.most and not self.ended.wait(0.02):
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    if self.killed < self.most and process.cmdline()[0].startswith(self.title):
                        os.kill(process.pid, signal.SIGKILL)
                        process.wait(10)
                        self.killed += 1


def trained(site: Site, executor: Executor, pipeline: Pipeline) -> str:
    """The id of a training that was carried out here."""
    run_id = site.request()
    execute_run(site.deployment, run_id, executor, {"training": pipeline})
    return run_id


def made(site: Site) -> object:
    """What a training is for: the bytes of every table and of the model."""
    with site.deployment.ledger.reading() as connection:
        tables = {name: [part.sha256 for part in table.parts] for name, table in current_versions(connection).items()}
        champion = model_by_alias(connection)
    assert champion is not None
    return tables, {kind: facts.sha256 for kind, facts in champion.files.items() if kind != "metadata"}


def test_killed_ray_workers_are_replaced_and_the_result_is_as_if_nothing_had_happened(
    tmp_path: Path, small_book: Path, executor: Executor, counted: Count
) -> None:
    given = {"data": str(small_book), "retry_pause": 0.0}
    calm, shaken = Site(tmp_path / "calm", settings=given), Site(tmp_path / "shaken", settings=given)
    local = LocalExecutor()
    assert calm.run(trained(calm, local, PIPELINES["training"])).state == "succeeded"
    local.close()
    killer = Killer(FITS, RETRIES)
    killer.start()
    run_id = trained(shaken, executor, PIPELINES["training"])
    killer.ended.set()
    killer.join()
    assert shaken.run(run_id).state == "succeeded", shaken.run(run_id).error
    with shaken.deployment.ledger.reading() as connection:
        attempts = Counter((row.task, row.state) for row in attempt_rows(connection, run_id))
    assert killer.killed == RETRIES == attempts[FITS, "failed"]
    assert [task for (task, state), _ in attempts.items() if state == "failed"] == [FITS]
    assert made(shaken) == made(calm)
    calm.close()
    shaken.close()
    counted(f"row 15: {killer.killed} Ray workers killed during one training, result identical")


def test_a_task_whose_worker_always_dies_is_tried_as_often_as_declared(tmp_path: Path, executor: Executor) -> None:
    site = Site(tmp_path / "home", settings={"retry_pause": 0.0})
    reports = Path(site.deployment.roots.reports)
    reports.mkdir(parents=True)
    os.mkfifo(reports / "release")
    killer = Killer("doomed", 100)
    killer.start()
    doomed = Task("doomed", "tests.engine.sample_tasks:waits_for_release", retries=RETRIES)
    run_id = trained(site, executor, Pipeline("training", (doomed,)))
    killer.ended.set()
    killer.join()
    assert (site.run(run_id).state, killer.killed) == ("failed", 1 + RETRIES)
    assert "The Ray process of the task ended" in site.run(run_id).error["message"]
    site.close()


def test_a_task_that_takes_all_memory_is_killed_as_often_as_declared_and_the_run_says_why(
    tmp_path: Path, counted: Count
) -> None:
    words = [sys.executable, "-m", "tests.faults.greedy", str(tmp_path / "home")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["state"] == "failed"
    assert told["error"]["type"] == "OutOfMemory"
    assert "memory was full; free some memory and resume" in told["error"]["message"]
    assert told["tasks"] == {"greedy": "failed"}
    assert told["attempts"] == [["greedy", "failed"]] * 2
    counted("row 15: killed for memory 2 times of 2 declared")
