"""Shared by the tests: deployments in temporary folders, whose pipelines run in this process on real files."""

import csv
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings as properties
from sqlalchemy import select

from engine.cluster.private import RayAddress
from engine.control.runs import checked_request, request
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from jobs.bronze.sources import SOURCES
from jobs.gold.features import NEEDED, loan_features
from jobs.job import Job, StoreRoots
from jobs.sample.write import SampleSpec, write_sample
from storage.db.ledger import Ledger
from storage.db.schema import decisions, runs
from storage.files.folder import stream_sha256
from storage.lake.datamart import Datamart, TableVersion
from storage.ledger.catalog import current_versions
from storage.ledger.models import ModelVersion, champions
from storage.ledger.runs import run_row
from storage.ledger.tasks import log_rows, task_rows
from storage.settings import load_settings
from tests.engine.live import Site, running_head
from tests.postgres import Postgres, running_postgres

# What a property test proves does not depend on how busy the machine is.
properties.register_profile("loanwatch", deadline=None)
properties.load_profile("loanwatch")

AS_OF = date(2025, 12, 1)
SAMPLE = SampleSpec(customers=1200, seed=5)
SMALL = SampleSpec(customers=600, seed=5)
SCHEMAS = {source.silver: source.silver_schema for source in SOURCES.values()}
START = date(2024, 1, 15)  # of a loan: scored from 15 April, its outcome known on 15 July
Rows = list[dict[str, Any]]
TEMPLATE = "ledger_template"
# What SQLite alone does; every other test of the ledger runs on both databases.
sqlite_only = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)


COUNT = "count"  # what a test found, to be told in the last lines of the output, whichever process it ran in


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = (each for group in terminalreporter.stats.values() for each in group)
    told = [line for each in reports for name, line in getattr(each, "user_properties", ()) if name == COUNT]
    if told:
        terminalreporter.section("counts")
        for line in sorted(set(told)):
            terminalreporter.write_line(f"faults: {line}")


@dataclass(frozen=True)
class Ended:
    """How a run ended: its id and state, and the error's type, message and exit code if it failed."""

    run_id: str
    state: str
    error: dict[str, Any]


@dataclass(frozen=True)
class House:
    """A deployment under one folder, and what a test wants of it."""

    home: Path
    deployment: Deployment

    @classmethod
    def at(cls, home: Path) -> "House":
        return cls(home, Deployment.open(load_settings(home=home, retry_pause=0.0)))

    def run(self, pipeline: str, as_of: date = AS_OF, *, force: bool = False, **params: Any) -> Ended:
        """One run of a pipeline, carried out in this process, however it ends."""
        wanted = checked_request(self.deployment, pipeline, as_of, params=params, force=force)
        run_id = request(self.deployment, wanted)
        executor = LocalExecutor()
        try:
            execute_run(self.deployment, run_id, executor)
        finally:
            executor.close()
        with self.deployment.ledger.reading() as connection:
            row = run_row(connection, run_id)
        return Ended(run_id, row.state, row.error or {})

    def succeed(self, pipeline: str, as_of: date = AS_OF, *, force: bool = False, **params: Any) -> str:
        """The id of a run that must go well."""
        ended = self.run(pipeline, as_of, force=force, **params)
        assert ended.state == "succeeded", ended.error
        return ended.run_id

    def versions(self) -> dict[str, TableVersion]:
        with self.deployment.ledger.reading() as connection:
            return current_versions(connection)

    def table(self, name: str) -> pa.Table:
        return self.deployment.datamart.read(self.versions()[name])

    def data(self) -> str:
        """The folder from which the deployment was trained."""
        return str(Path(next(iter(self.versions()["bronze.LMS_loans"].sources))).parent)

    def champions(self) -> list[ModelVersion]:
        with self.deployment.ledger.reading() as connection:
            return champions(connection)

    def log(self, run_id: str, task: str | None = None) -> str:
        with self.deployment.ledger.reading() as connection:
            return "\n".join(f"{row.level} {row.message}" for row in log_rows(connection, run_id, task))

    def states(self, run_id: str) -> dict[str, str]:
        with self.deployment.ledger.reading() as connection:
            return {row.task: row.state for row in task_rows(connection, run_id)}

    def values(self, run_id: str, task: str) -> dict[str, Any]:
        """What a task of a run handed on."""
        with self.deployment.ledger.reading() as connection:
            rows = {row.task: row for row in task_rows(connection, run_id)}
        found: dict[str, Any] = rows[task].outcome["outcome"]["values"]
        return found

    def governance_requests(self) -> list[str]:
        """Ids of the runs that the gate asked for."""
        with self.deployment.ledger.reading() as connection:
            return list(connection.execute(select(runs.c.run_id).where(runs.c.cause == "governance")).scalars())

    def decisions(self) -> list[Any]:
        with self.deployment.ledger.reading() as connection:
            return list(connection.execute(select(decisions).order_by(decisions.c.decision_id)).all())

    def copy(self, home: Path) -> "House":
        """The same deployment, under another folder."""
        self.deployment.ledger.close()
        shutil.copytree(self.home, home, symlinks=True)
        return House.at(home)


