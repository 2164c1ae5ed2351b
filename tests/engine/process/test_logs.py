"""Logs as JSON: one object a line, whatever was logged and by whichever process."""

import json
import logging
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.process.logs import add_to_every_line, log_to_stderr, pass_on
from storage.settings import load_settings
from tests.commands import command
from tests.console.live import free_port
from tests.live import Site
from tests.processes import DEADLINE, until

Records = list[dict[str, Any]]
SSN = re.compile(r"\b\d{3}-\d{2}-\d{4}\b")


def records(text: str) -> Records:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging and hooks of the test run, restored after each test."""
    for owner, name in ((sys, "excepthook"), (threading, "excepthook"), (logging.root, "handlers")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    level = logging.root.level
    yield
    logging.captureWarnings(capture=False)
    logging.root.setLevel(level)


def begin(process: str, form: str) -> None:
    """Sets logging up as a new process does, which has none of pytest's handlers."""
    logging.root.handlers = []
    log_to_stderr(load_settings(log_format=form), process)


def test_a_line_has_the_time_in_utc_and_what_is_known_of_run_and_error(capsys: pytest.CaptureFixture[str]) -> None:
    begin("run", "json")
    add_to_every_line(run_id="training-1")
    log = logging.getLogger("loanwatch.engine")
    log.info("Two\nlines, %s.", "ünd \u2028 more")
    log.error("It failed.", exc_info=ValueError("no luck"))
    log.warning("Another.", extra={"run_id": "training-2"})
    logging.getLogger("library").warning("Old.")
    first, second, third, fourth = records(capsys.readouterr().err)
    assert (first["message"], first["level"], first["logger"]) == ("Two\nlines, ünd \u2028 more.", "INFO", log.name)
    assert (first["process"], first["run_id"], third["run_id"]) == ("run", "training-1", "training-2")
    at = datetime.fromisoformat(first["time"])
    assert at.utcoffset() == UTC.utcoffset(None)
    assert abs((datetime.now(UTC) - at).total_seconds()) < DEADLINE
    assert "ValueError: no luck" in second["exception"]
    assert fourth["logger"] == "library"


def test_an_error_that_ends_a_thread_or_the_process_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    begin("scheduler", "json")
    try:
        1 / 0  # noqa: B018 - raises
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    (record,) = records(capsys.readouterr().err)
    assert record["level"] == "CRITICAL"
    assert "ZeroDivisionError" in record["exception"]


def test_text_stays_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    begin("worker", "text")
    logging.getLogger("loanwatch.engine").info("Ray is up.")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:,]+ INFO {4}Ray is up\.\n", capsys.readouterr().err)


def test_up_passes_json_on_and_wraps_other_lines(capsys: pytest.CaptureFixture[str]) -> None:
    begin("up", "json")
    logging.getLogger("loanwatch.engine").info("Starting.")
    line = capsys.readouterr().err.strip()
    for each in (line, "a native library said this", '{"not": "a record"}', ""):
        pass_on("worker", each)
    first, other, unlike = records(capsys.readouterr().err)
    assert first == json.loads(line)
    assert (other["process"], other["message"], other["level"]) == ("worker", "a native library said this", "WARNING")
    assert unlike["message"] == '{"not": "a record"}'


def test_an_unknown_format_is_named() -> None:
    done = command("runs", env={"LOANWATCH_LOG_FORMAT": "xml"})
    assert done.returncode == 2
    assert "LOANWATCH_LOG_FORMAT" in done.stderr


@pytest.mark.alone
@pytest.mark.thorough
def test_every_process_of_a_deployment_writes_json_and_nothing_personal(tmp_path: Path, small_book: Path) -> None:
    home, data = tmp_path / "home", Path(shutil.copytree(small_book, tmp_path / "data"))
    with (data / "features_attributes.csv").open("a") as extract:  # over 1% of rows that can't be read
        extract.writelines(
            f"CUS_{number},Ann Person,30,{100 + number}-45-6789,too,many,fields,x\n" for number in range(90)
        )
    given = {"data": str(data), "console_port": free_port(), "log_format": "json", "metrics_port": free_port()}
    site = Site(home, f"sqlite:///{home / 'loanwatch.db'}", given)
    process = site.begin("up")
    run_id = site.request()
    try:
        assert site.ended(run_id).error["type"] == "InputRejected"
        kinds = {"worker", "scheduler", "console"}
        until(lambda: {row["kind"] for row in site.told("health")["processes"]} == kinds, "all three")
    finally:
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=DEADLINE)
        site.close()
    found = records(text)
    assert {each["process"] for each in found} >= {"up", "worker", "scheduler", "console"}
    assert all({"time", "level", "logger", "message", "process"} <= each.keys() for each in found)
    assert any(each.get("run_id") == run_id and "failed" in each["message"] for each in found)
    assert {each["message"].strip() for each in found if each["logger"] == "loanwatch.output"} <= {"Stopping..."}
    assert not SSN.search(text)
    assert "Ann Person" not in text
    refused = site.process("worker", ray_address="10.0.0.9:6379")
    (record,) = records(refused.stderr)
    assert (record["level"], record["process"]) == ("ERROR", "worker")
    assert "can't share a SQLite ledger" in record["message"]
