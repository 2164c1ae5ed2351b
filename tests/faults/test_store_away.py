"""Row 41: object storage that is away for 20 s at each kind of call, or for good."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event, Timer
from time import monotonic
from typing import Any

import pyarrow as pa
import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from storage.files.away import StorageAway
from storage.lake.datamart import Datamart, TableVersion
from storage.ledger.runs import run_row
from storage.settings import load_settings
from tests.faults.counts import Count
from tests.flaky_store import CREDENTIALS, FlakyStore, flaky_store
from tests.processes import until

pytestmark = pytest.mark.thorough

AWAY = 20.0  # seconds
READS = ("read", "verify", "list", "size", "groups", "head")  # of which each could be taken for damage
TABLE = "staged.scored"
ROWS = 1_000
PARAMS = {"training": {"candidates": "LogisticRegression"}, "inference": {}}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[FlakyStore]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with flaky_store(1) as found:
        yield found


def goes_away(store: FlakyStore, seconds: float) -> Event:
    """Has every call fail from now on. The event is set when the store is back."""
    back = Event()

    def comes_back() -> None:
        store.rate = 0.0
        back.set()

    store.rate = 1.0
    Timer(seconds, comes_back).start()
    return back


def kinds(mart: Datamart) -> dict[str, tuple[Callable[[], Any], Any]]:
    """Every kind of call on a store, and what it gives."""
    rows = [pa.table({"v": list(range(ROWS))})]
    kept = TableVersion(TABLE, "r1", (mart.write(TABLE, "r1", 0, rows),))
    gone = mart.write(TABLE, "r2", 0, rows)
    part = kept.parts[0]
    return {
        "write": (lambda: mart.write(TABLE, "r3", 0, rows).sha256, part.sha256),
        "read": (lambda: mart.read(kept).num_rows, ROWS),
        "verify": (lambda: mart.verify(kept), None),
        "list": (lambda: (TABLE, "r1") in set(mart.versions()), True),
        "size": (lambda: mart.folder.size(part.name), part.bytes),
        "groups": (lambda: sum(group.num_rows for group in mart.groups(kept)), ROWS),
        "head": (lambda: mart.head(kept, 3).num_rows, 3),
        "delete": (partial(mart.drop, TABLE, "r2"), None),
        "size of the deleted": (lambda: mart.folder.size(gone.name) in (gone.bytes, None), True),
    }


def test_every_kind_of_call_outlasts_a_store_that_is_away(store: FlakyStore, counted: Count) -> None:
    calls = kinds(Datamart(store.address("datamart"), retry=60.0))
    back = goes_away(store, AWAY)
    with ThreadPoolExecutor(len(calls)) as pool:
        started = {kind: pool.submit(call) for kind, (call, _) in calls.items()}
        assert not back.wait(AWAY / 2)
        assert [kind for kind, future in started.items() if future.done()] == []
        ended = {kind: future.result() for kind, future in started.items()}
    assert ended == {kind: expected for kind, (_, expected) in calls.items()}
    counted(f"row 41: {len(calls)} kinds of calls while the store was away for {AWAY:.0f} s, all answered rightly")


def test_a_store_that_stays_away_is_away_and_nothing_of_it_damaged(store: FlakyStore) -> None:
    calls = {kind: act for kind, act in kinds(Datamart(store.address("datamart"), retry=0.5)).items() if kind in READS}
    store.rate = 1.0
    with ThreadPoolExecutor(len(calls)) as pool:
        errors = {kind: pool.submit(call).exception() for kind, (call, _) in calls.items()}
    assert {kind: type(error) for kind, error in errors.items()} == dict.fromkeys(calls, StorageAway)
    assert all("nothing of it is lost" in str(error) for error in errors.values())


def test_a_run_that_starts_while_the_store_is_away_waits_and_holds_no_ledger(
    store: FlakyStore, small_book: Path, tmp_path: Path
) -> None:
    roots = {name: store.address(name) for name in ("datamart", "models", "reports")}
    deployment = Deployment.open(load_settings(home=tmp_path / "home", data=str(small_book), **roots))
    run_id = runs.request(deployment, runs.checked_request(deployment, "training", params=PARAMS["training"]))
    back = goes_away(store, AWAY / 4)
    executor = LocalExecutor()
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(execute_run, deployment, run_id, executor)
        longest = 0.0
        while not back.wait(0.05):
            before = monotonic()
            with deployment.ledger.writing():
                longest = max(longest, monotonic() - before)
        assert longest < 2.0  # of another writer's wait; a transaction held for the store would block it until then
        assert run.result() == "succeeded"
    executor.close()


def test_a_run_whose_store_is_away_is_alive_and_is_cancelled_within_two_seconds(
    store: FlakyStore, small_book: Path, tmp_path: Path
) -> None:
    settings = load_settings(
        home=tmp_path / "home", data=str(small_book), datamart=store.address("datamart"), heartbeat=0.2, lease=2.0
    )
    deployment = Deployment.open(settings)
    executor = LocalExecutor()
    for pipeline in ("training", "inference"):
        run_id = runs.request(deployment, runs.checked_request(deployment, pipeline, params=PARAMS[pipeline]))
        assert execute_run(deployment, run_id, executor) == "succeeded"
    run_id = runs.request(deployment, runs.checked_request(deployment, "monitoring"))
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(execute_run, deployment, run_id, executor)
        until(lambda: state_of(deployment, run_id) == "running", "start")
        back = goes_away(store, AWAY)
        assert not back.wait(2 * settings.lease)
        assert runs.reap_stale_runs(deployment) == []
        before = monotonic()
        runs.cancel(deployment, run_id)
        until(lambda: state_of(deployment, run_id) == "cancelled", "cancellation")
        assert monotonic() - before < 2.0
        assert not back.is_set()
        assert run.result() == "cancelled"
    executor.close()


def state_of(deployment: Deployment, run_id: str) -> str:
    with deployment.ledger.reading() as connection:
        return str(run_row(connection, run_id).state)
