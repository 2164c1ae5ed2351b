"""The first command of the README: `demo` on a home that does not exist yet, with a smaller book and two dates."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import document
from tests.paths import ROOT
from tests.processes import DEADLINE

pytestmark = [pytest.mark.thorough, pytest.mark.alone]

SMALLER = """
from datetime import date
from engine.cli.app import main
from engine.cli.commands import data
data.DEMO_CUSTOMERS, data.DEMO_YEAR = 1500, (date(2024, 8, 1), date(2024, 9, 1))
main()
"""


def test_the_demo_makes_a_deployment_with_a_champion_metrics_and_a_dashboard(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = [sys.executable, "-c", SMALLER, "demo", "--no-console", "--home", str(home)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [model["aliases"] for model in document("models", "--home", str(home))] == [["champion"]]
    assert [row["monitoring_date"] for row in document("metrics", "--home", str(home))] == ["2024-08-01", "2024-09-01"]
    for name in ("data", "datamart", "model_store", "reports/monitoring_dashboard_20240901.png", "loanwatch.db"):
        assert (home / name).exists()
        assert str(home / name) in done.stdout
