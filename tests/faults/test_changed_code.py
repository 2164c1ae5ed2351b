"""Row 14: code or settings that change between a failure and the resumption; what they concern runs again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.deployment import Deployment
from storage.db.schema import runs
from storage.ledger.runs import run_row
from storage.ledger.tasks import task_rows
from tests.paths import ROOT

ROOMS = ("storage", "jobs", "engine")
# `balance` depends on what `jobs.rate` says, `summed` on what `balance` gave, `score` on a setting; `last` has a bug.
MODULES = {
    "rate": '"""A rate."""\n\nRATE = 1\n',
    "balance": "from jobs.job import TaskResult\nfrom jobs.rate import RATE\n\n\n"
    "def run(job):\n    return TaskResult(1, 1, {'rate': RATE})\n",
    "score": "from jobs.job import TaskResult\n\n\n"
    "def run(job):\n    return TaskResult(1, 1, {'features': job.settings['feature_set']})\n",
    "summed": "from jobs.job import TaskResult\n\n\n"
    "def run(job):\n    return TaskResult(1, 1, {'sum': job.values['balance']['rate'] + 1})\n",
    "last": "from jobs.job import TaskResult\n\n\ndef run(job):\n    raise ValueError('a bug')\n",
}
MENDED = "from jobs.job import TaskResult\n\n\ndef run(job):\n    return TaskResult(1, 1, dict(job.values))\n"
PROGRAM = """
import json, sys
from datetime import date
from engine.control import runs
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from engine.definitions.task import Pipeline, Task
from storage.settings import load_settings
tasks = (
    Task("balance", "jobs.balance:run"),
    Task("score", "jobs.score:run", settings=("feature_set",)),
    Task("summed", "jobs.summed:run", upstream=("balance",)),
    Task("last", "jobs.last:run", upstream=("balance", "score", "summed"), retries=0),
)
deployment, parent, params = Deployment.open(load_settings()), sys.argv[1], json.loads(sys.argv[2])
if parent:
    run_id = runs.resume(deployment, parent, params)
else:
    run_id = runs.request(deployment, runs.checked_request(deployment, "training", date(2024, 6, 1)))
execute_run(deployment, run_id, LocalExecutor(), {"training": Pipeline("training", tasks)})
print(run_id)
"""


class Project:
    """A copy of the product whose code may be changed, and a process of its own for each run."""

    def __init__(self, folder: Path, deployment: Deployment) -> None:
        self.folder, self.deployment = folder, deployment
        self.newest = ""
        for room in ROOMS:
            shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in MODULES.items():
            self.change(name, text)

    def change(self, module: str, text: str) -> None:
        (self.folder / "jobs" / f"{module}.py").write_text(text)

    def run(self, params: str = "{}") -> dict[str, str]:
        """The states of the tasks of a run, a resumption of the one before if there was one."""
        settings = self.deployment.settings
        places = {"LOANWATCH_HOME": str(settings.home), "LOANWATCH_LEDGER": settings.ledger_url}
        words = [sys.executable, "-B", "-W", "error", "-c", PROGRAM, self.newest, params]
        done = subprocess.run(
            words, cwd=self.folder, env={**os.environ, **places}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        self.newest = done.stdout.split()[-1]
        with self.deployment.ledger.reading() as connection:
            return {row.task: row.state for row in task_rows(connection, self.newest)}


@pytest.mark.thorough
def test_what_changed_since_the_failure_runs_again_and_nothing_old_goes_into_the_result(
    deployment: Deployment, tmp_path: Path
) -> None:
    project = Project(tmp_path / "project", deployment)
    cached = dict.fromkeys(("balance", "score", "summed"), "cached")
    assert project.run() == {**dict.fromkeys(cached, "succeeded"), "last": "failed"}
    assert project.run() == {**cached, "last": "failed"}

    project.change("rate", '"""A rate."""\n\nRATE = 2\n')  # `balance` itself is as it was: it imports what changed
    assert project.run() == {"balance": "succeeded", "score": "cached", "summed": "succeeded", "last": "failed"}

    changed = project.run('{"feature_set": "behavioural"}')
    assert changed == {"balance": "cached", "score": "succeeded", "summed": "cached", "last": "failed"}

    project.change("last", MENDED)
    assert project.run() == {**cached, "last": "succeeded"}
    with deployment.ledger.reading() as connection:
        (last,) = [row for row in task_rows(connection, project.newest) if row.task == "last"]
        run = run_row(connection, project.newest)
        failed = connection.execute(select(runs.c.state).where(runs.c.run_id != project.newest)).scalars().all()
    assert last.outcome["outcome"]["values"] == {
        "balance": {"rate": 2},
        "score": {"features": "behavioural"},
        "summed": {"sum": 3},
    }
    assert (run.state, run.params) == ("succeeded", {"feature_set": "behavioural"})
    assert failed == ["failed"] * 4
