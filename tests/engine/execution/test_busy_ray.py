"""Row 39: a busy Ray. A call waits for longer than its limit before it begins; the time is not counted."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from engine.definitions.task import Task
from engine.deployment import Deployment
from engine.execution.call import Call
from engine.execution.ray_executor import RayExecutor
from jobs.job import Job
from storage.ledger.tasks import attempt_rows
from tests.engine.runner import TASKS, PipelineRunner, task
from tests.processes import until
from tests.sandbox import AS_OF

pytestmark = pytest.mark.group("ray")

LIMIT = 0.5  # seconds


@pytest.fixture
def busy(deployment: Deployment, ray_executor: RayExecutor) -> Iterator[Path]:
    """A Ray whose CPUs are all in use until the returned file is written to."""
    folder = Path(deployment.roots.reports)
    folder.mkdir(parents=True)
    os.mkfifo(folder / "release")
    job = Job("busy", "run", AS_OF, "stamp", deployment.roots)
    ticket = ray_executor.submit(Call(task("busy", "waits_for_release", cpus=2), job, deployment.settings.ledger_url))
    until((folder / "busy..1").exists, "the call that uses all CPUs")
    yield folder / "release"
    ray_executor.cancel(ticket)


def test_a_time_limit_counts_from_when_the_function_begins(
    runner_of: Callable[..., PipelineRunner], ray_executor: RayExecutor, busy: Path
) -> None:
    book = runner_of(Task("late", f"{TASKS}:works", limit=LIMIT, retries=0), executor=ray_executor)

    def release() -> None:
        until(lambda: len(ray_executor._running) == 2, "call that waits for a CPU")
        asked = monotonic()
        until(lambda: monotonic() > asked + 3 * LIMIT, "three times the limit")
        busy.open("wb").close()

    releaser = threading.Thread(target=release)
    releaser.start()
    run_id, state = book.run()
    releaser.join()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        assert [row.state for row in attempt_rows(connection, run_id)] == ["succeeded"]
