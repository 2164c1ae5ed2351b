"""One run's life, in process: order, retries, failures, fan-out, caching, cancelling, publishing."""

import os
import signal
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.control import runs
from engine.definitions.task import Task
from engine.deployment import Deployment
from engine.execution.call import Report
from engine.execution.executors import LocalExecutor
from storage.db.ledger import utc_now
from storage.errors import LeaseLost
from storage.lake.names import SCORED
from storage.ledger.catalog import current_versions
from storage.ledger.leases import claim, reap
from storage.ledger.runs import request_run, run_row
from storage.ledger.tasks import attempt_rows, log_rows, task_rows
from tests.engine.runner import TASKS, PipelineRunner, task

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


def test_resume_runs_only_what_had_not_finished(runner_of: Maker) -> None:
    book = runner_of(
        task("done"), task("stuck", "fails_while_told", upstream=("done",)), task("after", upstream=("stuck",))
    )
    flag = Path(book.deployment.roots.reports) / "fail"
    flag.parent.mkdir(parents=True)
    flag.touch()
    failed, state = book.run()
    assert state == "failed"
    flag.unlink()
    with book.deployment.ledger.reading() as connection:
        before = run_row(connection, failed)
    resumed, state = book.execute_run(runs.resume(book.deployment, failed))
    assert state == "succeeded"
    assert book.states(resumed) == {"done": "cached", "stuck": "succeeded", "after": "succeeded"}
    assert book.marks("done") == 1
    with book.deployment.ledger.reading() as connection:
        assert run_row(connection, failed) == before
        assert run_row(connection, resumed).parent_run_id == failed
        cached = next(row for row in task_rows(connection, resumed) if row.task == "done")
    assert cached.cached_from == failed


def test_a_second_run_runs_nothing_and_says_cached(runner_of: Maker) -> None:
    book = runner_of(task("one", "writes_scores", writes=(SCORED,)), task("two", upstream=("one",), reads=(SCORED,)))
    book.run()
    run_id, state = book.run()
    assert state == "succeeded"
    assert set(book.states(run_id).values()) == {"cached"}
    assert (book.marks("one"), book.marks("two")) == (1, 1)


def test_force_runs_everything(runner_of: Maker) -> None:
    book = runner_of(task("one"))
    book.run()
    run_id, _ = book.run(force=True)
    assert book.states(run_id) == {"one": "succeeded"}
    assert book.marks("one") == 2


def test_a_setting_that_a_task_depends_on_makes_it_run_again_and_no_other(runner_of: Maker) -> None:
    book = runner_of(task("deaf"), task("listens", settings=("feature_set",)))
    book.run()
    run_id, _ = book.run(feature_set="behavioural")
    assert book.states(run_id) == {"deaf": "cached", "listens": "succeeded"}


def test_a_damaged_output_is_made_anew(runner_of: Maker) -> None:
    book = runner_of(task("one", "writes_scores", writes=(SCORED,)))
    book.run()
    with book.deployment.ledger.reading() as connection:
        part = current_versions(connection)[SCORED].parts[0]
    file = Path(book.deployment.roots.datamart) / part.name
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    file.write_bytes(damaged)
    run_id, state = book.run()
    assert (state, book.states(run_id)) == ("succeeded", {"one": "succeeded"})
    with book.deployment.ledger.reading() as connection:
        book.deployment.datamart.verify(current_versions(connection)[SCORED])


def test_a_failed_run_leaves_the_published_tables_as_they_were(runner_of: Maker) -> None:
    book = runner_of(
        task("one", "writes_scores", writes=(SCORED,)),
        task("two", "fails_while_told", upstream=("one",), reads=(SCORED,)),
    )
    book.run()
    with book.deployment.ledger.reading() as connection:
        before = current_versions(connection)
    (Path(book.deployment.roots.reports) / "fail").touch()
    _, state = book.run(force=True)
    assert state == "failed"
    with book.deployment.ledger.reading() as connection:
        assert current_versions(connection) == before
    assert book.deployment.datamart.read(before[SCORED])["value"].to_pylist() == [1, 0]


