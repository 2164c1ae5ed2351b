"""The command line as people use it: real processes, real Ray, exit codes, sentences and JSON."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from jobs.sample.write import SampleSpec, write_sample
from tests.paths import ROOT

CUSTOMERS = 600


def command(*words: str, home: Path) -> list[str]:
    return [sys.executable, "-m", "engine", *words, "--home", str(home)]


def engine(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words, home=home), cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )


def document(*words: str, home: Path) -> Any:
    done = engine(*words, "--json", home=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extracts")
    write_sample(folder, SampleSpec(CUSTOMERS, 11))
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, extracts: Path) -> Path:
    """A home in which the three pipelines were run."""
    folder = tmp_path_factory.mktemp("home")
    for words in (("training", "--data", str(extracts)), ("inference",), ("monitoring",)):
        done = engine("run", *words, home=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "\x1b[" not in done.stdout  # plain lines when not on a terminal
    return folder


def copied(extracts: Path, folder: Path) -> Path:
    folder.mkdir()
    for file in extracts.iterdir():
        (folder / file.name).symlink_to(file)
    return folder


def replaced(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.unlink()
    file.write_text(text, encoding="utf-8")
    return file


def test_run_prints_one_json_document_with_what_the_design_names(home: Path, extracts: Path) -> None:
    told = document("run", "training", "--data", str(extracts), home=home)
    assert set(told) == {"run_id", "pipeline", "state", "as_of", "duration_s", "error", "tasks", "outputs"}
    assert (told["pipeline"], told["state"], told["error"]) == ("training", "succeeded", None)
    assert len(told["tasks"]) == 12
    assert {"name", "state", "attempts", "rows_in", "rows_out", "duration_s"} <= set(told["tasks"][0])
    # The files are those of the home's first run, so nothing runs, and no second model comes of it.
    assert {task["state"] for task in told["tasks"]} == {"cached"}
    assert len(document("models", home=home)) == 1


def test_a_gzipped_folder_of_parts_is_the_same_dataset(home: Path, extracts: Path, tmp_path: Path) -> None:
    data = copied(extracts, tmp_path / "data")
    (data / "lms_loan_daily.csv").unlink()
    header, *rows = (extracts / "lms_loan_daily.csv").read_text().splitlines(keepends=True)
    parts = data / "lms_loan_daily"
    parts.mkdir()
    half = len(rows) // 2
    for number, some in enumerate((rows[:half], rows[half:])):
        with gzip.open(parts / f"part {number}.csv.gz", "wt", encoding="utf-8") as stream:
            stream.writelines([header, *some])
    told = document("run", "training", "--data", str(data), home=tmp_path / "home")
    ingest = next(task for task in told["tasks"] if task["name"] == "ingest_lms_loan_daily")
    assert (ingest["parts"], ingest["rows_out"]) == ([2, 2], len(rows))
    before = {row["table"]: row["digest"] for row in document("tables", home=home)}
    after = {row["table"]: row["digest"] for row in document("tables", home=tmp_path / "home")}
    assert after["gold.model_training_data"] == before["gold.model_training_data"]
    loans = tmp_path / "home" / "datamart" / "bronze" / "LMS_loans.parquet"
    assert len(pd.read_parquet(loans)) == pl.read_parquet(loans).height == len(rows)
    counted = duckdb.sql(f"select count(*) from '{loans}'").fetchall()  # noqa: S608 - a path of this test
    assert counted == [(len(rows),)]


def test_models_are_listed_with_candidates_and_intervals(home: Path) -> None:
    (model,) = document("models", home=home)
    assert {"version", "model_name", "aliases", "created_at", "run_id", "candidates"} <= set(model)
    assert model["aliases"] == ["champion"]
    assert set(model["candidates"]) == {"LogisticRegression", "RandomForestClassifier", "GradientBoostingClassifier"}
    best = model["candidates"][model["model_name"]]
    assert set(best) == {"train_auc", "test_auc", "auc_low", "auc_high", "precision", "recall", "f1"}
    assert best["auc_low"] < best["test_auc"] < best["auc_high"]
    assert best["test_auc"] == max(candidate["test_auc"] for candidate in model["candidates"].values())


def test_metrics_has_a_row_for_the_monitoring_date_and_the_dashboard_is_a_picture(home: Path) -> None:
    (row,) = document("metrics", home=home)
    assert {"monitoring_date", "auc", "precision", "recall", "f1", "psi"} <= set(row)
    picture = home / "reports" / f"monitoring_dashboard_{row['monitoring_date'].replace('-', '')}.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "path", ["bronze/LMS_loans", "silver/clickstream", "gold/model_predictions", "gold/model_monitoring"]
)
def test_published_paths_are_plain_parquet_for_every_reader(home: Path, path: str) -> None:
    file = home / "datamart" / f"{path}.parquet"
    rows = len(pd.read_parquet(file))
    assert rows > 0
    assert pl.read_parquet(file).height == rows
    assert duckdb.sql(f"select count(*) from '{file}'").fetchall() == [(rows,)]  # noqa: S608 - a path of this test


def test_a_run_can_be_looked_at(home: Path) -> None:
    listed = document("runs", "--pipeline", "inference", home=home)
    run_id = listed[-1]["run_id"]
    shown = document("show", run_id, home=home)
    assert shown["cause"] == "manual"
    assert [attempt["state"] for attempt in shown["attempts"]] == ["succeeded"] * 8
    lines = document("logs", run_id, "make_predictions", home=home)
    assert any("scored" in line["message"] for line in lines)
    text = engine("show", run_id, home=home)
    assert "make_predictions" in text.stdout
    assert engine("logs", run_id, "nothing", home=home).returncode == 2


def test_doctor_finds_a_damaged_table_and_says_what_to_do(home: Path, tmp_path: Path) -> None:
    assert engine("doctor", home=home).returncode == 0
    file = (home / "datamart" / "gold" / "model_predictions.parquet").resolve()
    whole = file.read_bytes()
    file.write_bytes(whole[:-8])
    found = engine("doctor", "--json", home=home)
    file.write_bytes(whole)
    assert found.returncode == 1
    (problem,) = [finding for finding in json.loads(found.stdout) if finding["level"] == "problem"]
    assert str(file) in problem["message"]
    assert "run the pipeline again" in problem["message"]


def test_doctor_creates_nothing_without_fix(tmp_path: Path) -> None:
    told = engine("doctor", "--json", home=tmp_path / "home")
    (finding,) = json.loads(told.stdout)
    assert (told.returncode, finding["check"], finding["level"]) == (0, "ledger", "warning")
    assert "loanwatch.db does not exist yet" in finding["message"]
    assert "`doctor --fix`, creates it" in finding["message"]
    assert list(tmp_path.iterdir()) == []
    assert engine("doctor", "--fix", home=tmp_path / "home").returncode == 0
    assert (tmp_path / "home" / "loanwatch.db").exists()


def test_a_missing_column_is_rejected_with_its_name(extracts: Path, tmp_path: Path) -> None:
    data = copied(extracts, tmp_path / "data")
    text = (extracts / "features_attributes.csv").read_text()
    replaced(data, "features_attributes.csv", text.replace("Occupation", "Job", 1))
    done = engine("run", "training", "--data", str(data), "--json", home=tmp_path / "home")
    told = json.loads(done.stdout)
    assert done.returncode == 3
    assert told["state"] == "failed"
    assert "features_attributes.csv, line 1" in told["error"]
    assert "Occupation" in told["error"]
    states = {task["name"]: task["state"] for task in told["tasks"]}
    assert states["ingest_features_attributes"] == "failed"
    assert states["clean_clickstream"] == "succeeded"
    assert states["store_best_model"] == "upstream_failed"
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("content", ["", "header"])
def test_an_empty_extract_is_rejected(extracts: Path, tmp_path: Path, content: str) -> None:
    data = copied(extracts, tmp_path / "data")
    header = (extracts / "lms_loan_daily.csv").read_text().splitlines(keepends=True)[0]
    replaced(data, "lms_loan_daily.csv", header if content else "")
    done = engine("run", "training", "--data", str(data), home=tmp_path / "home")
    assert done.returncode == 3
    assert "lms_loan_daily.csv" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_extract_is_rejected_before_ray_starts(extracts: Path, tmp_path: Path) -> None:
    done = engine("run", "training", "--data", str(tmp_path), "--json", home=tmp_path / "home")
    assert done.returncode == 3
    assert "feature_clickstream.csv is missing" in json.loads(done.stdout)["error"]


def test_ragged_rows_are_set_aside_and_rows_add_up(extracts: Path, tmp_path: Path) -> None:
    data = copied(extracts, tmp_path / "data")
    lines = (extracts / "lms_loan_daily.csv").read_text().splitlines(keepends=True)
    lines[4] = lines[4].rstrip("\n") + ",surplus\n"
    lines[9] = lines[9].partition(",")[2]
    replaced(data, "lms_loan_daily.csv", "".join(lines))
    told = document("run", "training", "--data", str(data), home=tmp_path / "home")
    ingest = next(task for task in told["tasks"] if task["name"] == "ingest_lms_loan_daily")
    assert (ingest["rows_in"], ingest["rows_out"]) == (len(lines) - 1, len(lines) - 3)
    aside = pd.read_parquet(tmp_path / "home" / "datamart" / "quarantine" / "lms_loan_daily.parquet")
    assert aside["line"].tolist() == [5, 10]
    assert aside["reason"].tolist() == ["12 instead of 11 fields", "10 instead of 11 fields"]
    accounting = document("show", told["run_id"], home=tmp_path / "home")["accounting"]["ingest_lms_loan_daily"]
    assert accounting["read"] == accounting["stored"] + accounting["quarantined"]


def test_a_run_of_an_active_pipeline_is_refused(extracts: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    waiting = document("run", "training", "--data", str(extracts), "--detach", home=home)
    assert waiting["state"] == "queued"
    done = engine("run", "training", "--as-of", "2024-06-01", "--json", home=home)
    assert done.returncode == 5
    assert waiting["run_id"] in json.loads(done.stdout)["error"]
    assert engine("cancel", waiting["run_id"], home=home).returncode == 0
    assert engine("cancel", waiting["run_id"], home=home).returncode == 5


def test_a_run_is_resumed_without_waiting_for_it(extracts: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = document("run", "training", "--data", str(extracts), "--detach", home=home)["run_id"]
    assert engine("cancel", first, home=home).returncode == 0
    child = document("resume", first, "--detach", home=home)
    assert (child["state"], child["pipeline"]) == ("queued", "training")
    assert document("show", child["run_id"], home=home)["parent_run_id"] == first


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
    done = engine(*words, home=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_cancels_the_run_and_nothing_of_ray_is_left(extracts: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = command("run", "training", "--data", str(extracts), home=home)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
    with subprocess.Popen(words, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
        for line in process.stdout:
            if line.startswith("clean_"):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(60) == 4, rest
    (run,) = document("runs", home=home)
    assert run["state"] == "cancelled"
    assert document("tables", home=home) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_json_stays_json_when_parts_are_killed(tmp_path: Path) -> None:
    write_sample(tmp_path / "data", SampleSpec(3, 1))  # too few loans to learn from: all three fits fail at once
    done = engine("run", "training", "--data", str(tmp_path / "data"), "--json", home=tmp_path / "home")
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"]) == (1, "failed")
    assert "nothing to learn from" in told["error"] or "No loan's outcome" in told["error"]


@pytest.mark.parametrize("words", [("run", "[/x]"), ("show", "[/bold]"), ("run", "training", "--as-of", "[red]")])
def test_brackets_are_not_markup(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = engine(*words, home=tmp_path)
    assert done.returncode == 2
    assert words[-1] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_history_goes_on_from_the_version_before(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home, copy, symlinks=True)
    assert engine("run", "monitoring", "--force", home=copy).returncode == 0
    file = (copy / "datamart" / "gold" / "model_monitoring.parquet").resolve()
    file.write_bytes(file.read_bytes()[:-8])
    told = document("run", "monitoring", "--as-of", "2030-01-01", home=copy)
    assert told["state"] == "succeeded"
    assert len(document("metrics", home=copy)) == 2


def test_sample_is_made_once_and_never_over_other_extracts(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    done = engine_sample("sample", str(folder), "--customers", "50", "--seed", "3", "--json")
    assert json.loads(done.stdout)["rows"]["features_attributes"] == 50
    again = engine_sample("sample", str(folder), "--customers", "50", "--seed", "3")
    assert again.returncode == 2
    assert "already holds" in again.stderr


def engine_sample(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engine", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
