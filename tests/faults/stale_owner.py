"""An owner that stops itself: `python -m tests.faults.stale_owner RUN commit` or `... RUN METHOD TASK`.

Claims a run, executes it, and stops itself (SIGSTOP) right before the run is committed, or before a method of
`RunRecorder` is called for a task. When it goes on it does what it was about to do, then tries everything else that
the ledger takes from the owner of a run. Prints a word for each that was refused because the lease was lost.
"""

import os
import signal
import sys
from typing import Any

import engine.execution.runner
from engine.definitions.task import Pipeline, Task
from engine.deployment import Deployment
from engine.execution.execute import execute_claimed_run
from engine.execution.executors import LocalExecutor
from engine.execution.recorder import RunRecorder
from engine.process.identity import this_process
from storage.db.ledger import Ledger
from storage.errors import LeaseLost
from storage.lake.names import SCORED
from storage.ledger.catalog import publish, record_versions
from storage.ledger.leases import Lease, claim, finish, record_snapshot, renew
from storage.ledger.models import ModelVersion, register
from storage.settings import load_settings
from tests.retail import PIPELINES

TASKS = "tests.engine.sample_tasks"
SMALL = Pipeline(
    "training",
    (Task("first", f"{TASKS}:works"), Task("last", f"{TASKS}:writes_scores", upstream=("first",), writes=(SCORED,))),
)
MODEL = ModelVersion("20260101_000000", "none", {}, {}, {})


class Stopping:
    """A function that stops this process right before it does its work, at once or when it is for that task.

    It stops when the heartbeat's thread does not write: the writers' turn would stay with a process that stands still.
    """

    def __init__(self, real: Any, task: str, ledger: Ledger) -> None:
        self.real, self.task, self.ledger = real, task, ledger

    def __call__(self, *given: Any) -> Any:
        if not self.task or self.task in (getattr(given[1], "name", None), given[1][0] if is_key(given[1]) else None):
            with self.ledger.writing():
                pass
            os.kill(os.getpid(), signal.SIGSTOP)
        return self.real(*given)


def is_key(given: object) -> bool:
    """Whether this names an attempt: task, part and number."""
    return isinstance(given, tuple)


def refusals(deployment: Deployment, lease: Lease) -> list[str]:
    """The names of all that an owner may write, as far as it is refused."""
    now, record = deployment.ledger.clock(), RunRecorder(deployment.ledger, lease)
    task = SMALL.tasks[0]
    writes: dict[str, Any] = {
        "publish": lambda connection: publish(connection, lease, [], now),
        "versions": lambda connection: record_versions(connection, lease, [], now),
        "model": lambda connection: register(connection, lease, MODEL, now),
        "pins": lambda connection: record_snapshot(connection, lease, {}),
        "beat": lambda connection: renew(connection, lease, now),
        "end": lambda connection: finish(connection, lease, "succeeded", None, now),
    }
    refused = [name for name, write in writes.items() if is_refused(lambda write=write: written(deployment, write))]
    told: dict[str, Any] = {
        "plan": lambda: record.planned(SMALL),
        "ready": lambda: (record.ready(task, "key", 1), record.write()),
        "attempt": lambda: (record.attempt_started((task.name, "", 9), 9), record.write()),
        "note": lambda: record.warned(task, ["a word"]),
        "left": lambda: record.upstream_failed({task.name: "nobody"}),
        "failed": lambda: record.run_failed({"type": "Stale", "message": "no", "exit_code": 1}),
    }
    return refused + [name for name, tell in told.items() if is_refused(tell)]


def written(deployment: Deployment, write: Any) -> None:
    with deployment.ledger.writing() as connection:
        write(connection)


def is_refused(act: Any) -> bool:
    try:
        act()
    except LeaseLost:
        return True
    return False


def main(run_id: str, name: str, task: str = "") -> None:
    """Carries out the run, stops on its way, and goes on."""
    deployment, pipelines = Deployment.open(load_settings()), PIPELINES
    if name == "commit":
        engine.execution.runner.commit = Stopping(  # type: ignore[assignment]
            engine.execution.runner.commit, "", deployment.ledger
        )
    else:
        pipelines = {"training": SMALL}
        stopping = Stopping(getattr(RunRecorder, name), task, deployment.ledger)
        # A plain function, for a method is only bound to its object when it is one.
        setattr(RunRecorder, name, lambda *given: stopping(*given))  # noqa: PLW0108
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, this_process(), deployment.ledger.clock())
    assert lease
    executor = LocalExecutor()
    refused = [name] if is_refused(lambda: execute_claimed_run(deployment, lease, executor, pipelines)) else []
    executor.close()
    print(" ".join(refused + refusals(deployment, lease)))  # noqa: T201 - for the test that started this


if __name__ == "__main__":
    main(*sys.argv[1:])
