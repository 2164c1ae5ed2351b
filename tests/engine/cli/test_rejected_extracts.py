"""Extracts that a run rejects, or of which it sets rows aside."""

import json
import os
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from tests.engine.cli.on_ray import OnRay, copied
from tests.marks import others_thorough

pytestmark = pytest.mark.group("ray")


def test_a_missing_column_is_rejected_with_its_name(engine: OnRay, small_book: Path, tmp_path: Path) -> None:
    data = copied(small_book, tmp_path / "data")
    text = (small_book / "features_attributes.csv").read_text()
    (data / "features_attributes.csv").write_text(text.replace("Occupation", "Job", 1), encoding="utf-8")
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


@pytest.mark.parametrize("content", others_thorough(["", "header"]))
def test_an_empty_extract_is_rejected(engine: OnRay, small_book: Path, tmp_path: Path, content: str) -> None:
    data = copied(small_book, tmp_path / "data")
    header = (small_book / "lms_loan_daily.csv").read_text().splitlines(keepends=True)[0]
    (data / "lms_loan_daily.csv").write_text(header if content else "", encoding="utf-8")
    done = engine("run", "training", "--data", str(data), home=tmp_path / "home")
    assert done.returncode == 3
    assert "lms_loan_daily.csv" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_extract_is_rejected_before_ray_starts(engine: OnRay, small_book: Path, tmp_path: Path) -> None:
    done = engine("run", "training", "--data", str(tmp_path), "--json", home=tmp_path / "home")
    assert done.returncode == 3
    assert "feature_clickstream.csv is missing" in json.loads(done.stdout)["error"]


@pytest.mark.thorough
def test_no_personal_data_of_a_run_that_fails_are_in_the_files_of_ray(
    engine: OnRay, small_book: Path, tmp_path: Path
) -> None:
    data = copied(small_book, tmp_path / "data")
    with (data / "features_attributes.csv").open("a", encoding="utf-8") as file:
        file.writelines(f'bad{number},"Canary Quillfeather,40,987-65-4320,Lawyer\n' for number in range(20))
    done = engine("run", "training", "--data", str(data), home=tmp_path / "home")
    assert done.returncode == 3
    sessions = list(Path(tempfile.gettempdir()).glob(f"lw-{os.getpid()}-*"))
    files = [path for session in sessions for path in session.rglob("*") if path.is_file() and not path.is_symlink()]
    assert any(path.suffix in (".log", ".out", ".err") for path in files)
    for path in files:
        content = path.read_bytes()
        assert not [word for word in (b"987-65-4320", b"Quillfeather") if word in content], path


@pytest.mark.thorough
def test_ragged_rows_are_set_aside_and_rows_add_up(engine: OnRay, small_book: Path, tmp_path: Path) -> None:
    data = copied(small_book, tmp_path / "data")
    lines = (small_book / "lms_loan_daily.csv").read_text().splitlines(keepends=True)
    lines[4] = lines[4].rstrip("\n") + ",surplus\n"
    lines[9] = lines[9].partition(",")[2]
    (data / "lms_loan_daily.csv").write_text("".join(lines), encoding="utf-8")
    told = engine.document("run", "training", "--data", str(data), home=tmp_path / "home")
    ingest = next(task for task in told["tasks"] if task["name"] == "ingest_lms_loan_daily")
    assert (ingest["rows_in"], ingest["rows_out"]) == (len(lines) - 1, len(lines) - 3)
    aside = pd.read_parquet(tmp_path / "home" / "datamart" / "quarantine" / "lms_loan_daily.parquet")
    assert aside["line"].tolist() == [5, 10]
    assert aside["reason"].tolist() == ["12 instead of 11 fields", "10 instead of 11 fields"]
    accounting = engine.document("show", told["run_id"], home=tmp_path / "home")["accounting"]["ingest_lms_loan_daily"]
    assert accounting["read"] == accounting["stored"] + accounting["quarantined"]
