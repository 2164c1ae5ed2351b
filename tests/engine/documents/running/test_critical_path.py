"""What is said of a run's graph: its levels, its links, the path that took longest, the time that is left."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from console.run.header import left_words
from engine.documents.running.critical_path import (
    critical_path,
    levels,
    links,
    overrun,
    ready_times,
    time_left,
    usual_times,
)

START = datetime(2026, 5, 3, 2, tzinfo=UTC)
# Two extracts are taken in and cleaned; the join needs both, and the model the join and, once more, an extract.
NEEDS = {
    "take_a": (),
    "take_b": (),
    "clean_a": ("take_a",),
    "clean_b": ("take_b",),
    "join": ("clean_a", "clean_b"),
    "model": ("take_a", "join"),
}
USUAL = {"take_a": 1.0, "take_b": 2.0, "clean_a": 1.0, "clean_b": 5.0, "join": 3.0, "model": 10.0}


@dataclass(frozen=True)
class Row:
    """What a task's row in the ledger says of its time."""

    task: str
    state: str = "succeeded"
    started_at: datetime | None = None
    finished_at: datetime | None = None


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_task_is_ready_when_its_last_upstream_task_has_finished() -> None:
    rows = [Row("take_a", finished_at=at(3)), Row("take_b", finished_at=at(5)), Row("clean_a", finished_at=at(4))]
    rows += [Row("clean_b", "running")]
    ready = {"take_a": at(0), "take_b": at(0), "clean_a": at(3), "clean_b": at(5)}
    assert ready_times(NEEDS, rows, START) == ready
    assert ready_times(NEEDS, rows, at(4))["clean_a"] == at(4)


def test_levels_are_one_step_behind_the_deepest_that_is_needed() -> None:
    assert levels(NEEDS) == [["take_a", "take_b"], ["clean_a", "clean_b"], ["join"], ["model"]]
    assert levels({}) == []


def test_a_link_that_follows_from_others_is_left_out() -> None:
    assert ("take_a", "model") not in links(NEEDS)
    assert set(links(NEEDS)) == {
        ("take_a", "clean_a"),
        ("take_b", "clean_b"),
        ("clean_a", "join"),
        ("clean_b", "join"),
        ("join", "model"),
    }


def test_the_critical_path_goes_back_over_whatever_ended_last() -> None:
    ended = {"take_a": 1, "take_b": 2, "clean_a": 9, "clean_b": 4, "join": 10, "model": 20}
    finished = {name: at(seconds) for name, seconds in ended.items()}
    assert critical_path(NEEDS, finished) == ["take_a", "clean_a", "join", "model"]
    assert critical_path(NEEDS, {**finished, "clean_b": at(9.5)}) == ["take_b", "clean_b", "join", "model"]
    assert critical_path(NEEDS, {"take_a": at(1)}) == ["take_a"]
    assert critical_path(NEEDS, {}) == []


def test_the_usual_time_is_the_median_of_the_newest_ten() -> None:
    newest = [Row("join", "succeeded", at(0), at(seconds)) for seconds in (1, 1, 1, 1, 2, 3, 9, 9, 9, 9)]
    old = [Row("join", "succeeded", at(0), at(500))] * 20
    assert usual_times([*newest, *old]) == {"join": 2.5}


def test_the_time_left_is_that_of_the_longest_chain_of_what_is_open() -> None:
    assert time_left(NEEDS, [], USUAL, at(0)) == 2 + 5 + 3 + 10
    rows = [Row("take_a"), Row("take_b"), Row("clean_a"), Row("clean_b", "running", at(0))]
    assert time_left(NEEDS, rows, USUAL, at(2)) == pytest.approx(3 + 3 + 10)
    # A task that is over its usual time is about to end.
    assert time_left(NEEDS, rows, USUAL, at(60)) == pytest.approx(3 + 10)


def test_nothing_is_said_of_the_time_left_while_a_task_was_never_measured() -> None:
    assert time_left(NEEDS, [], {**USUAL} | {"other": 1.0}, at(0)) == 20
    assert time_left(NEEDS, [], {name: USUAL[name] for name in USUAL if name != "model"}, at(0)) is None


def test_a_task_over_its_usual_time_is_told_instead_of_a_run_that_is_nearly_done() -> None:
    rows = [Row("join", "succeeded", at(0), at(60)), Row("model", "running", at(0))]
    ended = [Row(name) for name in NEEDS if name != "model"]
    assert time_left(NEEDS, [*ended, rows[-1]], USUAL, at(70)) == 0
    assert overrun(rows, USUAL, at(10.5)) is None
    late = overrun(rows, USUAL, at(70))
    assert late == ("model", 60)
    assert left_words(0, late, started=True) == "model takes 1 min longer than usual"
    assert left_words(13, late, started=True) == "model takes 1 min longer than usual, then about 13 s left"
