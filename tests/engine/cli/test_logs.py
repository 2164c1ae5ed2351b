"""The command `logs`: what it leaves out of a long log, it says."""

from pathlib import Path

import pytest

from engine.control import runs
from storage.db.ledger import utc_now
from storage.ledger.tasks import LogLine, add_logs
from tests.commands import command, document
from tests.sandbox import AS_OF, Sandbox

LINES = 10_050


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a run that logged more lines than the command prints."""
    made = Sandbox.at(tmp_path_factory.mktemp("logs") / "home")
    run_id = runs.request(made.deployment, runs.checked_request(made.deployment, "training", AS_OF))
    with made.deployment.ledger.writing() as connection:
        add_logs(connection, run_id, [LogLine("t", utc_now(), "INFO", f"line {number}") for number in range(LINES)])
    made.close()
    return made.home


def test_a_log_that_is_cut_says_how_many_lines_are_left_out_and_how_to_see_all(home: Path) -> None:
    done = command("logs", "latest", "--home", str(home))
    assert "50 older lines are left out" in done.stderr
    assert "--all` prints every line" in done.stderr
    lines = done.stdout.splitlines()
    assert (len(lines), lines[-1].rpartition(": ")[2]) == (10_000, f"line {LINES - 1}")
    told = document("logs", "latest", "--lines", "3", "--home", str(home))
    assert (told["left_out"], [line["message"] for line in told["lines"]]) == (
        LINES - 3,
        [f"line {number}" for number in range(LINES - 3, LINES)],
    )


def test_every_line_is_printed_on_request(home: Path) -> None:
    done = command("logs", "latest", "--all", "--home", str(home))
    assert (len(done.stdout.splitlines()), done.stderr) == (LINES, "")
    assert document("logs", "latest", "--all", "--home", str(home))["left_out"] == 0
