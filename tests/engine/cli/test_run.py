"""What runs leave behind and what the commands tell of it, after real runs on real Ray."""

import gzip
import json
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from tests.commands import command, own_process
from tests.engine.cli.on_ray import OnRay, copied

pytestmark = pytest.mark.group("ray")


def test_run_prints_one_json_document_with_what_the_design_names(engine: OnRay, home: Path, small_book: Path) -> None:
    told = engine.document("run", "training", "--data", str(small_book), home=home)
    assert set(told) == {"run_id", "pipeline", "state", "as_of", "duration_s", "error", "tasks", "outputs"}
    assert (told["pipeline"], told["state"], told["error"]) == ("training", "succeeded", None)
    assert len(told["tasks"]) == 12
    assert {"name", "state", "attempts", "rows_in", "rows_out", "duration_s"} <= set(told["tasks"][0])
    # The files are those of the home's first run, so nothing runs, and no second model comes of it.
    assert {task["state"] for task in told["tasks"]} == {"cached"}
    assert len(engine.document("models", home=home)) == 1


def test_a_run_without_a_worker_says_that_it_does_not_use_the_cluster(home: Path, small_book: Path) -> None:
    """Nothing runs, because the files are those of the home's first run; so there need not be a cluster."""
    words = ("run", "training", "--data", str(small_book), "--home", str(home))
    told = "No worker runs, so the run uses this machine and not the Ray cluster at head:6379."
    done = command(*words, env={"LOANWATCH_RAY_ADDRESS": "head:6379"})
    assert (done.returncode, done.stdout.count(told)) == (0, 1), done.stdout + done.stderr
    assert "Ray cluster" not in command(*words).stdout


