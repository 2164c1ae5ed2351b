"""Runs of the past: pages of the list, followers, and how long tasks took."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert, update

from storage.db.ledger import Ledger
from storage.db.schema import runs, tasks
from storage.ledger.published.current import Readers, current_runs
from storage.ledger.run_search import (
    RunFilter,
    followers,
    newest_resumptions,
    runs_page,
    task_times,
)
from storage.ledger.runs import Request, record_skipped, request_run, success_for

NOW = datetime(2024, 5, 3, 12, tzinfo=UTC)
WANTED = Request("training", date(2024, 5, 3), "somebody")
ALL = RunFilter()


def filled(ledger: Ledger, count: int, wanted: Request = WANTED) -> list[str]:
    """Ids of runs that ended, the newest first; pairs of them were asked for at the same moment."""
    with ledger.writing() as connection:
        made = [record_skipped(connection, wanted, "", NOW + timedelta(minutes=n // 2)) for n in range(count)]
        rows = runs_page(connection, count, RunFilter(wanted.pipeline))
    assert {row.run_id for row in rows} == set(made)
    return [row.run_id for row in rows]


def ids(ledger: Ledger, limit: int = 10, where: RunFilter = ALL, **bound: str) -> list[str]:
    with ledger.reading() as connection:
        return [row.run_id for row in runs_page(connection, limit, where, **bound)]


def test_pages_follow_one_another_without_gap_or_repetition_both_ways(ledger: Ledger) -> None:
    newest = filled(ledger, 7)
    first = ids(ledger, 3)
    second = ids(ledger, 3, older_than=first[-1])
    third = ids(ledger, 3, older_than=second[-1])
    assert first + second + third == newest
    assert ids(ledger, 3, newer_than=third[0]) == second
    assert ids(ledger, 3, newer_than=second[0]) == first


def test_a_bound_that_is_no_run_bounds_nothing(ledger: Ledger) -> None:
    newest = filled(ledger, 3)
    assert ids(ledger, older_than="nothing") == ids(ledger, newer_than="nothing") == newest


def test_filters_add_up(ledger: Ledger) -> None:
    trained = filled(ledger, 2)
    scored = filled(ledger, 2, replace(WANTED, pipeline="inference", cause="schedule"))
    assert ids(ledger, where=RunFilter(pipeline="training")) == trained
    assert ids(ledger, where=RunFilter(cause="schedule", state="skipped")) == scored
    assert ids(ledger, where=RunFilter(cause="schedule", pipeline="training")) == []
    assert ids(ledger, where=RunFilter(state="failed")) == []


def test_a_piece_of_the_id_is_taken_as_it_is_written(ledger: Ledger) -> None:
    (run_id,) = filled(ledger, 1)
    assert ids(ledger, where=RunFilter(text=run_id[-4:].upper())) == [run_id]
    assert ids(ledger, where=RunFilter(text="%")) == ids(ledger, where=RunFilter(text="training_")) == []


def test_runs_are_found_by_the_beginning_of_their_as_of(ledger: Ledger) -> None:
    march = filled(ledger, 2, replace(WANTED, as_of=date(2023, 3, 1)))
    april = filled(ledger, 2, replace(WANTED, as_of=date(2023, 4, 1), pipeline="inference"))
    assert ids(ledger, where=RunFilter(text="2023-03")) == march
    assert ids(ledger, where=RunFilter(text="2023-04-01")) == april
    assert ids(ledger, where=RunFilter(text="03-01")) == []


def test_what_a_run_led_to(ledger: Ledger) -> None:
    (first,) = filled(ledger, 1)
    with ledger.writing() as connection:
        caused = record_skipped(connection, replace(WANTED, cause="governance", cause_run_id=first), "", NOW)
        later = NOW + timedelta(minutes=1)
        resumed = [
            record_skipped(connection, replace(WANTED, parent_run_id=first), "", later + timedelta(minutes=n))
            for n in range(2)
        ]
        assert [row.run_id for row in followers(connection, first)] == [caused, *resumed]
        assert [row.run_id for row in followers(connection, first, limit=1)] == [resumed[1]]
        assert {run: row.run_id for run, row in newest_resumptions(connection, [first, caused]).items()} == {
            first: resumed[1]
        }


def test_times_are_of_work_that_succeeded_runs_did(ledger: Ledger) -> None:
    newest, second, oldest = filled(ledger, 3)
    with ledger.writing() as connection:
        connection.execute(update(runs).where(runs.c.run_id != second).values(state="succeeded"))
        common = {"position": 0, "state": "succeeded", "started_at": NOW}
        for run_id, seconds in ((newest, 7), (oldest, 9), (second, 100)):
            done = {"finished_at": NOW + timedelta(seconds=seconds)}
            connection.execute(insert(tasks).values(run_id=run_id, task="fit", **common, **done))
        cached = {"finished_at": NOW, "cached_from": oldest}
        connection.execute(insert(tasks).values(run_id=newest, task="clean", **common, **cached))
        found = [(row.task, (row.finished_at - row.started_at).seconds) for row in task_times(connection, "training")]
        assert found == [("fit", 7), ("fit", 9)]
        assert len(task_times(connection, "training", limit=1)) == 1
        assert task_times(connection, "inference") == []


def test_the_newest_success_about_a_date_is_of_that_pipeline_and_date(ledger: Ledger) -> None:
    newest = filled(ledger, 4)
    filled(ledger, 2, replace(WANTED, pipeline="inference"))
    with ledger.writing() as connection:
        record_skipped(connection, replace(WANTED, as_of=date(2024, 5, 4)), "", NOW + timedelta(days=1))
        assert success_for(connection, "training", WANTED.as_of) is None
        connection.execute(update(runs).values(state="succeeded").where(runs.c.run_id != newest[0]))
        found = success_for(connection, "training", WANTED.as_of)
    assert found is not None
    assert found.run_id == newest[1]


def test_the_newest_run_of_each_pipeline_that_counts_and_the_active_ones(ledger: Ledger) -> None:
    trained = filled(ledger, 4)
    scored = filled(ledger, 1, replace(WANTED, pipeline="inference"))
    tried = replace(WANTED, cause_detail={"trial": {"folder": ["/ours", "/other"]}})
    with ledger.writing() as connection:
        connection.execute(update(runs).values(state="failed"))
        record_skipped(connection, WANTED, "The last one is active.", NOW + timedelta(hours=1))
        trial = request_run(connection, tried, NOW + timedelta(hours=2))
        current = current_runs(connection, ("training", "inference", "monitoring"), Readers((), ()))
    found, active = current.newest, current.active
    assert {pipeline: row.run_id for pipeline, row in found.items()} == {"training": trained[0], "inference": scored[0]}
    assert {pipeline: row.run_id for pipeline, row in active.items()} == {"training": trial}
    assert (found["training"].requested_at, found["training"].as_of) == (NOW + timedelta(minutes=1), WANTED.as_of)
