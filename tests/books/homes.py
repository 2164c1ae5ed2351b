"""Deployments of the second lender: made once in a test run, copied for each who uses them."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.books.kredit import write_kredit
from tests.books.kredit_pandas import feature_table
from tests.paths import ROOT
from tests.sandbox import Sandbox
from tests.shared import made_once

KREDIT = str(ROOT / "tests" / "books" / "kredit_book.py")
ALONE = {
    "konten": "KR-999999-1;00000001;2024-01-15;24;5000,00;6,00;220,00;4800,00;0;2024-02-15",
    "kunden": "00000002;Ute Kröger;;12/345/67890;40;Angestellte;ledig;0;30.000,00;80,00;2024-01-01",
}
MATURED = date(2025, 10, 1)  # every loan's outcome is known


@pytest.fixture(scope="session")
def kredit_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three extracts of the second lender, with a loan of an unknown customer and a customer without a loan."""

    def write(folder: Path) -> None:
        write_kredit(folder / "data", 650)
        for dataset, row in ALONE.items():
            with (folder / "data" / f"{dataset}.csv").open("a", encoding="latin-1", newline="") as file:
                file.write(f"{row}\r\n")

    return made_once(tmp_path_factory, "kredit", write) / "data"


@pytest.fixture(scope="session")
def kredit_home(kredit_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the second lender after training, inference and monitoring; it is copied, never opened."""

    def monitor(folder: Path) -> None:
        made = Sandbox.at(folder / "home", book=KREDIT)
        made.succeed("training", MATURED, data=str(kredit_data))
        made.succeed("inference", MATURED)
        made.succeed("monitoring", MATURED)
        made.close()

    return made_once(tmp_path_factory, "kredit-monitored", monitor) / "home"


@pytest.fixture(scope="session")
def kredit_sandbox(kredit_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The deployment of the second lender, shared by the tests of one process; not to be changed."""
    return Sandbox.copied(kredit_home, tmp_path_factory.mktemp("kredit") / "home", book=KREDIT)


@pytest.fixture(scope="session")
def kredit_features(kredit_data: Path) -> pd.DataFrame:
    """The features and labels of all loans of the second lender, in plain pandas."""
    return feature_table(kredit_data, MATURED)