def test_files_of_a_task_that_never_finished_are_removed(runner_of: Maker) -> None:
    book = runner_of(
        task("one", "writes_scores", writes=(SCORED,)),
        task("two", "writes_and_fails", upstream=("one",), writes=("gold.model_predictions",)),
    )
    run_id, state = book.run()
    assert state == "failed"
    versions = Path(book.deployment.roots.datamart) / ".versions"
    assert list((versions / "staged" / "scored" / run_id).iterdir())
    assert not (versions / "gold" / "model_predictions" / run_id).exists()


def test_a_task_that_writes_what_it_does_not_declare_fails(runner_of: Maker) -> None:
    book = runner_of(task("sly", "writes_undeclared"))
    run_id, state = book.run()
    assert state == "failed"
    with book.deployment.ledger.reading() as connection:
        assert "gold.model_predictions" in run_row(connection, run_id).error["message"]


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
        ("collect", 1, "succeeded"),
    ]


def test_two_parts_that_fail_together_are_one_failure(deployment: Deployment) -> None:
    class TwoAtOnce(LocalExecutor):
        """Hands over both reports in one batch, as Ray does when two workers end at the same moment."""

        slots = 2

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


def test_a_path_that_can_not_be_linked_does_not_lose_the_run(runner_of: Maker) -> None:
    book = runner_of(Task("gold", f"{TASKS}:writes_undeclared", writes=("gold.model_predictions",)))
    in_the_way = Path(book.deployment.roots.datamart) / "gold" / "model_predictions.parquet"
    in_the_way.mkdir(parents=True)
    _, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        assert "gold.model_predictions" in current_versions(connection)
    in_the_way.rmdir()
    book.run()  # all cached, and the path is set right
    assert pq.read_table(in_the_way)["loan_id"].to_pylist() == ["L1"]


def test_versions_are_not_removed_while_a_run_is_at_work(runner_of: Maker) -> None:
    book = runner_of(task("one", "writes_scores", writes=(SCORED,)))
    with book.deployment.ledger.writing() as connection:
        wanted = runs.checked_request(book.deployment, "monitoring")
        assert claim(connection, request_run(connection, wanted, utc_now()), "somebody", utc_now())
    for _ in range(7):
        book.run(force=True)
    folder = Path(book.deployment.roots.datamart) / ".versions" / "staged" / "scored"
    assert len(list(folder.iterdir())) == 7


def test_files_of_a_run_that_was_killed_are_removed_by_the_next(runner_of: Maker) -> None:
    book = runner_of(task("one", "writes_scores", writes=(SCORED,)))
    orphan = Path(book.deployment.roots.datamart) / ".versions" / "staged" / "scored" / "training-of-a-dead-process"
    orphan.mkdir(parents=True)
    (orphan / "part-00000.parquet").touch()
    book.run()
    assert not orphan.exists()


def test_without_a_collector_partitions_are_added_up(runner_of: Maker) -> None:
    book = runner_of(task("many", "one_part", split=("a", "c")))
    run_id, _ = book.run()
    with book.deployment.ledger.reading() as connection:
        (row,) = task_rows(connection, run_id)
    assert (row.rows_in, row.rows_out, row.outcome["outcome"]["values"]) == (20, 18, {"parts": 2})


def test_an_extended_table_never_loses_what_was_added_since(runner_of: Maker) -> None:
    book = runner_of(task("history", "extends_scores", reads=(SCORED,), writes=(SCORED,)))
    book.run(as_of=date(2024, 6, 1))
    again, _ = book.run(as_of=date(2024, 6, 1))
    assert book.states(again) == {"history": "cached"}
    other = runner_of(task("history", "extends_scores", reads=(SCORED,), writes=(SCORED,), settings=("feature_set",)))
    other.run(feature_set="behavioural")
    run_id, _ = book.run()
    assert book.states(run_id) == {"history": "succeeded"}
    with book.deployment.ledger.reading() as connection:
        table = current_versions(connection)[SCORED]
    assert table.rows == 3


