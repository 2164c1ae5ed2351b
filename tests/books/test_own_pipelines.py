"""A pipeline that a lender declares in the book's file: commands, schedule and console know it like the others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.execution.executors import LocalExecutor
from engine.scheduling.scheduler import timetables
from engine.scheduling.slots import process_due_slots
from storage.ledger.runs import run_row
from tests.books.extension import copied, with_book, written
from tests.commands import command, document
from tests.console.pages import Opened, words
from tests.engine.cli.on_ray import OnRay

REPORTING = """\
def bad_rates(job):
    rows = job.read("gold.model_training_data", ["Occupation", "label"])
    rates = rows.group_by("Occupation").aggregate([("label", "mean"), ("label", "count")]).sort_by("Occupation")
    return TaskResult(rows.num_rows, rates.num_rows, tables=(job.write("gold.bad_rates", [rates]),))

def rate_list(job):
    rows = job.read("gold.bad_rates").to_pylist()
    text = "".join(f"{row['Occupation']},{row['label_mean']:.3f}\\n" for row in rows)
    return TaskResult(len(rows), len(rows), reports=(job.reports.write("bad_rates.csv", text.encode()),))

PIPELINES = (
    Pipeline(
        "reporting",
        (
            Task("bad_rates", "book:bad_rates", reads=("gold.model_training_data",), writes=("gold.bad_rates",)),
            Task("rate_list", "book:rate_list", upstream=("bad_rates",), reads=("gold.bad_rates",)),
        ),
        schedule="monday 06:00",
    ),
)
"""
SUNDAY = datetime(2026, 3, 8, 12, tzinfo=UTC)


@pytest.fixture
def book_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The book file, which the commands and pages of the test use."""
    file = written(tmp_path / "reporting.py", REPORTING)
    monkeypatch.setenv("LOANWATCH_BOOK", str(file))
    return file


@pytest.fixture
def home(trained_home: Path, tmp_path: Path) -> Path:
    """A home that was trained with the default book."""
    return copied(trained_home, tmp_path / "home")


@pytest.mark.thorough
def test_a_pipeline_of_the_book_runs_and_is_shown(home: Path, book_file: Path, opened: Opened) -> None:
    done = OnRay(LocalExecutor()).document("run", "reporting", home=home)
    assert [(task["name"], task["state"]) for task in done["tasks"]] == [
        ("bad_rates", "succeeded"),
        ("rate_list", "succeeded"),
    ]
    made = with_book(home, book_file)
    gold = made.table("gold.model_training_data").to_pylist()
    labels = [row["label"] for row in gold if row["Occupation"] == "Writer"]
    (rate,) = (row for row in made.table("gold.bad_rates").to_pylist() if row["Occupation"] == "Writer")
    assert (rate["label_mean"], rate["label_count"]) == (sum(labels) / len(labels), len(labels))
    assert f"Writer,{rate['label_mean']:.3f}\n" in (home / "reports" / "bad_rates.csv").read_text()
    made.close()
    for page in ("overview", "runs"):
        app = opened(home, page)
        assert "Run reporting" in [button.label for button in app.button], page
        assert "reporting" in words(app)
    assert "rate_list" in words(opened(home, "run", run_id=done["run_id"]))
    assert "bad_rates" in set(opened(home, "data", view="Tables").dataframe[0].value["Table"])


def test_before_a_training_it_says_what_to_run(tmp_path: Path, book_file: Path) -> None:
    failed = OnRay(LocalExecutor())("run", "reporting", home=tmp_path / "home")
    assert failed.returncode == 1
    assert "There is no gold.model_training_data yet for bad_rates" in failed.stdout + failed.stderr
    assert "Traceback" not in failed.stdout + failed.stderr


def test_its_schedule_is_listed_requested_paused_and_resumed(tmp_path: Path, book_file: Path, opened: Opened) -> None:
    home = tmp_path / "home"
    words_of_home = ("--home", str(home))
    assert command("migrate", *words_of_home).returncode == 0
    listed = {each["pipeline"]: each for each in document("schedule", *words_of_home)["pipelines"]}
    assert list(listed) == ["training", "inference", "monitoring", "reporting"]
    assert listed["reporting"]["timing"] == "monday 06:00"
    assert listed["reporting"]["next"].startswith("Mon ")
    made = with_book(home, book_file)
    (table,) = (table for table in timetables(made.deployment) if table.pipeline == "reporting")
    assert process_due_slots(made.deployment, table, SUNDAY) is None
    outcome = process_due_slots(made.deployment, table, SUNDAY + timedelta(days=1))
    assert outcome is not None
    assert outcome.run_id is not None
    with made.deployment.ledger.reading() as connection:
        run = run_row(connection, outcome.run_id)
    assert (run.pipeline, run.state, run.cause, run.slot) == (
        "reporting",
        "queued",
        "schedule",
        "reporting@2026-03-09T06:00",
    )
    made.close()
    app = opened(home, "schedule")
    (strip,) = (each.proto.body for each in app.get("html") if 'role="table"' in each.proto.body)
    assert 'rowheader">reporting' in strip
    assert app.button(key="pause-reporting").label == "Pause schedule"
    assert command("pause", "reporting", "--reason", "holidays", *words_of_home).returncode == 0
    assert "holidays" in words(app.run())
    assert command("resume", "reporting", *words_of_home).returncode == 0
    assert "holidays" not in words(app.run())


def test_without_a_schedule_the_console_says_where_it_is_declared(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path / "unscheduled.py", REPORTING.replace('schedule="monday 06:00"', 'schedule="off"'))
    monkeypatch.setenv("LOANWATCH_BOOK", str(file))
    assert command("migrate", "--home", str(tmp_path / "home")).returncode == 0
    told = words(opened(tmp_path / "home", "schedule"))
    assert "in the book to schedule it" in told
    assert "LOANWATCH_SCHEDULE_REPORTING" not in told


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('"reporting",', '"training",', "Pipeline training: the name is already taken"),
        ('"book:rate_list"', '"book:rates"', "there is no function rates, which a task names as book:rates"),
        ('writes=("gold.bad_rates",)', 'writes=("rates",)', "'rates' of task bad_rates can't be the name of a table"),
        ('upstream=("bad_rates",)', 'settings=("auc",)', "there is no setting 'auc', as task rate_list reads"),
        ('upstream=("bad_rates",)', 'extracts=("bureau",)', "names the dataset 'bureau'; the book has"),
        ('upstream=("bad_rates",)', 'upstream=("rates",)', "upstream task 'rates' of rate_list does not exist"),
        ('"monday 06:00"', '"mondays"', "'mondays' is no timing"),
    ],
)
def test_a_pipeline_that_can_not_run_is_refused_in_one_sentence(
    before: str, after: str, complaint: str, tmp_path: Path
) -> None:
    assert before in REPORTING
    file = written(tmp_path / "reporting.py", REPORTING.replace(before, after).replace('reads=("gold.bad_rates",)', ""))
    done = command("run", "reporting", "--home", str(tmp_path / "home"), env={"LOANWATCH_BOOK": str(file)})
    assert done.returncode == 3
    said = " ".join((done.stdout + done.stderr).split())
    assert complaint in said
    assert "Traceback" not in said
