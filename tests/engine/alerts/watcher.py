"""A process that looks for alerts and sends them: `python -m tests.engine.alerts.watcher SETTINGS [steps]`.

With `steps`, each number on standard input starts a child that looks once, sends what is due, and is killed by SIGKILL
at that step of its writes to the ledger (0 for never). It prints the child's pid, and its exit code in the end.
"""

import json
import os
import signal
import sys
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, event

from engine.alerts.delivery import deliver_next
from engine.alerts.evaluation import evaluate
from engine.alerts.watch import watching
from engine.deployment import Deployment
from storage.settings import load_settings


def main() -> None:
    settings = json.loads(sys.argv[1])
    if "steps" not in sys.argv:
        deployment = Deployment.open(load_settings(**settings), retry_seconds=20.0)
        with watching(deployment):
            print("watches", flush=True)  # noqa: T201 - for the test
            sys.stdin.read()
        return
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            work(settings, int(line))
            os._exit(0)
        print(pid, flush=True)  # noqa: T201 - for the test
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201 - for the test


def work(settings: dict[str, Any], last: int) -> None:
    """Looks once and sends what is due, up to the last step."""
    deployment = Deployment.open(load_settings(**settings))
    steps = count(1)

    def step(connection: Connection, *_: object) -> None:
        if connection.get_execution_options().get("writes") and next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)
    evaluate(deployment)
    for channel in deployment.settings.alert_channels:
        while deliver_next(deployment, channel):
            pass


if __name__ == "__main__":
    main()
