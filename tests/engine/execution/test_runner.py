"""One run's life, in process: order, retries, failures, parts, logs."""

import threading
from collections.abc import Callable

from engine.deployment import Deployment
from engine.documents.runs import run_details
from engine.execution.call import Report
from engine.execution.executors import LocalExecutor
from storage.ledger.runs import run_row
from storage.ledger.tasks import attempt_rows, log_rows, task_rows
from tests.engine.runner import TASKS, PipelineRunner, task
from tests.processes import DEADLINE

Maker = Callable[..., PipelineRunner]


def test_tasks_run_after_their_upstream_tasks(runner_of: Maker) -> None:
    book = runner_of(
        task("last", upstream=("left", "right")), task("left", upstream=("first",)), task("right"), task("first")
    )
    run_id, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        ended = {row.task: row.finished_at for row in task_rows(connection, run_id)}
    assert ended["first"] <= ended["left"] <= ended["last"]
    assert ended["right"] <= ended["last"]


def test_a_task_that_is_further_on_does_not_wait_for_the_many_parts_of_one_that_is_not(runner_of: Maker) -> None:
    parts = tuple(f"{number:02d}" for number in range(60))
    book = runner_of(task("first"), task("many", "one_part", split=parts), task("next", upstream=("first",)))
    run_id, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        begun = [row.task for row in sorted(attempt_rows(connection, run_id), key=lambda row: row.started_at)]
    assert begun.index("first") < begun.index("next") < len(parts)


