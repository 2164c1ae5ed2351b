"""The commands about processes: real ones, as people start and stop them."""

import os
import re
import signal
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from engine.process.registry import alive
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.runs import active_run
from tests.console.live import answers, free_port
from tests.live import Site, held
from tests.processes import DEADLINE, running, tree, until
from tests.terminal import at_terminal

pytestmark = pytest.mark.alone

KINDS = ("worker", "scheduler", "console")


@pytest.fixture
def place(tmp_path: Path, small_book: Path) -> Iterator[Site]:
    home = tmp_path / "home"
    given = {"data": str(small_book), "console_port": free_port()}
    site = Site(home, f"sqlite:///{home / 'loanwatch.db'}", given)
    yield site
    site.close()


def pid_of(site: Site, kind: str) -> int:
    rows = alive(site.deployment, kind)
    return int(rows[0].pid) if rows else 0


@pytest.mark.thorough
def test_up_starts_again_what_dies_and_one_ctrl_c_stops_all(place: Site) -> None:
    process = place.begin("up")
    until(lambda: all(pid_of(place, kind) for kind in KINDS), "worker, scheduler and console")
    assert place.told("health")["healthy"]
    url = f"http://127.0.0.1:{place.settings['console_port']}"
    assert answers(f"{url}/_stcore/health")
    for kind in KINDS:
        victim = pid_of(place, kind)
        os.kill(victim, signal.SIGKILL)
        until(lambda kind=kind, victim=victim: pid_of(place, kind) not in (0, victim), f"new {kind}")  # type: ignore[misc]
    family = tree(process.pid)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert not running(family)
    assert re.search(r"^worker +ended with code -9; restarting in 1 s$", told, re.MULTILINE)
    assert re.search(rf"^console +The console of {place.home}: {url}$", told, re.MULTILINE)
    assert place.engine("health").returncode == 1


@pytest.mark.thorough
def test_the_children_of_a_killed_up_end_by_themselves(place: Site) -> None:
    process = place.begin("up")
    until(lambda: all(pid_of(place, kind) for kind in KINDS), "worker, scheduler and console")
    family = tree(process.pid)
    process.kill()
    process.communicate()
    until(lambda: not running(family), "end of the children")


@pytest.mark.thorough
def test_up_goes_on_without_a_console_whose_port_is_taken_or_that_is_not_wanted(place: Site) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", place.settings["console_port"]))
        other.listen()
        process = place.begin("up")
        assert process.stdout
        told = "".join(iter_until(process.stdout, "ended with code 5"))
        until(lambda: pid_of(place, "worker") and pid_of(place, "scheduler"), "worker and scheduler")
        family = tree(process.pid)
        process.terminate()
        process.stdout.read()
        process.stdout.close()
        assert process.wait(DEADLINE) == 0
    assert re.search(
        r"^console +error: Another process uses port \d+ .+ Choose another port with LOANWATCH_CONSOLE_PORT.$",
        told,
        re.MULTILINE,
    )
    assert re.search(r"^console +ended with code 5; restarting in 1 s$", told, re.MULTILINE)
    assert not running(family)
    without = place.begin("up", "--no-console")
    until(lambda: pid_of(place, "worker") and pid_of(place, "scheduler"), "worker and scheduler")
    assert not any("-m console" in words for words in tree(without.pid).values())
    without.terminate()
    told, _ = without.communicate(timeout=DEADLINE)
    assert "Starting worker and scheduler" in told


@pytest.mark.thorough
def test_up_refuses_a_console_that_everybody_could_use(place: Site) -> None:
    done = place.process("up", console_address="0.0.0.0")  # noqa: S104 - refused
    assert done.returncode == 5
    assert "would listen on 0.0.0.0 without a login" in done.stderr
    assert pid_of(place, "worker") == 0


def test_a_schedule_is_paused_for_a_reason_and_goes_on(place: Site) -> None:
    assert place.told("pause", "inference", "--reason", "audit week", "--until", "2100-01-01") == {
        "pipeline": "inference",
        "paused": True,
        "until": "2100-01-01",
    }
    rows = {row["pipeline"]: row for row in place.told("schedule")["pipelines"]}
    assert rows["inference"]["paused"].endswith("audit week")
    assert rows["training"]["timing"] == "sunday 02:00"
    assert len(rows["monitoring"]["coming"]) == 3
    assert "paused already" in place.told("pause", "inference", "--reason", "again", code=5)["error"]
    assert place.told("resume", "inference") == {"pipeline": "inference", "paused": False}
    assert "is not paused" in place.told("resume", "inference", code=5)["error"]
    assert "There is no pipeline" in place.told("pause", "nothing", "--reason", "x", code=2)["error"]
    assert "give the reason" in place.told("pause", "training", "--reason", " ", code=2)["error"]
    with place.deployment.ledger.reading() as connection:
        noted = [
            (row.action, row.subject, row.reason, row.changes["schedule"])
            for row in action_page(connection, ActionFilter(), 100)
        ]
    assert noted == [
        ("resume", "inference", "", ["paused", "active"]),
        ("pause", "inference", "audit week", ["active", "paused until 2100-01-01"]),
    ]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("schedule_training", "sundays 2am", "not a schedule"), ("ray_address", "nonsense", "not a HOST:PORT")],
)
def test_a_setting_that_can_not_be_right_is_named(place: Site, name: str, value: str, told: str) -> None:
    done = place.engine("schedule", **{name: value})
    assert done.returncode == 2
    assert told in done.stderr


@pytest.mark.thorough
def test_a_dead_cluster_is_told_at_once_and_a_remote_one_needs_a_shared_ledger(place: Site) -> None:
    dead = place.process("worker", ray_address="127.0.0.1:1")
    assert dead.returncode == 1
    assert "No Ray answers at 127.0.0.1:1" in dead.stderr
    remote = place.process("worker", ray_address="10.0.0.9:6379")
    assert remote.returncode == 5
    assert "can't share a SQLite ledger" in remote.stderr


@pytest.mark.thorough
def test_a_run_that_was_handed_over_outlives_the_terminal_or_is_cancelled_from_it(place: Site) -> None:
    patient = {"lease": 600}  # a run that stands still for the test is not taken for crashed, however slow the test is
    with place.worker(**patient) as worker:
        worker.wait_up()
        for term, answer, code, state in (("xterm", "detach", 0, "succeeded"), ("dumb", "cancel", 4, "cancelled")):
            with at_terminal("run", "training", "--force", env=place.environment(**patient), term=term) as terminal:
                run_id = until(lambda: run_under_way(place), "run under way")
                place.wait_begun(run_id, "ingest_feature_clickstream")
                with held(place, run_id):  # at one of its first tasks: it can't end before it is cancelled
                    terminal.wait_for("ingest_feature_clickstream")  # the command follows the run
                    terminal.write("\x03")
                    assert "Traceback" not in terminal.wait_for("[detach/cancel]")
                    terminal.write(answer + "\n")
                    assert terminal.code() == code, terminal.shown
            assert place.ended(run_id).state == state


def iter_until(lines: Iterable[str], mark: str) -> Iterator[str]:
    """Lines up to the first with a mark."""
    for line in lines:
        yield line
        if mark in line:
            return


def run_under_way(site: Site) -> str:
    """The id of the run of training that is queued or running, '' without one. Quicker than a command tells it."""
    with site.deployment.ledger.reading() as connection:
        run = active_run(connection, "training")
    return run.run_id if run else ""
