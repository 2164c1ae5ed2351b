"""Rows 14 and 38: code or settings change between two runs or while a worker lives; what they concern runs again."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.deployment import Deployment
from storage.db.schema import runs
from storage.ledger.runs import caused_by, run_row
from storage.ledger.tasks import task_rows
from tests.live import RUN_PROCESS
from tests.paths import ROOT
from tests.processes import DEADLINE, tree, until

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
# `first` waits for a person; `rated` tells the rate of a module that every process of a run has imported by then.
WAITING = {
    "first": "import os\nfrom pathlib import Path\nfrom jobs.job import TaskResult\n\n\n"
    "def run(job):\n    folder = Path(job.roots.reports)\n    (folder / 'begun').touch()\n"
    "    (folder / 'release').open('rb').close()\n    return TaskResult()\n",
    "rated": "from jobs.errors import RATE\nfrom jobs.job import TaskResult\n\n\n"
    "def run(job):\n    return TaskResult(1, 1, {'rate': RATE, 'own': 1})\n",
}
BOOK = """
from engine.definitions.task import Pipeline, Task
from jobs.book.retail import BOOK
PIPELINES = (Pipeline("small", (
    Task("first", "jobs.first:run"), Task("rated", "jobs.rated:run", upstream=("first",)),
)),)
"""
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
        for name, text in {**MODULES, **WAITING}.items():
            self.change(name, text)
        (folder / "book.py").write_text(BOOK)

    def change(self, module: str, text: str) -> None:
        (self.folder / "jobs" / f"{module}.py").write_text(text)

    @property
    def environment(self) -> dict[str, str]:
        settings = self.deployment.settings
        places = {"LOANWATCH_HOME": str(settings.home), "LOANWATCH_LEDGER": settings.ledger_url}
        return {**os.environ, **places, "LOANWATCH_BOOK": str(self.folder / "book.py"), "LOANWATCH_HEARTBEAT": "0.2"}

    def engine(self, *words: str) -> str:
        """What a command of this copy prints."""
        command = [sys.executable, "-m", "engine", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, check=True
        ).stdout.decode()

    @contextmanager
    def worker(self) -> Iterator[int]:
        """The process id of a worker of this copy, which ends with the block."""
        command = [sys.executable, "-m", "engine", "worker"]
        with subprocess.Popen(command, cwd=self.folder, env=self.environment, start_new_session=True) as process:
            try:
                yield process.pid
            finally:
                process.terminate()
                process.wait(DEADLINE)

    def ended(self, run_id: str) -> dict[str, Any]:
        """The values of the tasks of a run, by task, when it has succeeded; it may be handed back before."""
        with self.deployment.ledger.reading() as connection:
            run = run_row(connection, run_id)
            again = caused_by(connection, run_id)
            values = {
                row.task: (row.outcome or {}).get("outcome", {}).get("values") for row in task_rows(connection, run_id)
            }
        if again:
            return self.ended(again[0])
        assert run.state in ("queued", "running", "succeeded"), run.error
        return values if run.state == "succeeded" else {}

    def run(self, params: str = "{}") -> dict[str, str]:
        """The states of the tasks of a run, a resumption of the one before if there was one."""
        words = [sys.executable, "-B", "-W", "error", "-c", PROGRAM, self.newest, params]
        done = subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)
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


@pytest.mark.thorough
@pytest.mark.alone
def test_code_that_is_edited_while_a_worker_lives_is_never_reused_under_the_new_codes_key(
    deployment: Deployment, tmp_path: Path
) -> None:
    project = Project(tmp_path / "project", deployment)
    errors = (project.folder / "jobs" / "errors.py").read_text()
    project.change("errors", f"{errors}\n\nRATE = 1\n")
    release = Path(deployment.roots.reports) / "release"
    release.parent.mkdir(parents=True)
    os.mkfifo(release)
    with project.worker() as worker:
        first = json.loads(project.engine("run", "small", "--detach", "--json"))["run_id"]
        until((release.parent / "begun").exists, "first task")
        until(lambda: sum(RUN_PROCESS in words for words in tree(worker).values()) == 2, "standby")
        project.change("errors", f"{errors}\n\nRATE = 2\n")
        project.change("rated", WAITING["rated"].replace("'own': 1", "'own': 2"))
        release.open("wb").close()
        release.unlink()
        release.touch()
        before = until(lambda: project.ended(first), "end of the first run")
        second = json.loads(project.engine("run", "small", "--detach", "--json"))["run_id"]
        after = until(lambda: project.ended(second), "end of the second run")
        told = project.engine("health")
    assert before["rated"] in ({"rate": 1, "own": 1}, {"rate": 2, "own": 2})
    assert after["rated"] == {"rate": 2, "own": 2}
    assert "started before the code on disk changed; restart it" in " ".join(told.split())
