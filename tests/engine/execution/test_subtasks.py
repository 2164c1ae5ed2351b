"""Subtasks of a call on free CPUs of Ray."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import ray

from engine.deployment import Deployment
from engine.execution.call import Call, Report, run_call
from engine.execution.executors import LocalExecutor
from engine.execution.nodes.subtasks import Offloading
from engine.execution.ray_executor import RayExecutor
from jobs.job import Job, StoreRoots
from jobs.subtasks import NotRun, offloaded_with
from storage.db.ledger import utc_now
from tests.engine.runner import TASKS, task
from tests.processes import calls_of, until
from tests.sandbox import AS_OF

pytestmark = pytest.mark.group("ray")

MIB = 1024**2
ITEMS = ["a", "b", "c", "d"]


def call_of(function: str, roots: StoreRoots, ledger: str, memory: int = 0, **settings: Any) -> Call:
    job = Job("divided", "run", AS_OF, utc_now().isoformat(), roots, settings=settings)
    return Call(task("divided", function, memory=memory), job, ledger)


@pytest.fixture
def roots(tmp_path: Path) -> StoreRoots:
    return StoreRoots(str(tmp_path / "datamart"), str(tmp_path / "models"), str(tmp_path / "reports"))


class WithFree(LocalExecutor):
    """An executor of a cluster in which so much is free."""

    def __init__(self, **free: float) -> None:
        super().__init__()
        self._free = free

    def free(self) -> dict[str, float]:
        return self._free


@pytest.mark.parametrize(
    ("free", "memory", "number"),
    [
        ({}, 0, 0),
        ({"CPU": 0.5}, 0, 0),
        ({"CPU": 1.0}, 0, 2),
        ({"CPU": 2.0}, 0, 2),
        ({"CPU": 3.0}, 0, 3),
        ({"CPU": 9.0}, 0, 3),  # the first one stays
        ({"CPU": 9.0, "memory": 700.0 * MIB}, 512 * MIB, 2),
        ({"CPU": 9.0, "memory": 500.0 * MIB}, 512 * MIB, 0),
        ({"CPU": 9.0}, 512 * MIB, 0),
    ],
)
def test_free_cpus_get_as_many_as_shorten_the_whole(
    roots: StoreRoots, free: dict[str, float], memory: int, number: int
) -> None:
    call = call_of("works", roots, "", memory)
    executor = WithFree(**free)
    begun = Offloading(executor, call)(f"{TASKS}:process_of", call.job, ITEMS)
    assert len(begun) == number
    executor.close()


def test_one_that_no_process_has_begun_is_seen_and_cancelled(roots: StoreRoots) -> None:
    """The executor runs one call after another, and the first one waits for the end of the test."""
    (folder := Path(roots.reports)).mkdir()
    os.mkfifo(folder / "release")
    executor, call = WithFree(CPU=1.0), call_of("has_subtasks_that_wait", roots, "")
    first, second = Offloading(executor, call)(f"{TASKS}:subtask_waits", call.job, ITEMS)
    until(first.has_begun, "begin of the first")
    assert not second.has_begun()
    second.cancel()
    (folder / "release").write_bytes(b"")
    assert first.result() is None
    executor._pool.shutdown(wait=True)
    assert not (folder / "divided.d.1").exists()


def test_one_that_never_ends_is_not_waited_for_for_long(roots: StoreRoots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.execution.nodes.subtasks.GRACE", 0.1)
    monkeypatch.setattr("engine.execution.nodes.subtasks.POLL", 0.01)
    (folder := Path(roots.reports)).mkdir()
    os.mkfifo(folder / "release")
    executor, call = WithFree(CPU=1.0), call_of("has_subtasks_that_wait", roots, "")
    first, _ = Offloading(executor, call)(f"{TASKS}:subtask_waits", call.job, ITEMS)
    until(first.has_begun, "begin")
    with pytest.raises(NotRun, match="It took longer than"):
        first.result()
    (folder / "release").write_bytes(b"")
    executor.close()


def test_a_free_cpu_of_ray_runs_half_of_them(roots: StoreRoots, ledger_url: str, ray_executor: RayExecutor) -> None:
    report = reported(
        ray_executor, call_of("has_subtasks", roots, ledger_url, 64 * MIB, elsewhere="process_of", awaited="cd")
    )
    assert report.result, report.failure
    own, processes = report.result.values["own"], report.result.values["processes"]
    assert processes[:2] == [own, own]
    assert own not in processes[2:]
    assert [line.message for line in report.lines] == ["divided: other processes ran 2 of 4 subtasks, on free CPUs"]


@pytest.mark.parametrize("elsewhere", ["kills_the_process_of", "has_no_answer_for"])
def test_what_another_process_does_not_run_the_process_of_the_call_runs(
    roots: StoreRoots, ledger_url: str, ray_executor: RayExecutor, elsewhere: str
) -> None:
    report = reported(ray_executor, call_of("has_subtasks", roots, ledger_url, elsewhere=elsewhere, awaited="cd"))
    assert report.result, report.failure
    assert report.result.values["processes"] == [report.result.values["own"]] * 4
    told = [line.message for line in report.lines if line.level == "WARNING"]
    assert len(told) == 2
    assert all(text.startswith("divided: a subtask of another process runs here again: ") for text in told)


def test_a_call_that_needs_most_of_the_memory_does_not_wait_for_its_subtasks(
    roots: StoreRoots, ledger_url: str, ray_executor: RayExecutor
) -> None:
    ray_executor.open()
    memory = int(ray.cluster_resources()["memory"] * 0.6)
    report = reported(
        ray_executor, call_of("has_subtasks", roots, ledger_url, memory, elsewhere="process_of", awaited="")
    )
    assert report.result, report.failure
    assert report.result.values["processes"] == [report.result.values["own"]] * 4
    assert report.lines == []  # nobody was asked


def test_a_process_with_other_code_runs_no_subtask(roots: StoreRoots) -> None:
    call = call_of("has_subtasks", roots, "", elsewhere="process_of", awaited="")
    other = Call(call.task, call.job, "", code="0" * 64)
    executor = WithFree(CPU=1.0)
    first, _ = Offloading(executor, other)(f"{TASKS}:process_of", call.job, ITEMS)
    until(first.has_begun, "begin")
    with pytest.raises(NotRun, match="has other code"):
        first.result()
    with offloaded_with(Offloading(executor, other)):
        report = run_call(call)
    assert report.result
    assert report.result.values["processes"] == [os.getpid()] * 4
    assert not list(Path(roots.reports).glob("*"))  # the marks of those that ran elsewhere
    executor.close()


@pytest.mark.parametrize("fails", [False, True])
def test_subtasks_end_with_a_call_that_is_cancelled_or_fails(
    deployment: Deployment, ray_executor: RayExecutor, *, fails: bool
) -> None:
    until_idle(ray_executor)
    folder = Path(deployment.roots.reports)
    folder.mkdir(parents=True)
    os.mkfifo(folder / "release")
    call = call_of("has_subtasks_that_wait", deployment.roots, deployment.settings.ledger_url, fails=fails)
    ticket = ray_executor.submit(call)
    until((folder / "divided.b.1").exists, "subtask under way")
    if fails:
        ((_, report),) = until(lambda: ray_executor.wait(0.1), "report")
        assert report.failure
        assert report.failure.message == "It failed while a subtask ran."
    else:
        assert len(calls_of(os.getpid())) == 2
        ray_executor.cancel(ticket)
    until(lambda: not calls_of(os.getpid()), "end of the subtask")


def reported(executor: RayExecutor, call: Call) -> Report:
    """The report of a call that an idle Ray runs."""
    until_idle(executor)
    ticket = executor.submit(call)
    reports: Sequence[tuple[int, Report]] = until(lambda: executor.wait(0.1), "report")
    assert [number for number, _ in reports] == [ticket]
    return reports[0][1]


def until_idle(executor: RayExecutor) -> None:
    executor.open()
    until(lambda: executor.free().get("CPU") == executor.capacity(), "idle Ray")
