"""Invented books, and deployments that were trained on one: made once in a test run, copied for each who uses them."""

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from jobs.sample.write import SampleSpec, write_sample
from tests.extracts import until
from tests.sandbox import Sandbox
from tests.shared import made_once

SAMPLE = SampleSpec(customers=1200, seed=5)
LEDGER, STALE_SINCE, STALE_ON = "lms_loan_daily", date(2024, 9, 1), date(2025, 6, 1)
SMALL = SampleSpec(customers=600, seed=5)


@pytest.fixture(scope="session")
def sample_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four extracts of an invented book."""
    return made_once(tmp_path_factory, "sample", lambda folder: write_sample(folder / "data", SAMPLE)) / "data"


@pytest.fixture(scope="session")
def small_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extracts of a book that is as small as a model can be trained on."""
    return made_once(tmp_path_factory, "small", lambda folder: write_sample(folder / "data", SMALL)) / "data"


@pytest.fixture(scope="session")
def trained_home(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a deployment that was trained on the invented book and has scored it; it is copied, never opened."""

    def train(folder: Path) -> None:
        made = Sandbox.at(folder / "home")
        made.succeed("training", data=str(sample_data))
        made.succeed("inference")
        made.close()

    return made_once(tmp_path_factory, "trained", train) / "home"


@pytest.fixture(scope="session")
def broken_home(trained_home: Path, sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the trained deployment after a delivery whose interest rates are empty; not to be changed."""

    def deliver(folder: Path) -> None:
        data = Path(shutil.copytree(sample_data, folder / "data"))
        frame = pd.read_csv(data / "features_financials.csv", dtype=str, keep_default_na=False)
        frame.assign(Interest_Rate="").to_csv(data / "features_financials.csv", index=False)
        made = Sandbox.copied(trained_home, folder / "home")
        made.succeed("inference", data=str(data))
        made.close()

    return made_once(tmp_path_factory, "broken", deliver) / "home"


@pytest.fixture(scope="session")
def monitored_home(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the trained deployment with one day's monitoring; it is copied, never opened."""

    def monitor(folder: Path) -> None:
        made = Sandbox.copied(trained_home, folder / "home")
        made.succeed("monitoring")
        made.close()

    return made_once(tmp_path_factory, "monitored", monitor) / "home"


@pytest.fixture(scope="session")
def stale_home(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose ledger ends nine months before it was trained, scored and monitored; it is copied, never opened."""

    def monitor(folder: Path) -> None:
        data = until(sample_data, folder / "data", LEDGER, STALE_SINCE)
        made = Sandbox.at(folder / "home")
        made.succeed("training", STALE_ON, data=str(data))
        made.succeed("inference", STALE_ON)
        made.succeed("monitoring", STALE_ON)
        made.close()

    return made_once(tmp_path_factory, "stale", monitor) / "home"


@pytest.fixture(scope="session")
def stale_sandbox(stale_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The deployment with the old ledger, shared by the tests of one process; not to be changed."""
    return Sandbox.copied(stale_home, tmp_path_factory.mktemp("stale") / "home")


@pytest.fixture(scope="session")
def trained_sandbox(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The trained deployment, shared by the tests of one process; not to be changed."""
    return Sandbox.copied(trained_home, tmp_path_factory.mktemp("trained") / "home")


@pytest.fixture(scope="session")
def monitored_sandbox(monitored_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The monitored deployment, shared by the tests of one process; not to be changed."""
    return Sandbox.copied(monitored_home, tmp_path_factory.mktemp("monitored") / "home")


@pytest.fixture
def sandbox(trained_home: Path, tmp_path: Path) -> Sandbox:
    """A copy of the trained deployment that the test may change."""
    return Sandbox.copied(trained_home, tmp_path / "home")