class Noting(LocalExecutor):
    """Notes that it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()

    def open(self) -> None:
        self.opened.set()


def test_the_executor_opens_beside_the_preparations_of_a_first_run_and_of_no_other(runner_of: Maker) -> None:
    book = runner_of(task("only", split=f"{TASKS}:bad_input"))  # not prepared, so that nothing else opens it
    for first in (True, False):
        book.executor = executor = Noting()
        assert book.run()[1] == "failed"
        assert executor.opened.wait(DEADLINE if first else 0) == first


def test_a_task_that_fails_twice_succeeds_on_its_third_attempt_with_all_three_recorded(runner_of: Maker) -> None:
    book = runner_of(task("shaky", "fails_twice"), task("after", upstream=("shaky",)))
    run_id, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        attempts = [(row.attempt, row.state) for row in attempt_rows(connection, run_id) if row.task == "shaky"]
        assert {row.task: row.attempts for row in task_rows(connection, run_id)} == {"shaky": 3, "after": 1}
        first = attempt_rows(connection, run_id)[0]
    assert attempts == [(1, "failed"), (2, "failed"), (3, "succeeded")]
    assert "not yet" in first.error["message"]
    assert "fails_twice" in first.error["trace"]


def test_a_failure_blames_itself_downstream_and_lets_other_branches_finish(runner_of: Maker) -> None:
    book = runner_of(
        task("bad", "always_fails"),
        task("child", upstream=("bad",)),
        task("grandchild", upstream=("child", "good")),
        task("good"),
        task("more", upstream=("good",)),
    )
    run_id, state = book.run()
    assert state == "failed"
    assert book.states(run_id) == {
        "bad": "failed",
        "child": "upstream_failed",
        "grandchild": "upstream_failed",
        "good": "succeeded",
        "more": "succeeded",
    }
    with book.deployment.ledger.reading() as connection:
        assert {row.failed_upstream for row in task_rows(connection, run_id) if row.state == "upstream_failed"} == {
            "bad"
        }
        assert run_row(connection, run_id).error["task"] == "bad"
    assert book.marks("bad") == 3


def test_bad_input_is_not_tried_again(runner_of: Maker) -> None:
    book = runner_of(task("refuses", "bad_input"))
    run_id, state = book.run()
    assert (state, book.marks("refuses")) == ("failed", 1)
    with book.deployment.ledger.reading() as connection:
        assert run_row(connection, run_id).error["message"] == "The data can't be used; mend them."


def test_values_of_a_lenders_tasks_are_not_accounts(runner_of: Maker) -> None:
    names = ("export", "ingest_own", "clean_own", "remove_flagged_customers", "prepare_inference_data")
    book = runner_of(*(task(name, "counts_its_own_way") for name in names))
    run_id, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        details = run_details(connection, run_id)
    assert (details["accounts"], details["remarks"]) == ([], [])


def test_parts_fan_out_and_only_the_failing_part_is_tried_again(runner_of: Maker) -> None:
    book = runner_of(task("many", "one_part", split=f"{TASKS}:three_parts", collect=f"{TASKS}:put_together"))
    run_id, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        (row,) = task_rows(connection, run_id)
        attempts = [(row.part, row.attempt, row.state) for row in attempt_rows(connection, run_id)]
    assert (row.parts_done, row.parts_total, row.rows_in, row.rows_out) == (3, 3, 30, 27)
    assert row.outcome["outcome"]["values"] == {"parts": 3}
    assert sorted(attempts) == [
        ("a", 1, "succeeded"),
        ("b", 1, "failed"),
        ("b", 2, "succeeded"),
        ("c", 1, "succeeded"),
        ("collect all", 1, "succeeded"),
    ]


def test_a_partition_may_have_any_name_that_a_dataset_may_have(runner_of: Maker) -> None:
    book = runner_of(task("many", "one_part", split=("collect", "a"), collect=f"{TASKS}:put_together"))
    run_id, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        (row,) = task_rows(connection, run_id)
    assert row.outcome["outcome"]["values"] == {"parts": 2}


def test_two_parts_that_fail_together_are_one_failure(deployment: Deployment) -> None:
    class TwoAtOnce(LocalExecutor):
        """Hands over both reports in one batch, as Ray does when two workers end at the same moment."""

        def capacity(self) -> int:
            return 2

        def wait(self, timeout: float) -> list[tuple[int, Report]]:
            reports: list[tuple[int, Report]] = []
            while len(reports) < 2:
                reports += super().wait(timeout)
            return reports

    executor = TwoAtOnce()
    book = PipelineRunner(deployment, executor, (task("many", "bad_input", split=("a", "b")),))
    run_id, state = book.run()
    executor.close()
    assert state == "failed"
    with deployment.ledger.reading() as connection:
        assert run_row(connection, run_id).error["message"] == "The data can't be used; mend them."


class WithoutNode(LocalExecutor):
    """A cluster without a node until a call waits for one."""

    def capacity(self) -> int:
        return 0


def test_a_run_that_waits_for_a_node_says_so_once_in_its_log(deployment: Deployment) -> None:
    executor = WithoutNode()
    book = PipelineRunner(deployment, executor, (task("many", "one_part", split=("a", "c")),))
    run_id, state = book.run()
    executor.close()
    assert state == "succeeded"
    with deployment.ledger.reading() as connection:
        told = [line.message for line in log_rows(connection, run_id) if line.level == "WARNING"]
    assert told == ["The Ray cluster has no node with a CPU; calls wait until one joins (`ray start`)."]


def test_without_a_collector_partitions_are_added_up(runner_of: Maker) -> None:
    book = runner_of(task("many", "one_part", split=("a", "c")))
    run_id, _ = book.run()
    with book.deployment.ledger.reading() as connection:
        (row,) = task_rows(connection, run_id)
    assert (row.rows_in, row.rows_out, row.outcome["outcome"]["values"]) == (20, 18, {"parts": 2})


def test_logs_of_tasks_are_in_the_ledger(runner_of: Maker) -> None:
    book = runner_of(task("one"), task("two", upstream=("one",)))
    run_id, _ = book.run()
    with book.deployment.ledger.reading() as connection:
        lines = [(row.task, row.level, row.message) for row in log_rows(connection, run_id)]
    assert lines == [("one", "INFO", "one works"), ("two", "INFO", "two works")]
