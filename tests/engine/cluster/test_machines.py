"""Three machines that share nothing but a network: Ray's nodes, with S3 and PostgreSQL beside them.

Training, inference and monitoring make the same bytes there as on one machine, whatever happens to a node.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.control.runs import checked_request, request
from engine.deployment import Deployment
from storage.ledger.catalog import current_versions
from storage.ledger.runs import run_row
from storage.settings import load_settings
from tests.databases import TEMPLATE
from tests.machines.lan import RAY_PORT, STORE, Lan, Machine, ledger_at, running_lan, started_node, why_not_here
from tests.postgres import Postgres
from tests.processes import go_on, stop, until
from tests.sandbox import AS_OF, Sandbox

pytestmark = [pytest.mark.thorough, pytest.mark.alone]

PIPELINES = ("training", "inference", "monitoring")
FITS = "train_evaluate_select_model"
REPLAY = {"replay": {"of": "machines"}}  # the model of a replay is named by its date, so that all bytes can be compared
UPLOAD = """
import sys
from pyarrow import fs
store, path = fs.FileSystem.from_uri(sys.argv[2])
fs.copy_files(sys.argv[1], path, destination_filesystem=store)
"""


@dataclass(frozen=True)
class Site:
    """A deployment on several machines. `office` has its worker and Ray's head; `deployment` is the test's own view."""

    lan: Lan
    office: Machine
    deployment: Deployment

    @property
    def cluster(self) -> str:
        """The address of Ray."""
        return f"{self.office.address}:{RAY_PORT}"

    def node(self, name: str) -> Machine:
        """A machine with a node of the cluster, a new one unless there is one of that name."""
        for machine in self.lan.machines:
            if machine.name == name:
                return machine
        machine = self.lan.machine(name)
        started_node(machine, f"--address={self.cluster}")
        return machine

    def requested(self, pipeline: str, *, force: bool = False, **params: Any) -> str:
        """The id of a new run."""
        wanted = checked_request(
            self.deployment, pipeline, AS_OF, force=force, params=params, cause="replay", cause_detail=REPLAY
        )
        return request(self.deployment, wanted)

    def ended(self, run_id: str) -> Any:
        """The row of a run when it has ended."""
        return until(lambda: (row := self._row(run_id)).finished_at and row, f"end of {run_id}")

    def succeed(self, pipeline: str, **more: Any) -> str:
        """The id of a run that must go well."""
        row = self.ended(self.requested(pipeline, **more))
        assert row.state == "succeeded", row.error
        return str(row.run_id)

    def digests(self) -> dict[str, str]:
        """The digest of every published table."""
        with self.deployment.ledger.reading() as connection:
            return {name: version.digest for name, version in current_versions(connection).items()}

    def worker_log(self) -> str:
        """What the worker and its runs said."""
        return (self.office.folder / "worker.log").read_text()

    def _row(self, run_id: str) -> Any:
        with self.deployment.ledger.reading() as connection:
            return run_row(connection, run_id)


@pytest.fixture(scope="module")
def one_machine(small_book: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The digests of all tables that the three pipelines make on one machine."""
    sandbox = Sandbox.at(tmp_path_factory.mktemp("one") / "home", data=str(small_book))
    for pipeline in PIPELINES:
        wanted = checked_request(sandbox.deployment, pipeline, AS_OF, cause="replay", cause_detail=REPLAY)
        ended = sandbox.execute(request(sandbox.deployment, wanted))
        assert ended.state == "succeeded", ended.error
    made = {name: version.digest for name, version in sandbox.versions().items()}
    sandbox.close()
    return made


@pytest.fixture(scope="module")
def site(small_book: Path, postgres: Postgres) -> Iterator[Site]:
    """A deployment whose worker runs on one machine and whose calls run on three. Its tables and extracts are on S3."""
    if why := why_not_here():
        pytest.fail(why)
    with postgres.database(TEMPLATE) as database, running_lan(postgres) as lan:
        office = lan.machine("office")
        stores = {name: STORE.format(name) for name in ("datamart", "models", "reports", "data")}
        settings = {**stores, "ledger": ledger_at(database), "home": office.home, "retry_pause": "0.1", "lease": "120"}
        office.environment.update({f"LOANWATCH_{name.upper()}": value for name, value in settings.items()})
        office.environment["LOANWATCH_RAY_ADDRESS"] = f"{office.address}:{RAY_PORT}"
        shutil.copytree(small_book, office.folder / "delivery")
        assert office.start("-c", UPLOAD, "/tmp/delivery", STORE.format("data")).wait() == 0
        started_node(office, "--head", f"--port={RAY_PORT}")
        with (office.folder / "worker.log").open("w") as log:
            office.start("-m", "engine", "worker", stdout=log, stderr=subprocess.STDOUT)
        deployment = Deployment.open(load_settings(home=office.folder / "unused", ledger=postgres.url(database)))
        yield Site(lan, office, deployment)
        deployment.ledger.close()


