"""Ray itself: retries after a killed worker, cancelling, loopback only, privacy of the token."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import engine.execution.ray_executor
from engine.cluster.sessions import remove_dead_sessions
from engine.control import runs
from engine.definitions.task import Task
from engine.deployment import Deployment
from engine.execution.call import Call
from engine.execution.executors import Executor, LocalExecutor
from engine.execution.ray_executor import RayExecutor
from jobs.job import Job, StoreRoots
from storage.ledger.runs import run_row
from storage.ledger.tasks import attempt_rows, log_rows
from tests.commands import command
from tests.engine.runner import TASKS, PipelineRunner, task
from tests.paths import ROOT
from tests.processes import DEADLINE, calls_of, until
from tests.sandbox import AS_OF

pytestmark = pytest.mark.group("ray")

Maker = Callable[..., PipelineRunner]


def test_a_killed_worker_is_tried_again_and_the_result_is_as_if_nothing_had_happened(
    runner_of: Maker, ray_executor: Executor
) -> None:
    book = runner_of(task("mortal", "kills_its_process_once"), executor=ray_executor)
    run_id, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        attempts = attempt_rows(connection, run_id)
    assert [row.state for row in attempts] == ["failed", "succeeded"]
    assert "died" in attempts[0].error["message"]
    settings = book.deployment.settings
    shown = command("show", run_id, "--home", str(settings.home), env={"LOANWATCH_LEDGER": settings.ledger_url})
    assert "tried again: mortal, attempt 1: The Ray process of the task ended (" in shown.stdout


def test_tasks_on_ray_log_to_the_ledger(runner_of: Maker, ray_executor: Executor) -> None:
    book = runner_of(task("one"), executor=ray_executor)
    run_id, state = book.run()
    assert state == "succeeded"
    with book.deployment.ledger.reading() as connection:
        assert [row.message for row in log_rows(connection, run_id)] == ["one works"]


@pytest.mark.thorough
def test_a_task_over_its_limit_is_killed_on_ray(runner_of: Maker, ray_executor: Executor) -> None:
    book = runner_of(Task("slow", f"{TASKS}:waits_for_release", limit=1.0, retries=1), executor=ray_executor)
    folder = Path(book.deployment.roots.reports)
    folder.mkdir(parents=True)
    os.mkfifo(folder / "release")
    run_id, state = book.run()
    assert state == "failed"
    with book.deployment.ledger.reading() as connection:
        assert [row.state for row in attempt_rows(connection, run_id)] == ["failed", "failed"]
        assert run_row(connection, run_id).error["type"] == "TimeLimitExceeded"
    with pytest.raises(OSError, match="No such device"):
        # Nobody reads any more: the tasks are gone, not just forgotten.
        os.open(folder / "release", os.O_WRONLY | os.O_NONBLOCK)


def test_cancel_ends_a_task_on_ray(runner_of: Maker, ray_executor: Executor) -> None:
    book = runner_of(task("slow", "waits_for_release"), executor=ray_executor)
    folder = Path(book.deployment.roots.reports)
    folder.mkdir(parents=True)
    os.mkfifo(folder / "release")
    run_id = runs.request(book.deployment, runs.checked_request(book.deployment, "training"))

    def stop() -> None:
        while book.marks("slow") == 0:
            threading.Event().wait(0.01)
        runs.cancel(book.deployment, run_id)

    stopper = threading.Thread(target=stop)
    stopper.start()
    assert book.execute_run(run_id) == (run_id, "cancelled")
    stopper.join()


@pytest.mark.thorough
def test_a_call_that_starts_after_it_was_cancelled_is_killed(
    deployment: Deployment, ray_executor: RayExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine a process of Ray's takes longer to start than `cancel` waits."""
    monkeypatch.setattr(engine.execution.ray_executor, "CANCEL_TIMEOUT", 0.0)
    ray_executor.open()
    folder = Path(deployment.roots.reports)
    folder.mkdir(parents=True)
    os.mkfifo(folder / "release")
    late = task("late", "waits_for_release")
    for _ in range(4):  # twice as many as its CPUs
        job = Job("late", "run", AS_OF, "stamp", deployment.roots)
        ray_executor.cancel(ray_executor.submit(Call(late, job, deployment.settings.ledger_url)))
    until(lambda: ray_executor.wait(0.01) == [] and not ray_executor._cancelled, "end of the cancelled calls")
    assert calls_of(os.getpid()) == []
    assert ray_executor.wait(0.0) == []


