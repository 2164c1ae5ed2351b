"""`python -m tests.benchmarks.handed_over`: how long a live worker takes with what is handed over to it.

From the start of the command `run training --detach` until the run's first task runs; and the daily chain, inference
and then monitoring, from the request to the end when nothing has changed, and when the date has. It reports; it
doesn't fail.
"""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, time

from jobs.sample.write import SampleSpec, write_sample
from storage.db.ledger import LedgerRow
from storage.ledger.tasks import task_rows
from tests.live import AS_OF, Site
from tests.processes import until

CUSTOMERS = 12_500
REPEATS = 5


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="loanwatch-benchmark-") as folder:
        home = Path(folder) / "home"
        write_sample(home / "data", SampleSpec(CUSTOMERS, 3))
        site = Site(home)
        with site.worker() as live:
            live.wait_up()
            assert site.ended(site.request("training")).state == "succeeded"
            told("from `run --detach` to the first task, seconds", lambda _: detached(site))
            chain(site, 0)
            told("daily chain over unchanged data, seconds", lambda _: chain(site, 0))
            told("daily chain at a new date, seconds", lambda number: chain(site, number + 1))
        site.close()


def told(what: str, measure: Callable[[int], float]) -> None:
    """Prints the median of several measurements, and all of them."""
    times = [measure(number) for number in range(REPEATS)]
    print(f"{what:<50} {median(times):6.2f}   {' '.join(f'{each:.2f}' for each in times)}", flush=True)


def detached(site: Site) -> float:
    """Seconds from the start of the command until a task runs, by the ledger's clock."""
    begun = time()
    run_id = site.told("run", "training", "--as-of", str(AS_OF), "--force", "--detach")["run_id"]
    until(lambda: any(row.started_at for row in tasks(site, run_id)), "first task")
    first = min(row.started_at for row in tasks(site, run_id) if row.started_at)
    assert site.ended(run_id).state == "succeeded"
    return float(first.timestamp() - begun)


def chain(site: Site, days: int) -> float:
    """Seconds of an inference and then a monitoring, so many days after the training's date."""
    begun = perf_counter()
    for pipeline in ("inference", "monitoring"):
        run_id = site.told("run", pipeline, "--as-of", str(AS_OF + timedelta(days)), "--detach")["run_id"]
        assert site.ended(run_id).state == "succeeded"
    return perf_counter() - begun


def tasks(site: Site, run_id: str) -> list[LedgerRow]:
    """What the ledger has of the run's tasks."""
    with site.deployment.ledger.reading() as connection:
        return list(task_rows(connection, run_id))


if __name__ == "__main__":
    main()
