"""What a run takes over from earlier ones, and what it does anew: caching, resuming, forcing, damage."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from engine.control import runs
from storage.lake.names import SCORED
from storage.ledger.catalog import current_versions
from storage.ledger.runs import run_row
from storage.ledger.tasks import task_rows
from tests.engine.runner import PipelineRunner, task

Maker = Callable[..., PipelineRunner]


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
        made_anew = current_versions(connection)[SCORED]
    book.deployment.datamart.verify(made_anew)


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
