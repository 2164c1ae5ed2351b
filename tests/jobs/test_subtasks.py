"""Subtasks of a call that other processes run."""

from collections.abc import Sequence
from typing import Any

import pytest

from jobs.job import Job
from jobs.subtasks import NotRun, Offloaded, offloaded_with, run_subtasks
from tests.job_factory import JobFactory

WORDS = ["a", "b", "c", "d"]
FUNCTION = "module:function"


class Elsewhere:
    """A subtask that another process runs, unless its item is one of `never_begun` or of `failing`."""

    def __init__(self, item: str, never_begun: str, failing: str) -> None:
        self.item, self.begins, self.fails = item, item not in never_begun, item in failing
        self.asked, self.cancelled = False, False

    def has_begun(self) -> bool:
        return self.begins

    def result(self) -> str:
        self.asked = True
        assert self.begins
        if self.fails:
            raise NotRun("It failed.")
        return f"{self.item} elsewhere"

    def cancel(self) -> None:
        self.cancelled = True


class Others:
    """Are asked to run the last `number` subtasks."""

    def __init__(self, number: int, never_begun: str = "", failing: str = "") -> None:
        self.number, self.never_begun, self.failing = number, never_begun, failing
        self.asked: list[tuple[str, Sequence[Any]]] = []
        self.begun: list[Elsewhere] = []

    def offload(self, function: str, _job: Job, items: Sequence[Any]) -> Sequence[Offloaded]:
        self.asked.append((function, items))
        self.begun = [Elsewhere(item, self.never_begun, self.failing) for item in items[len(items) - self.number :]]
        return self.begun


def test_this_process_runs_all_when_no_other_does(job_factory: JobFactory) -> None:
    assert run_subtasks(str.upper, FUNCTION, job_factory.job(), WORDS) == ["A", "B", "C", "D"]


def test_results_keep_their_places_and_what_others_do_not_run_runs_here(job_factory: JobFactory) -> None:
    others = Others(3, failing="c")
    with offloaded_with(others.offload):
        assert run_subtasks(str.upper, FUNCTION, job_factory.job(), WORDS) == ["A", "b elsewhere", "C", "d elsewhere"]
    assert others.asked == [(FUNCTION, WORDS)]
    assert run_subtasks(str.upper, FUNCTION, job_factory.job(), WORDS) == ["A", "B", "C", "D"]


def test_what_no_process_has_begun_runs_here_before_the_others_are_waited_for(job_factory: JobFactory) -> None:
    others, ran = Others(3, never_begun="cd"), []

    def here(item: str) -> str:
        assert not any(one.asked for one in others.begun)
        ran.append(item)
        return item.upper()

    with offloaded_with(others.offload):
        assert run_subtasks(here, FUNCTION, job_factory.job(), WORDS) == ["A", "b elsewhere", "C", "D"]
    assert ran == ["a", "d", "c"]
    assert [one.cancelled for one in others.begun[1:]] == [True, True]


def test_a_single_subtask_asks_for_nobody(job_factory: JobFactory) -> None:
    others = Others(0)
    with offloaded_with(others.offload):
        assert run_subtasks(str.upper, FUNCTION, job_factory.job(), ["a"]) == ["A"]
    assert others.asked == []


def test_when_one_fails_here_those_of_others_are_cancelled(job_factory: JobFactory) -> None:
    others = Others(2)

    def fails(item: str) -> str:
        raise ValueError(item)

    with offloaded_with(others.offload), pytest.raises(ValueError, match="a"):
        run_subtasks(fails, FUNCTION, job_factory.job(), WORDS)
    assert [one.cancelled for one in others.begun] == [True, True]


def test_a_cluster_that_does_not_answer_leaves_all_to_this_process(job_factory: JobFactory) -> None:
    def offload(_function: str, _job: Job, _items: Sequence[Any]) -> Sequence[Offloaded]:
        raise ConnectionError("gone")

    with offloaded_with(offload):
        assert run_subtasks(str.upper, FUNCTION, job_factory.job(), WORDS) == ["A", "B", "C", "D"]