def test_three_machines_make_the_bytes_of_one(site: Site, one_machine: dict[str, str]) -> None:
    for name in ("beta", "gamma"):
        site.node(name)
    for pipeline in PIPELINES:
        site.succeed(pipeline)
    assert site.digests() == one_machine


def test_a_lost_node_and_ones_with_other_code_or_none_change_no_byte_and_a_node_that_comes_gets_work(
    site: Site, one_machine: dict[str, str]
) -> None:
    office, beta, gamma = site.lan.machines
    other = site.lan.machine("epsilon")
    with (other.folder / "epsilon-app/jobs/errors.py").open("a") as source:
        source.write("# another release\n")
    bare = site.lan.machine("zeta")
    shutil.rmtree(bare.folder / "zeta-app/storage")
    for machine in (other, bare):
        started_node(machine, f"--address={site.cluster}")
    run_id = site.requested("training", force=True)
    with held_calls(office, beta):
        lost = until(lambda: fits_on(gamma), "call on the machine that is lost")
        gamma.kill_everything()
        delta = site.node("delta")
        until(lambda: fits_on(delta), "call on the machine that came")
    assert site.ended(run_id).state == "succeeded", f"{site.ended(run_id).error}: {site.worker_log()}"
    assert site.digests() == one_machine
    assert re.search(r"on host epsilon has other code .* goes to another node", site.worker_log())
    assert re.search(
        r"A Ray process on host zeta can't load the product \(ModuleNotFoundError: No module named 'storage'\); "
        r"give every machine the same image\. The call of \w+ goes to another node\.",
        site.worker_log(),
    )
    told = office.document("show", run_id)
    again = [attempt for attempt in told["attempts"] if attempt["attempt"] > 1]
    assert {(attempt["task"], attempt["state"]) for attempt in again} == {(FITS, "succeeded")}
    failed = [attempt for attempt in told["attempts"] if attempt["state"] == "failed"]
    assert len(failed) == len(again) == len(lost)
    of_lost = re.compile("The Ray (process|node) of the task on host gamma (ended|was lost)")
    assert [attempt["error"] for attempt in failed if not of_lost.match(attempt["error"])] == []
    task = next(task for task in told["tasks"] if task["name"] == FITS)
    assert task["attempts"] == 2


def test_a_folder_that_another_machine_cannot_read_is_told_before_the_work(site: Site) -> None:
    site.node("beta")
    done = site.office.engine("run", "training", "--data", "/tmp/delivery", "--force", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"]) == (5, "failed")
    assert re.fullmatch(
        r"Host (beta|delta|epsilon) of the Ray cluster can't read /tmp/delivery/\w+\.csv; set LOANWATCH_DATA "
        r"\(or --data\) to an s3:// address, or to a folder that all its machines share, and resume the run\.",
        told["error"],
    )
    assert site.office.document("show", told["run_id"])["attempts"] == []


def test_a_folder_that_is_another_one_on_another_machine_is_told_before_the_work(site: Site) -> None:
    site.node("beta")
    for machine in site.lan.machines:
        shutil.copytree(site.office.folder / "delivery", machine.folder / "twin")
        if machine is not site.office:
            with (machine.folder / "twin/lms_loan_daily.csv").open("a") as extract:
                extract.write("one line more\n")
    done = site.office.engine("run", "training", "--data", "/tmp/twin", "--force", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"]) == (5, "failed")
    assert re.match(
        r"Host (beta|delta|epsilon) of the Ray cluster has another file at /tmp/twin/lms_loan_daily\.csv; set ",
        told["error"],
    )


def fits_on(machine: Machine) -> list[int]:
    """The processes of a machine that fit a model."""
    return [pid for pid, words in machine.processes().items() if words.startswith(f"ray::{FITS}#")]


@contextmanager
def held_calls(*machines: Machine) -> Iterator[None]:
    """Holds the next call of each machine that fits a model, until the block ends."""
    held: list[int] = []
    try:
        for machine in machines:
            held += until(lambda machine=machine: fits_on(machine), f"call on {machine.name}")  # type: ignore[misc]
            stop(held)
        yield
    finally:
        go_on(held)
