"""The files for service managers: what their own programs say of them, and that they fit the product."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.process.supervisor import STOP_SECONDS
from engine.units.compose import compose_file
from engine.units.systemd import systemd_units
from storage.settings import load_settings
from tests.commands import command, document
from tests.paths import ROOT

SECRET = "postgresql+psycopg://lw:hunter2@db/loanwatch"  # noqa: S105 - invented
SERVICES = [f"loanwatch-{name}.service" for name in ("worker", "scheduler", "console")]
NAMES = [*SERVICES, "loanwatch-backup.service", "loanwatch-backup.timer"]


def values(unit: str) -> dict[str, str]:
    """The last value of each key of a unit."""
    lines = [line.partition("=") for line in unit.splitlines() if "=" in line and not line.startswith("#")]
    return {key: value for key, _, value in lines}


@pytest.mark.thorough
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    home = tmp_path / "a home of 100%"
    written = document("units", "systemd", "--output", str(tmp_path), env={"LOANWATCH_HOME": str(home)})
    assert list(written["files"]) == NAMES
    words = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in NAMES)]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    started = [shlex.split(values(unit)["ExecStart"]) for name, unit in written["files"].items() if name in SERVICES]
    assert [words[1:] for words in started] == [
        ["-m", "engine", "worker"],
        ["-m", "engine", "scheduler"],
        ["-m", "console"],
    ]


def test_a_unit_lets_a_worker_stop_and_write_where_it_has_to_and_nowhere_else(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home", models=str(tmp_path / "models"), ledger=SECRET, stop_grace=30.0)
    units = systemd_units(settings, "lw", tmp_path / "backups")
    assert list(units) == NAMES
    for name, unit in units.items():
        assert "hunter2" not in unit
        if name not in SERVICES:
            continue
        told = values(unit)
        assert float(told["TimeoutStopSec"]) == 30.0 + STOP_SECONDS
        assert (told["KillMode"], told["Restart"], told["User"]) == ("mixed", "always", "lw")
        assert (told["NoNewPrivileges"], told["ProtectSystem"]) == ("yes", "strict")
        assert told["ReadWritePaths"].split() == [str(tmp_path / "home"), str(tmp_path / "models")]
        assert f"LOANWATCH_HOME={tmp_path / 'home'}" in unit
    writable = values(units["loanwatch-backup.service"])["ReadWritePaths"].split()
    assert writable == [str(tmp_path / name) for name in ("home", "models", "backups")]


@pytest.mark.thorough
def test_the_backup_of_the_unit_can_be_made(tmp_path: Path) -> None:
    home, backups = tmp_path / "a home", tmp_path / "back ups"
    assert command("migrate", env={"LOANWATCH_HOME": str(home)}).returncode == 0
    unit = systemd_units(load_settings(home=home), "lw", backups)["loanwatch-backup.service"]
    words = shlex.split(values(unit)["ExecStart"].replace("$$", "$").replace("%%", "%"))  # as systemd reads them
    backups.mkdir()
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "LOANWATCH_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (made,) = backups.iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}", made.name)


def test_the_compose_file_fits_the_image_and_has_no_secret() -> None:
    settings = load_settings(ledger=SECRET, console_port=9000)
    text = compose_file(settings)
    assert "hunter2" not in text
    content: dict[str, Any] = yaml.safe_load(text)
    services = content["services"]
    assert sorted(services) == ["console", "ledger", "scheduler", "worker"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    for name in ("console", "scheduler", "worker"):
        service = services[name]
        assert service["init"] is True
        assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "engine", "health"]
        assert service["depends_on"] == {"ledger": {"condition": "service_healthy"}}
        assert service["stop_grace_period"] == f"{settings.stop_grace + STOP_SECONDS:.0f}s"
        assert f"LOANWATCH_HOME={service['volumes'][0].partition(':')[2]}" in dockerfile
        ledger = service["environment"]["LOANWATCH_LEDGER"]
        password = services["ledger"]["environment"]["POSTGRES_PASSWORD"]
        assert password.startswith("${LOANWATCH_DB_PASSWORD:?")  # Compose refuses to start without it
        assert ledger == f"postgresql+psycopg://loanwatch:{password}@ledger:5432/loanwatch"
    assert services["worker"]["shm_size"] > settings.ray_memory  # the default of containers is 64 MB
    assert services["console"]["environment"]["LOANWATCH_CONSOLE_ADDRESS"] == "0.0.0.0"  # noqa: S104 - in a container
    assert services["console"]["ports"] == ["127.0.0.1:9000:9000"]


def test_the_command_prints_or_writes_the_files_and_replaces_none(tmp_path: Path) -> None:
    printed = command("units", "compose")
    assert yaml.safe_load(printed.stdout)["services"]
    assert "docker compose up" in printed.stderr
    units = command("units", "systemd", env={"LOANWATCH_HOME": str(tmp_path / "home")})
    assert [f"# /etc/systemd/system/{name}" in units.stdout for name in NAMES] == [True] * 5
    assert "systemctl enable --now" in units.stderr
    assert command("units", "compose", "--output", str(tmp_path / "new")).returncode == 0
    assert (tmp_path / "new" / "compose.yaml").read_text() == printed.stdout
    again = command("units", "compose", "--output", str(tmp_path / "new"))
    assert again.returncode == 5
    assert "exists already" in again.stderr
    assert not (tmp_path / "home").exists()