@pytest.mark.parametrize("how", ["asked", "interrupted"])
def test_a_cancelled_run_ends_and_publishes_nothing(runner_of: Maker, how: str) -> None:
    book = runner_of(
        task("one", "writes_scores", writes=(SCORED,)), task("waits", "waits_for_release", upstream=("one",))
    )
    folder = Path(book.deployment.roots.reports)
    folder.mkdir(parents=True)
    release = folder / "release"

    os.mkfifo(release)
    wanted = runs.checked_request(book.deployment, "training", date(2024, 6, 1))
    run_id = runs.request(book.deployment, wanted)

    def stop() -> None:
        while book.marks("waits") == 0:
            threading.Event().wait(0.01)
        if how == "asked":
            runs.cancel(book.deployment, run_id)
        else:
            os.kill(os.getpid(), 2)

    stopper = threading.Thread(target=stop)
    stopper.start()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a script began the tests in its background
    _, state = book.execute_run(run_id)
    stopper.join()
    release.open("wb").close()
    assert state == "cancelled"
    assert book.states(run_id) == {"one": "succeeded", "waits": "cancelled"}
    with book.deployment.ledger.reading() as connection:
        assert current_versions(connection) == {}


def test_a_run_that_was_declared_dead_publishes_nothing(runner_of: Maker) -> None:
    book = runner_of(
        task("one", "writes_scores", writes=(SCORED,)), task("waits", "waits_for_release", upstream=("one",))
    )
    folder = Path(book.deployment.roots.reports)
    folder.mkdir(parents=True)

    os.mkfifo(folder / "release")
    run_id = runs.request(book.deployment, runs.checked_request(book.deployment, "training"))

    def declare_dead() -> None:
        while book.marks("waits") == 0:
            threading.Event().wait(0.01)

        with book.deployment.ledger.writing() as connection:
            assert reap(connection, timedelta(0), book.deployment.ledger.clock()) == [run_id]
        (folder / "release").open("wb").close()

    reaper = threading.Thread(target=declare_dead)
    reaper.start()
    with pytest.raises(LeaseLost):
        book.execute_run(run_id)
    reaper.join()
    with book.deployment.ledger.reading() as connection:
        assert run_row(connection, run_id).state == "crashed"
        assert current_versions(connection) == {}


def test_logs_of_tasks_are_in_the_ledger(runner_of: Maker) -> None:
    book = runner_of(task("one"), task("two", upstream=("one",)))
    run_id, _ = book.run()
    with book.deployment.ledger.reading() as connection:
        lines = [(row.task, row.level, row.message) for row in log_rows(connection, run_id)]
    assert lines == [("one", "INFO", "one works"), ("two", "INFO", "two works")]


def test_a_task_over_its_time_limit_is_ended_and_says_so(runner_of: Maker) -> None:
    book = runner_of(Task("slow", f"{TASKS}:waits_for_release", limit=0.05, retries=0))
    folder = Path(book.deployment.roots.reports)
    folder.mkdir(parents=True)

    os.mkfifo(folder / "release")
    run_id, state = book.run()
    (folder / "release").open("wb").close()
    assert state == "failed"
    with book.deployment.ledger.reading() as connection:
        assert "longer than its limit" in run_row(connection, run_id).error["message"]


def test_published_paths_read_as_plain_parquet(runner_of: Maker) -> None:
    book = runner_of(Task("gold", f"{TASKS}:writes_undeclared", writes=("gold.model_predictions",)))
    book.run()
    link = Path(book.deployment.roots.datamart) / "gold" / "model_predictions.parquet"
    assert link.is_symlink()
    assert pq.read_table(link)["loan_id"].to_pylist() == ["L1"]