def test_nothing_of_rays_listens_beyond_loopback(ray_executor: Executor) -> None:
    ray_executor.open()
    mine = {process.pid for process in psutil.Process().children(recursive=True)} | {os.getpid()}
    listening = [
        connection
        for connection in psutil.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.pid in mine
    ]
    assert len(listening) >= 3  # the control store, the raylet and at least one worker
    outside = [
        connection.laddr
        for connection in listening
        if connection.laddr.ip not in ("127.0.0.1", "::1", "::ffff:127.0.0.1")
    ]
    assert not outside


def test_rays_token_is_for_this_user_only(ray_executor: Executor) -> None:
    ray_executor.open()
    token = Path(os.environ["RAY_AUTH_TOKEN_PATH"])
    assert token.stat().st_mode & 0o077 == 0
    assert token.parent.stat().st_mode & 0o077 == 0
    assert len(token.read_text()) == 64


def test_ray_refuses_a_caller_without_the_token(ray_executor: Executor) -> None:
    ray_executor.open()
    heads = [child for child in psutil.Process().children(recursive=True) if child.name() == "gcs_server"]
    ports = [
        listener.laddr.port
        for head in heads
        for listener in head.net_connections("tcp")
        if listener.status == psutil.CONN_LISTEN
    ]
    assert ports
    for port in ports:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as caller:
            caller.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b"200 OK" not in caller.recv(4096)


def test_what_a_killed_process_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    dead, alive = tmp_path / f"lw-{gone.pid}-abc", tmp_path / f"lw-{os.getpid()}-abc"
    for folder in (dead, alive):
        folder.mkdir()
    remove_dead_sessions()
    assert (dead.exists(), alive.exists()) == (False, True)


@pytest.mark.parametrize("number", [1, 3])
def test_the_local_executor_reports_every_call_once(tmp_path: Path, number: int) -> None:
    executor = LocalExecutor()
    roots = StoreRoots(*(str(tmp_path / name) for name in ("datamart", "models", "reports")))
    job = Job("one", "run", runs.date(2024, 1, 1), "", roots)
    tickets = {executor.submit(Call(task("one"), job, "sqlite://")) for _ in range(number)}
    reported: list[int] = []
    while len(reported) < number:
        reported += [ticket for ticket, _ in executor.wait(5)]
    assert set(reported) == tickets
    assert executor.wait(0.01) == []
    executor.close()


@pytest.mark.thorough
def test_a_process_opens_one_private_ray_after_another_with_another_token() -> None:
    program = """
from engine.execution.ray_executor import RayExecutor
from storage.settings import load_settings
for _ in range(2):
    executor = RayExecutor(load_settings(ray_cpus=1))
    executor.open()
    executor.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.thorough
def test_warming_up_starts_no_process_for_each_cpu_of_a_large_ray() -> None:
    program = """
import psutil
from engine.execution.ray_executor import RayExecutor
from storage.settings import load_settings
executor = RayExecutor(load_settings(ray_cpus=16))
executor.warm()
words = [process.cmdline() for process in psutil.Process().children(recursive=True)]
print(sum(each[0].startswith("ray::IDLE") for each in words if each))
executor.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=True
    )
    own = 2  # which Ray starts itself
    assert 1 <= int(done.stdout.splitlines()[-1]) <= engine.execution.ray_executor.WARM + own
