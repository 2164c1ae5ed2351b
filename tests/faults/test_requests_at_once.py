"""Row 7: the same button at once from two threads, two processes and the command line; one run, the others are told."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from engine.control import runs as control
from engine.deployment import Deployment
from storage.db.schema import runs
from storage.errors import LoanwatchError
from storage.ledger.runs import PipelineActive
from tests.faults.counts import Count
from tests.live import AS_OF, Site
from tests.paths import ROOT
from tests.processes import DEADLINE

pytestmark = [pytest.mark.alone, pytest.mark.thorough]

ROUNDS = 5
ASKS = """
import sys
from datetime import date
from engine.deployment import Deployment
from engine.control.runs import checked_request, request
from storage.settings import load_settings
deployment = Deployment.open(load_settings())
wanted = checked_request(deployment, "training", date.fromisoformat(sys.argv[1]), request_key=sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
try:
    print(request(deployment, wanted))
except Exception as error:
    print(error)
"""


def asked(deployment: Deployment, key: str | None, start: Barrier) -> str:
    """What one thread is told: the run's id, or why not."""
    wanted = control.checked_request(deployment, "training", AS_OF, request_key=key)
    start.wait()
    try:
        return control.request(deployment, wanted)
    except LoanwatchError as error:
        return str(error)


def asking(site: Site, key: str) -> subprocess.Popen[str]:
    """A process that asks as soon as it is given a line."""
    words = [sys.executable, "-c", ASKS, AS_OF.isoformat(), key]
    process = subprocess.Popen(
        words, cwd=ROOT, env=site.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def run_ids(site: Site) -> list[str]:
    with site.deployment.ledger.reading() as connection:
        return list(connection.execute(select(runs.c.run_id)).scalars())


def test_a_double_click_in_threads_processes_and_the_command_line_is_one_run(site: Site, counted: Count) -> None:
    start = Barrier(3)
    processes = [asking(site, "click") for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        asks = [threads.submit(asked, site.deployment, "click", start) for _ in range(2)]
        command = site.begin("run", "training", "--as-of", AS_OF.isoformat(), "--detach", "--json")
        start.wait()
        told = [process.communicate("go\n", timeout=DEADLINE)[0].strip() for process in processes]
        told += [ask.result() for ask in asks]
    said, _ = command.communicate(timeout=DEADLINE)
    (run_id,) = run_ids(site)
    assert all(run_id in each for each in (*told, said)), (told, said)
    assert command.returncode in (0, 5)  # 5 unless it was the first of all
    counted("row 7: 5 requests at once, 1 run")


def test_ten_threads_with_one_key_get_one_run_however_they_meet(site: Site, counted: Count) -> None:
    for number in range(ROUNDS):
        start = Barrier(10)
        with ThreadPoolExecutor(10) as threads:
            told = set(threads.map(lambda _: asked(site.deployment, f"key {number}", start), range(10)))  # noqa: B023
        (run_id,) = told
        assert len(run_ids(site)) == number + 1
        control.cancel(site.deployment, run_id)
        assert asked(site.deployment, f"key {number}", Barrier(1)) == run_id  # the same click, though it has ended
    counted(f"row 7: {ROUNDS} times 10 requests with one key, {ROUNDS} runs")


def test_different_clicks_for_one_pipeline_are_told_of_the_first(site: Site) -> None:
    start = Barrier(4)
    with ThreadPoolExecutor(4) as threads:
        told = list(threads.map(lambda key: asked(site.deployment, key, start), ["a", "b", "c", None]))
    (run_id,) = run_ids(site)
    assert sorted(each == run_id for each in told) == [False, False, False, True]
    refusal = str(PipelineActive("training", run_id, "queued"))
    assert {each for each in told if each != run_id} == {refusal}
    with site.deployment.ledger.reading() as connection:
        assert connection.execute(select(func.count()).select_from(runs)).scalar_one() == 1