@pytest.mark.thorough
def test_a_process_of_its_own_starts_a_ray_of_its_own(small_book: Path, tmp_path: Path) -> None:
    done = own_process("run", "training", "--data", str(small_book), "--home", str(tmp_path / "home"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "store_best_model" in done.stdout
    assert "\x1b[" not in done.stdout  # plain lines when not on a terminal


@pytest.mark.thorough
def test_a_gzipped_folder_of_parts_is_the_same_dataset(
    engine: OnRay, home: Path, small_book: Path, tmp_path: Path
) -> None:
    data = copied(small_book, tmp_path / "data")
    (data / "lms_loan_daily.csv").unlink()
    header, *rows = (small_book / "lms_loan_daily.csv").read_text().splitlines(keepends=True)
    parts = data / "lms_loan_daily"
    parts.mkdir()
    half = len(rows) // 2
    for number, some in enumerate((rows[:half], rows[half:])):
        with gzip.open(parts / f"part {number}.csv.gz", "wt", encoding="utf-8") as stream:
            stream.writelines([header, *some])
    told = engine.document("run", "training", "--data", str(data), home=tmp_path / "home")
    ingest = next(task for task in told["tasks"] if task["name"] == "ingest_lms_loan_daily")
    assert (ingest["parts"], ingest["rows_out"]) == ([2, 2], len(rows))
    before = {row["table"]: row["digest"] for row in engine.document("tables", home=home)}
    after = {row["table"]: row["digest"] for row in engine.document("tables", home=tmp_path / "home")}
    assert after["gold.model_training_data"] == before["gold.model_training_data"]
    loans = tmp_path / "home" / "datamart" / "bronze" / "LMS_loans.parquet"
    assert len(pd.read_parquet(loans)) == pl.read_parquet(loans).height == len(rows)
    counted = duckdb.sql(f"select count(*) from '{loans}'").fetchall()  # noqa: S608 - a path of this test
    assert counted == [(len(rows),)]


def test_models_are_listed_with_candidates_and_intervals(engine: OnRay, home: Path) -> None:
    (model,) = engine.document("models", home=home)
    assert {"version", "model_name", "aliases", "created_at", "run_id", "candidates"} <= set(model)
    assert model["aliases"] == ["champion"]
    assert set(model["candidates"]) == {"LogisticRegression", "RandomForestClassifier", "GradientBoostingClassifier"}
    best = model["candidates"][model["model_name"]]
    assert {"train_auc", "test_auc", "auc_low", "auc_high", "precision", "recall", "f1"} < set(best)
    assert best["auc_low"] < best["test_auc"] < best["auc_high"]
    assert best["out_of_fold_auc"] == max(one["out_of_fold_auc"] for one in model["candidates"].values())


def test_metrics_has_a_row_for_the_monitoring_date_and_the_dashboard_is_a_picture(engine: OnRay, home: Path) -> None:
    (row,) = engine.document("metrics", home=home)
    assert {"monitoring_date", "auc", "precision", "recall", "f1", "psi"} <= set(row)
    picture = home / "reports" / f"monitoring_dashboard_{row['monitoring_date'].replace('-', '')}.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "path", ["bronze/LMS_loans", "silver/clickstream", "gold/model_predictions", "gold/model_monitoring"]
)
def test_published_paths_are_plain_parquet_for_every_reader(engine: OnRay, home: Path, path: str) -> None:
    file = home / "datamart" / f"{path}.parquet"
    rows = len(pd.read_parquet(file))
    assert rows > 0
    assert pl.read_parquet(file).height == rows
    assert duckdb.sql(f"select count(*) from '{file}'").fetchall() == [(rows,)]  # noqa: S608 - a path of this test


def test_a_run_can_be_looked_at(engine: OnRay, home: Path) -> None:
    listed = engine.document("runs", "--pipeline", "inference", home=home)
    run_id = listed[-1]["run_id"]
    shown = engine.document("show", run_id, home=home)
    assert shown["cause"] == "manual"
    assert [attempt["state"] for attempt in shown["attempts"]] == ["succeeded"] * 8
    log = engine.document("logs", run_id, "make_predictions", home=home)
    assert any("scored" in line["message"] for line in log["lines"])
    assert log["left_out"] == 0
    text = engine("show", run_id, home=home)
    assert "make_predictions" in text.stdout
    assert engine("logs", run_id, "nothing", home=home).returncode == 2


def test_doctor_finds_a_damaged_table_and_says_what_to_do(engine: OnRay, home: Path, tmp_path: Path) -> None:
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


def test_a_run_of_an_active_pipeline_is_refused(engine: OnRay, small_book: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    waiting = engine.document("run", "training", "--data", str(small_book), "--detach", home=home)
    assert waiting["state"] == "queued"
    done = engine("run", "training", "--as-of", "2024-06-01", "--json", home=home)
    assert done.returncode == 5
    assert waiting["run_id"] in json.loads(done.stdout)["error"]
    assert engine("cancel", waiting["run_id"], home=home).returncode == 0
    assert engine("cancel", waiting["run_id"], home=home).returncode == 5


def test_a_run_is_resumed_without_waiting_for_it(engine: OnRay, small_book: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = engine.document("run", "training", "--data", str(small_book), "--detach", home=home)["run_id"]
    assert engine("cancel", first, home=home).returncode == 0
    child = engine.document("resume", first, "--detach", home=home)
    assert (child["state"], child["pipeline"]) == ("queued", "training")
    assert engine.document("show", child["run_id"], home=home)["parent_run_id"] == first


@pytest.mark.thorough
def test_a_damaged_history_goes_on_from_the_version_before(engine: OnRay, home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home, copy, symlinks=True)
    assert engine("run", "monitoring", "--force", home=copy).returncode == 0
    file = (copy / "datamart" / "gold" / "model_monitoring.parquet").resolve()
    file.write_bytes(file.read_bytes()[:-8])
    told = engine.document("run", "monitoring", "--as-of", "2030-01-01", home=copy)
    assert told["state"] == "succeeded"
    assert len(engine.document("metrics", home=copy)) == 2