@dataclass(frozen=True)
class Workshop:
    """Makes jobs whose tables are given, for calling task functions one by one."""

    folder: Path

    def job(self, tables: Mapping[str, pa.Table] | None = None, **fields: Any) -> Job:
        """A job that reads these tables, each written as one part."""
        roots = StoreRoots(str(self.folder / "datamart"), str(self.folder / "models"), str(self.folder / "reports"))
        mart = Datamart(roots.datamart)
        given = {
            name: TableVersion(name, "given", (mart.write(name, "given", 0, [table]),))
            for name, table in (tables or {}).items()
        }
        common = {"task": "test", "run_id": "run", "as_of": AS_OF, "stamp": "20251201_000000", "roots": roots}
        return Job(**{**common, "tables": given, **fields})


class Extracts:
    """Writes raw extracts by hand into a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, dataset: str, rows: Iterable[Mapping[str, Any]], name: str = "") -> Path:
        """The extract of a dataset, in which every column that a row leaves out is empty."""
        path = self.folder / (name or f"{dataset}.csv")
        path.parent.mkdir(exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, SOURCES[dataset].names, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def sha256(self, name: str) -> str:
        with (self.folder / name).open("rb") as file:
            return stream_sha256(file)


class Customers:
    """A small governed book, grown row by row."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {name: [] for name in NEEDED}

    def person(self, customer: str, day: date = START, **values: Any) -> "Customers":
        """A customer with attributes and financials of a day."""
        for table in ("attributes", "financials"):
            fields = {name: value for name, value in values.items() if name in SCHEMAS[table].names}
            self.rows[table].append({"Customer_ID": customer, "snapshot_date": day, "Age": 40} | fields)
        return self

    def loan(self, customer: str, loan: str = "l", start: date = START, due: Sequence[int] = ()) -> "Customers":
        """A loan of 10 installments, the first ones with these dues, all paid."""
        common = {"Customer_ID": customer, "loan_id": loan, "loan_start_date": start, "tenure": 10, "loan_amt": 100}
        for number, amount in enumerate(due or [0]):
            self.pay(common, number, amount, amount)
        return self

    def pay(self, common: dict[str, Any], number: int, due: int | None, paid: int | None, overdue: int = 0) -> None:
        amounts = {"installment_num": number, "due_amt": due, "paid_amt": paid, "overdue_amt": overdue}
        self.rows["loan_daily"].append(common | amounts | {"snapshot_date": common["loan_start_date"]})

    def click(self, customer: str, day: date, value: int | None) -> "Customers":
        self.rows["clickstream"].append({"Customer_ID": customer, "snapshot_date": day, "fe_10": value})
        return self

    def tables(self) -> dict[str, pa.Table]:
        return {
            name: pa.Table.from_pylist(rows, SCHEMAS[name]).select(NEEDED[name]) for name, rows in self.rows.items()
        }

    def features(self) -> dict[str, dict[str, Any]]:
        """The features by loan."""
        return {row["loan_id"]: row for row in loan_features(self.tables())[0].to_pylist()}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server with one database to copy: a ledger of the newest schema."""
    with running_postgres() as server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        ledger = Ledger(server.url(TEMPLATE))
        ledger.prepare()
        ledger.close()
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a ledger of the test's own, on each of the two databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'loanwatch.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.database(TEMPLATE) as name:
            yield server.url(name)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


@pytest.fixture
def extracts(tmp_path: Path) -> Extracts:
    return Extracts(tmp_path / "data")


@pytest.fixture(scope="session")
def sample_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four extracts of an invented book."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    write_sample(folder, SAMPLE)
    return folder


@pytest.fixture(scope="session")
def small_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extracts of a book that is as small as a model can be trained on."""
    folder = tmp_path_factory.mktemp("small") / "data"
    write_sample(folder, SMALL)
    return folder


@pytest.fixture(scope="session")
def ray_head() -> Iterator[RayAddress]:
    """A Ray head that workers join, so that they need not start one of their own."""
    with running_head() as address:
        yield address


@pytest.fixture
def site(tmp_path: Path, ledger_url: str, small_book: Path) -> Iterator[Site]:
    """A deployment for real processes, on each of the two databases, that is to be trained on the small book."""
    opened = Site(tmp_path / "home", ledger_url, {"data": str(small_book)})
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def trained_house(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A deployment that was trained on the invented book and has scored it; not to be changed."""
    house = House.at(tmp_path_factory.mktemp("trained") / "home")
    house.succeed("training", data=str(sample_data))
    house.succeed("inference")
    return house


@pytest.fixture(scope="session")
def monitored_house(trained_house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The trained deployment with one day's monitoring; not to be changed."""
    house = trained_house.copy(tmp_path_factory.mktemp("monitored") / "home")
    house.succeed("monitoring")
    return house


@pytest.fixture
def house(trained_house: House, tmp_path: Path) -> House:
    """A copy of the trained deployment, to do with as one likes."""
    return trained_house.copy(tmp_path / "home")
