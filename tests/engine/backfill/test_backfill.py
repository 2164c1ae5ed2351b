"""Backfill: later data changes nothing, two replays give the same, and a stopped replay resumes."""

import csv
import gzip
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.backfill.backfill import Replay, ReplayStopped, planned, refuse_beside_processes
from engine.backfill.strides import Stride
from engine.control.runs import checked_request, request
from engine.deployment import Deployment
from engine.documents.models import decisions_document
from engine.documents.runs import runs_document
from engine.documents.values import Document
from engine.errors import Refused
from engine.execution.call import Call
from engine.execution.executors import LocalExecutor
from engine.process.registry import ProcessRegistry
from storage.lake.names import MONITORING, MONITORING_COHORTS, MONITORING_FEATURES, PREDICTIONS
from storage.ledger.catalog import current_versions
from storage.ledger.leases import claim, finish
from storage.ledger.models import alias_rows, known_models
from storage.ledger.runs import run_row
from storage.settings import load_settings
from tests.commands import command
from tests.paths import LOANS

FIRST, SECOND, THIRD = date(2024, 6, 1), date(2024, 7, 1), date(2024, 8, 1)
DATES = (FIRST, SECOND, THIRD)
# PSI of some hundred loans is hardly ever this low, so that the gate asks at once, and then is silent for 45 days.
TOUCHY = {"psi_threshold": 0.05, "cooldown_days": 45}
RESULTS = (MONITORING, MONITORING_COHORTS, MONITORING_FEATURES, PREDICTIONS)
MATURES = timedelta(days=31 * 6)


class Past:
    """A home in which history is replayed, in this process."""

    def __init__(self, home: Path, data: Path, **settings: Any) -> None:
        self.deployment = Deployment.open(load_settings(home=home, retry_pause=0.0, **{**TOUCHY, **settings}))
        self.data = data
        self.rows: list[Document] = []

    def replay(self, dates: tuple[date, ...] = DATES, **given: Any) -> list[Document]:
        executor = given.pop("executor", None) or LocalExecutor()
        told = given.pop("told", lambda _: None)
        try:
            plan = planned(self.deployment, dates, str(self.data), **given)
            self.rows = list(Replay(self.deployment, plan, executor, told).rows())
        finally:
            executor.close()
        return self.rows

    def runs(self) -> list[Document]:
        """Every run, oldest first."""
        with self.deployment.ledger.reading() as connection:
            return runs_document(connection, 1000, None, None)[::-1]

    def history(self, until: date = THIRD) -> bytes:
        """What was decided up to a date, on what numbers, and the models of that time with their bytes' digests."""
        with self.deployment.ledger.reading() as connection:
            decisions = decisions_document(connection)
            models = [model for model in known_models(connection) if model.summary["as_of"] <= until.isoformat()]
            events = [(row.version, row.why) for row in alias_rows(connection)]
        names = ("monitoring_date", "status", "action", "reason", "numbers")
        told = {
            "decisions": [
                {name: one[name] for name in names} for one in decisions if one["monitoring_date"] <= until.isoformat()
            ],
            "models": [
                (model.version, model.summary, model.files["model"].sha256, model.files["encoders"].sha256)
                for model in models
            ],
            "champions": [event for event in events if event[0] in {model.version for model in models}],
        }
        return json.dumps(told, sort_keys=True, default=str).encode()

    def digests(self) -> dict[str, str]:
        """The digests of what is published of it all."""
        with self.deployment.ledger.reading() as connection:
            current = current_versions(connection)
        return {name: current[name].digest for name in RESULTS}


class Interrupting(LocalExecutor):
    """Is interrupted, as by Ctrl-C, when it is to carry out that task as of that date."""

    def __init__(self, task: str, day: date) -> None:
        super().__init__()
        self.task, self.day = task, day

    def submit(self, call: Call) -> int:
        if (call.task.name, call.job.as_of) == (self.task, self.day):
            raise KeyboardInterrupt
        return super().submit(call)


@pytest.fixture(scope="module")
def past(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """A replay of three dates, not to be changed."""
    made = Past(tmp_path_factory.mktemp("past"), sample_data)
    made.replay()
    yield made
    made.deployment.ledger.close()


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Callable[..., Past]]:
    """Opens homes of a test's own."""
    opened: list[Past] = []

    def make(data: Path, **settings: Any) -> Past:
        opened.append(Past(tmp_path / f"home {len(opened)}", data, **settings))
        return opened[-1]

    yield make
    for each in opened:
        each.deployment.ledger.close()


