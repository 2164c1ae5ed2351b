"""`python -m tests.benchmarks.console_pages`: how long each page's script takes in a deployment with years of history.

10,000 runs, 200,000 task rows, 1,000 models and three years of monitoring dates, behind one real run of each pipeline.
A page is run once to warm what never changes, then five times; the table has the medians, and that of a trigger. The
page of a run is there twice: of one that has ended, and of one that runs. Streamlit's AppTest, which runs a page, reads
the metadata of every installed library each time, as a server does once at its start: the time of an empty page is
there to be taken off. It reports; it doesn't fail.
"""

import os
import tempfile
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter

from streamlit.logger import set_log_level
from streamlit.testing.v1 import AppTest

from engine.control.runs import cancel, checked_request, request
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from engine.process.identity import this_process
from jobs.sample.write import SampleSpec, write_sample
from storage.ledger.leases import claim
from storage.ledger.tasks import plan_tasks, start_attempt, update_task
from storage.settings import load_settings
from tests.benchmarks.long_history import lengthen, sizes
from tests.paths import ROOT
from tests.retail import PIPELINES

PAGES = ("overview", "alerts", "runs", "run", "drift", "decisions", "models", "data", "schedule", "audit")
AS_OF = date(2025, 12, 1)
CUSTOMERS = 2_000
REPEATS = 5
TIMEOUT = 120


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="loanwatch-benchmark-") as folder:
        home = Path(folder) / "home"
        run_id = prepared(home)
        os.environ["LOANWATCH_HOME"] = str(home)
        print(f"{'page':<10} {'median s':>8}   all")
        told("empty page", [seconds_of_nothing() for _ in range(REPEATS + 1)][1:])
        for page in PAGES:
            times = [seconds_of(page, run_id) for _ in range(REPEATS + 1)][1:]
            told(page, times)
        deployment = Deployment.open(load_settings(home=home))
        running = a_running_run(deployment)
        told("active run", [seconds_of("run", running) for _ in range(REPEATS + 1)][1:])
        told("a trigger", [seconds_of_trigger(deployment) for _ in range(REPEATS)])
        deployment.ledger.close()


def told(what: str, times: list[float]) -> None:
    """Prints the median of several measurements, and all of them."""
    print(f"{what:<10} {median(times):>8.3f}   {' '.join(f'{each:.3f}' for each in times)}", flush=True)


def prepared(home: Path) -> str:
    """The id of the real training run of a deployment with a long history."""
    write_sample(home / "data", SampleSpec(CUSTOMERS, 3))
    deployment = Deployment.open(load_settings(home=home))
    executor = LocalExecutor()
    made = []
    for pipeline in PIPELINES:
        made.append(request(deployment, checked_request(deployment, pipeline, AS_OF)))
        assert execute_run(deployment, made[-1], executor) == "succeeded"
    executor.close()
    lengthen(deployment)
    print(sizes(deployment))
    deployment.ledger.close()
    return made[0]


def a_running_run(deployment: Deployment) -> str:
    """The id of a run of which every task is at work."""
    run_id = request(deployment, checked_request(deployment, "training", AS_OF, force=True))
    names = [task.name for task in PIPELINES["training"].tasks]
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        assert claim(connection, run_id, this_process(), now)
        plan_tasks(connection, run_id, names)
        for name in names:
            update_task(connection, run_id, name, state="running", started_at=now, attempts=1)
            start_attempt(connection, run_id, (name, "", 1), now)
    return run_id


def seconds_of(page: str, run_id: str) -> float:
    """The time of one run of a page's whole script, in a session of its own."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=TIMEOUT)
    if page == "run":
        app.query_params["run_id"] = run_id
    if page != "overview":
        app.switch_page(f"console/{page}/{page}.py")
    begun = perf_counter()
    app.run()
    took = perf_counter() - begun
    assert not app.exception, app.exception
    return took


def seconds_of_nothing() -> float:
    """The time of one run of a page without content."""
    app = AppTest.from_string("import streamlit as st\nst.write('nothing')", default_timeout=TIMEOUT)
    begun = perf_counter()
    app.run()
    return perf_counter() - begun


def seconds_of_trigger(deployment: Deployment) -> float:
    """The time from the click that confirms a dialog until its run is in the ledger."""
    begun = perf_counter()
    run_id = request(deployment, checked_request(deployment, "inference", AS_OF, force=True))
    took = perf_counter() - begun
    cancel(deployment, run_id)
    return took


if __name__ == "__main__":
    set_log_level("CRITICAL")  # of Streamlit, which else warns that no browser looks
    main()
