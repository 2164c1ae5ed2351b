"""The ledger's server ends a connection in the middle of a transaction, while a task is prepared."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from engine.control import runs
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from storage.db.ledger import LedgerUnavailable
from tests.databases import TEMPLATE
from tests.engine.runner import PipelineRunner, task
from tests.postgres import Postgres
from tests.sandbox import Sandbox

LostFor = Callable[[int], PipelineRunner]


@pytest.fixture
def lost_for(postgres: Postgres, tmp_path: Path) -> Iterator[LostFor]:
    """A pipeline of one task on PostgreSQL, which ends that many connections that prepare the task."""
    with postgres.database(TEMPLATE) as database:
        sandbox, executor = Sandbox.at(tmp_path / "home", ledger=postgres.url(database)), LocalExecutor()
        ledger = sandbox.deployment.ledger
        left = 0

        def end(connection: Any, *_: object) -> None:
            nonlocal left
            if left and threading.current_thread().name.startswith("prepare-"):
                left -= 1
                process = connection.connection.driver_connection.info.backend_pid
                postgres.execute(f"SELECT pg_terminate_backend({process}, 10000)")

        def make(times: int) -> PipelineRunner:
            nonlocal left
            left = times
            return PipelineRunner(sandbox.deployment, executor, (task("one"),))

        event.listen(ledger._engine, "before_cursor_execute", end)
        yield make
        assert left == 0
        executor.close()
        sandbox.close()


def test_a_task_is_prepared_again_when_the_ledgers_connection_was_lost(lost_for: LostFor) -> None:
    book = lost_for(1)
    run_id, state = book.run()
    assert (state, book.states(run_id)) == ("succeeded", {"one": "succeeded"})


def test_a_ledger_that_stays_away_fails_no_task_so_that_the_run_crashes_and_can_be_resumed(lost_for: LostFor) -> None:
    book = lost_for(2)
    run_id = runs.request(book.deployment, runs.checked_request(book.deployment, "training", runs.date(2024, 6, 1)))
    with pytest.raises(LedgerUnavailable, match="start the server"):
        execute_run(book.deployment, run_id, book.executor, {"training": book.pipeline})
    assert book.states(run_id) == {"one": "queued"}
