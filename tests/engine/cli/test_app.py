"""The command line as people use it: exit codes, sentences and JSON, and Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.sample.write import SampleSpec, write_sample
from tests.commands import command, document, own_process
from tests.paths import ROOT
from tests.processes import DEADLINE, until


def engine(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return command(*words, "--home", str(home))


def test_doctor_creates_nothing(tmp_path: Path) -> None:
    told = engine("doctor", "--json", home=tmp_path / "home")
    (finding,) = json.loads(told.stdout)
    assert (told.returncode, finding["check"], finding["level"]) == (0, "ledger", "warning")
    assert "loanwatch.db does not exist yet" in finding["message"]
    assert "`run`, `up` or `worker` creates it" in finding["message"]
    assert engine("doctor", "--fix", home=tmp_path / "home").returncode == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "trainng"), "no pipeline 'trainng'"),
        (("run", "training", "--as-of", "1/5/2024"), "YYYY-MM-DD"),
        (("run", "training", "--param", "colour=red"), "no parameter 'colour'"),
        (("run", "training", "--param", "feature_set"), "NAME=VALUE"),
        (("show", "nothing"), "no run 'nothing'"),
        (("run",), "PIPELINE"),
        (("launch",), "launch"),
        (("promote", "20990101_000000", "--reason", "hope"), "no model '20990101_000000'"),
        (("promote", "20990101_000000"), "--reason"),
        (("rollback", "--reason", " "), "--reason is empty"),
        (("replay", "--from", "2024-02-01", "--to", "2024-01-01"), "--from 2024-02-01 is after --to 2024-01-01"),
        (("replay", "--from", "1/5/2024", "--to", "2024-06-01"), "--from '1/5/2024' is not a date"),
        (("replay", "--from", "2024-01-01", "--to", "2999-01-01"), "--to 2999-01-01 is in the future"),
        (("replay", "--from", "2024-01-01", "--to", "2024-02-01", "--every", "moon"), "--every 'moon' is not a stride"),
    ],
)
def test_what_a_person_gets_wrong_is_named(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    if words[0] in ("show", "promote", "rollback"):
        engine("migrate", home=tmp_path)
    done = engine(*words, home=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "told"), [("run", "(default: today)"), ("validation", "(default: the latest)"), ("drift", "(default: the")]
)
def test_help_has_the_default_of_a_date(name: str, told: str) -> None:
    """Rich takes small letters in square brackets for a style, and shows none of them."""
    shown = command(name, "--help").stdout
    assert told in " ".join(word for word in shown.split() if word != "│")


@pytest.mark.thorough
def test_ctrl_c_cancels_the_run_and_nothing_of_ray_is_left(small_book: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = [sys.executable, "-m", "engine", "run", "training", "--data", str(small_book), "--home", str(home)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
    with subprocess.Popen(words, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
        for line in process.stdout:
            if line.startswith("ingest_"):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(DEADLINE) == 4, rest
    (run,) = document("runs", "--home", str(home))
    assert run["state"] == "cancelled"
    assert document("tables", "--home", str(home)) == []
    until(lambda: not group_is_there(process.pid), "end of all processes of the run")


def group_is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.thorough
def test_json_stays_json_whatever_ray_writes(tmp_path: Path) -> None:
    """In a process of its own, to whose standard output Ray writes too."""
    write_sample(tmp_path / "data", SampleSpec(3, 1))  # too few loans to learn from: all fits fail at once
    done = own_process("run", "training", "--data", str(tmp_path / "data"), "--json", "--home", str(tmp_path / "home"))
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"]) == (1, "failed")
    assert "nothing to learn from" in told["error"] or "No loan's outcome" in told["error"]


@pytest.mark.parametrize("words", [("run", "[/x]"), ("show", "[/bold]"), ("run", "training", "--as-of", "[red]")])
def test_brackets_are_not_markup(tmp_path: Path, words: tuple[str, ...]) -> None:
    engine("migrate", home=tmp_path)
    done = engine(*words, home=tmp_path)
    assert done.returncode == 2
    assert words[-1] in done.stderr
    assert "Traceback" not in done.stderr


def test_sample_is_made_once_and_never_over_other_extracts(tmp_path: Path) -> None:
    words = ("sample", str(tmp_path / "data"), "--customers", "50", "--seed", "3")
    assert document(*words)["rows"]["features_attributes"] == 50
    again = command(*words)
    assert again.returncode == 2
    assert "has feature_clickstream.csv already" in again.stderr
