"""A Ray cluster of two nodes with one CPU each: what a call may ask for, and nodes that have another code."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.deployment import Deployment
from tests.paths import ROOT
from tests.processes import DEADLINE, PIPES

pytestmark = [pytest.mark.thorough, pytest.mark.alone]

# Two nodes, each with the code of the folder that its word names. It prints the address and ends with its input.
CLUSTER = """
import sys
from engine.cluster.environment import prepare_ray
prepare_ray()
from ray.cluster_utils import Cluster
cluster = Cluster()
for folder in sys.argv[1:]:
    cluster.add_node(num_cpus=1, include_dashboard=False, env_vars={"PYTHONPATH": folder})
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""
# A run of the tasks given as JSON, [name, function, options], on the cluster. It prints the run's state and its tasks.
DRIVER = """
import json, sys
from datetime import date
from engine.cluster.private import RayAddress
from engine.control import runs
from engine.definitions.task import Pipeline, Task
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.ray_executor import RayExecutor
from storage.ledger.runs import run_row
from storage.ledger.tasks import task_rows
from storage.settings import load_settings
tasks = tuple(Task(name, function, **options) for name, function, options in json.loads(sys.argv[2]))
deployment = Deployment.open(load_settings())
executor = RayExecutor(deployment.settings, RayAddress(sys.argv[1]))
run_id = runs.request(deployment, runs.checked_request(deployment, "training", date(2024, 6, 1)))
state = execute_run(deployment, run_id, executor, {"training": Pipeline("training", tasks)})
executor.close()
with deployment.ledger.reading() as connection:
    rows = task_rows(connection, run_id)
    told = {row.task: [row.state, (row.outcome or {}).get("outcome", {}).get("values")] for row in rows}
    print(json.dumps({"state": state, "error": run_row(connection, run_id).error, "tasks": told}))
"""


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    """The address of a ledger of the test's own; which database it is does not matter here."""
    return f"sqlite:///{tmp_path / 'loanwatch.db'}"


@contextmanager
def cluster_of(*folders: Path) -> Iterator[str]:
    """The address of a cluster with one node of one CPU for each folder, which has that folder's code."""
    environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", CLUSTER, *map(str, folders)]
    with subprocess.Popen(words, cwd=ROOT, env=environment, **PIPES) as process:
        try:
            yield process.stdout.readline().decode().split()[-1]
        finally:
            process.communicate()


def run_on(address: str, deployment: Deployment, tasks: list[object], folder: Path = ROOT) -> dict[str, object]:
    """How a run of these tasks ended, whose process has the code of `folder`."""
    settings = deployment.settings
    places = {"LOANWATCH_HOME": str(settings.home), "LOANWATCH_LEDGER": settings.ledger_url}
    environment = {**os.environ, **places, "RAY_AUTH_MODE": "disabled", "PYTHONPATH": str(folder)}
    words = [sys.executable, "-c", DRIVER, address, json.dumps(tasks)]
    done = subprocess.run(
        words, cwd=settings.home, env=environment, capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


RATED = "from jobs.job import TaskResult\n\n\ndef run(job):\n    return TaskResult(1, 1, {{'rate': {}}})\n"


def copied(folder: Path, rate: int) -> Path:
    """A copy of the product that has one task besides, which gives the rate."""
    for room in ("storage", "jobs", "engine"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "jobs" / "rated.py").write_text(RATED.format(rate))
    return folder


def test_a_task_asks_for_no_more_cpus_than_the_largest_node_has(deployment: Deployment) -> None:
    with cluster_of(ROOT, ROOT) as address:
        ended = run_on(address, deployment, [["wide", "tests.engine.sample_tasks:works", {"cpus": 2}]])
    assert ended["state"] == "succeeded"


def test_a_node_with_another_image_gets_no_call_and_a_cluster_of_them_is_told(
    deployment: Deployment, tmp_path: Path
) -> None:
    ours, other = copied(tmp_path / "ours", 1), copied(tmp_path / "other", 2)
    third = copied(tmp_path / "third", 3)
    tasks = [[f"rated{number}", "jobs.rated:run", {"retries": 0}] for number in range(6)]
    with cluster_of(ours, other) as address:
        ended = run_on(address, deployment, tasks, ours)
        refused = run_on(address, deployment, tasks, third)
    assert (ended["state"], ended["tasks"]) == (
        "succeeded",
        {f"rated{n}": ["succeeded", {"rate": 1}] for n in range(6)},
    )
    assert refused["state"] == "failed"
    assert refused["error"]["type"] == "OtherCode"  # type: ignore[index]
    assert "give every machine the same image" in refused["error"]["message"]  # type: ignore[index]