def rows_of(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """(column names, rows) of an extract, packed or not."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), list(reader)


def day_in(row: Mapping[str, str], column: str) -> date:
    day, month, year = row[column].split("/")
    return date(int(year), int(month), int(day))


def with_another_future(data: Path, folder: Path, day: date) -> Path:
    """The same extracts, but for what was not known on that day: every outcome that matured later is the opposite.

    So are those of its installments that were reported by then; and whoever took a loan later is a child.
    """
    shutil.copytree(data, folder)
    (ledger,) = folder.glob("lms_loan_daily.csv*")
    (people,) = folder.glob("features_attributes.csv*")
    for path in (ledger, people):
        names, rows = rows_of(path)
        for row in rows:
            if path == people:
                row["Age"] = "9" if day_in(row, "snapshot_date") > day else row["Age"]
            elif (
                day_in(row, "loan_start_date") + MATURES > day + timedelta(days=5) and int(row["installment_num"]) >= 3
            ):
                row["overdue_amt"] = "0" if float(row["overdue_amt"]) else "1000"
        path.unlink()
        with path.with_name(path.name.removesuffix(".gz")).open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    return folder


def test_each_date_is_trained_scored_monitored_and_decided_as_of_itself(past: Past) -> None:
    rows = past.rows
    assert [row["date"] for row in rows] == [day.isoformat() for day in DATES]
    assert [row["action"] for row in rows] == ["none", "requested", "suppressed"]
    steps = [(run["pipeline"], run["as_of"], run["cause"], run["state"]) for run in past.runs()]
    expected = [("training", FIRST, "replay")]
    for day in DATES:
        expected += [("inference", day, "replay"), ("monitoring", day, "replay")]
        expected += [("training", day, "governance")] if day == SECOND else []
    assert steps == [(pipeline, day.isoformat(), cause, "succeeded") for pipeline, day, cause in expected]
    (first,), (second,), third = (row["trainings"] for row in rows)
    assert (first["asked_by"], first["version"], first["promoted"]) == ("first", "20240601_000000", True)
    assert (second["asked_by"], second["version"]) == ("gate", "20240701_000000")
    assert third == []
    assert [row["model_version"] for row in rows[:2]] == ["20240601_000000"] * 2
    assert all(0 < row["auc_low"] < row["auc"] < row["auc_high"] < 1 and row["labelled"] > 50 for row in rows)


@pytest.mark.parametrize("book", ["sample", pytest.param("real", marks=pytest.mark.thorough)])
def test_what_was_not_known_then_changes_nothing(
    past: Past, another: Callable[..., Past], tmp_path: Path, book: str
) -> None:
    true, dates, known = past, DATES, SECOND
    if book == "real":
        if not LOANS.is_dir():
            pytest.skip("the real extracts are not here")
        dates, known = (date(2024, 1, 1), date(2024, 3, 1)), date(2024, 1, 1)
        true = another(LOANS)
        true.replay(dates)
    other = another(with_another_future(true.data, tmp_path / "other", known))
    other.replay(dates)
    assert len(json.loads(true.history(known))["decisions"]) == dates.index(known) + 1
    assert other.history(known) == true.history(known)
    # It would have shown: once it was known, it changed what was decided.
    assert other.history(dates[-1]) != true.history(dates[-1])


@pytest.mark.thorough
def test_a_replay_that_was_stopped_again_and_again_tells_the_same_history_in_the_end(
    past: Past, another: Callable[..., Past]
) -> None:
    stopped = another(past.data)
    with pytest.raises(ReplayStopped, match=f"stopped at {SECOND}.*was cancelled.*Repeat the command") as end:
        stopped.replay(executor=Interrupting("train_evaluate_select_model", SECOND))
    assert (end.value.state, end.value.exit_code) == ("cancelled", 4)

    def leave(step: str) -> None:
        if step == f"{THIRD} inference":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.replay(told=leave)
    assert [run["state"] for run in stopped.runs()][-1] == "queued"
    rows = stopped.replay()
    assert stopped.history() == past.history()
    assert stopped.digests() == past.digests()
    assert [run["state"] for run in stopped.runs()].count("cancelled") == 1
    before = len(stopped.runs())
    assert stopped.replay() == rows
    assert len(stopped.runs()) == before


def test_dates_before_the_first_model_are_passed_over_and_the_calendar_trains_later_ones(
    another: Callable[..., Past], sample_data: Path
) -> None:
    early = another(sample_data, psi_threshold=9, auc_threshold=0.4)
    dates, monthly = (date(2023, 5, 1), date(2024, 2, 1), date(2024, 3, 1)), Stride(1, "month")
    rows = early.replay(dates, train_every=monthly)
    assert (rows[0]["status"], rows[0]["auc"], rows[1]["model_version"]) == ("no model", None, "20240201_000000")
    assert "No loan's outcome is known on 2023-05-01" in rows[0]["reason"]
    trained = [[(one["asked_by"], one["version"]) for one in row["trainings"]] for row in rows]
    assert trained == [[("first", None)], [("first", "20240201_000000")], [("calendar", "20240301_000000")]]
    before = len(early.runs())
    assert early.replay(dates, train_every=monthly) == rows
    assert len(early.runs()) == before


def test_a_replay_without_any_model_ends_with_the_reason(another: Callable[..., Past], sample_data: Path) -> None:
    with pytest.raises(ReplayStopped, match="No loan's outcome is known on 2023-05-01") as end:
        another(sample_data).replay((date(2023, 5, 1),))
    assert end.value.exit_code == 1


def ended_run(deployment: Deployment, pipeline: str, day: date) -> str:
    """A run that a person asked for, and that went well without making anything."""
    ledger = deployment.ledger
    run_id = request(deployment, checked_request(deployment, pipeline, day))
    with ledger.writing() as connection:
        lease = claim(connection, run_id, "test", ledger.clock())
        assert lease is not None
        finish(connection, lease, "succeeded", None, ledger.clock())
    return run_id


def test_a_home_whose_history_goes_further_is_refused(another: Callable[..., Past], sample_data: Path) -> None:
    lived_in = another(sample_data)
    real = ended_run(lived_in.deployment, "training", date(2025, 12, 1))
    with pytest.raises(Refused, match=f"2024-06-01 can't be replayed.*2025-12-01 \\({real}\\).*--home") as refused:
        lived_in.replay()
    assert refused.value.exit_code == 5
    assert len(lived_in.runs()) == 1


def test_other_extracts_or_settings_are_not_passed_off_as_done(past: Past, small_book: Path) -> None:
    home = past.deployment.settings.home
    with pytest.raises(Refused, match="replayed here before on other extracts, settings"):
        Past(home, small_book).replay()
    with pytest.raises(Refused, match="use the same ones, or replay into a home of its own"):
        Past(home, past.data, auc_threshold=0.6).replay()


@pytest.mark.parametrize("kind", ["worker", "scheduler"])
def test_a_replay_is_refused_while_others_work(another: Callable[..., Past], sample_data: Path, kind: str) -> None:
    deployment = another(sample_data).deployment
    refuse_beside_processes(deployment)
    presence = ProcessRegistry(deployment, kind)
    presence.register({})
    with pytest.raises(Refused, match=f"a {kind} is running") as refused:
        refuse_beside_processes(deployment)
    assert refused.value.exit_code == 5


def test_a_run_of_another_in_between_is_not_taken_for_its_own(another: Callable[..., Past], sample_data: Path) -> None:
    shared = another(sample_data)
    theirs = request(shared.deployment, checked_request(shared.deployment, "training", date(2024, 1, 1)))
    with pytest.raises(Exception, match=theirs) as refused:
        shared.replay()
    assert getattr(refused.value, "exit_code", None) == 5
    with shared.deployment.ledger.reading() as connection:
        assert run_row(connection, theirs).state == "queued"


def replay_command(past: Past, *words: str) -> subprocess.CompletedProcess[str]:
    settings = {f"LOANWATCH_{name.upper()}": str(value) for name, value in TOUCHY.items()}
    span = ["--from", "2024-06-01", "--to", "2024-08-31", "--data", str(past.data)]
    return command("replay", *span, "--home", str(past.deployment.settings.home), *words, env=settings)


def test_the_command_tells_a_row_for_each_date(past: Past) -> None:
    done = replay_command(past, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"], told["error"]) == (0, "succeeded", None)
    assert told["rows"] == past.rows
    done = replay_command(past)
    assert done.returncode == 0, done.stderr
    heading, *lines, end = done.stdout.splitlines()
    assert heading.split()[:3] == ["date", "n", "AUC"]
    assert [line.split()[0] for line in lines] == [day.isoformat() for day in DATES]
    assert "gate training: 20240701_000000" in lines[1]
    assert lines[2].endswith("no retraining within the cooldown")
    assert end.startswith("3 dates, ")
    assert "\x1b[" not in done.stdout


def test_the_command_refuses_what_can_not_be_honest(past: Past) -> None:
    done = replay_command(past, "--every", "week", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"]) == (5, 5)
    assert "2024-06-08 can't be replayed in this home" in told["error"]
