import csv
import gzip
import re
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jobs.errors import JobError
from jobs.loan_calendar import months_later
from jobs.modelling.frames import frame
from jobs.modelling.inference import store_predictions_gold
from jobs.silver.quality.report import quality_report
from storage.lake.names import INFERENCE_FEATURES, PREDICTIONS, SCORED, TRAINING_DATA
from tests.job_factory import JobFactory
from tests.retail import BOOK, BRONZE, KEYS, SAFE15, SOURCES, STAGED
from tests.sandbox import AS_OF, Sandbox

EARLY = date(2024, 3, 10)


ODD_IDS = ["007", "0x0,1", 'say "x"', "😀", "z" * 300]


def expected_loans(sandbox: Sandbox, as_of: date) -> set[str]:
    """The loans whose prediction date has come, those of flagged customers included, from the cleaned tables."""
    tables = {name: sandbox.table(f"staged.{name}") for name in KEYS}
    found = quality_report(tables, as_of, BOOK)
    masks = found.kept["loan_daily"] | found.of_flagged["loan_daily"]
    ledger = tables["loan_daily"].filter(pa.array(masks))
    due = pc.less_equal(months_later(ledger["loan_start_date"], 3), pa.scalar(as_of, pa.date32()))
    return set(ledger.filter(due)["loan_id"].to_pylist())


def copied(data: Path, folder: Path) -> Path:
    """A copy of a data folder, files as plain CSV."""
    shutil.copytree(data, folder)
    return folder


def add_customers(folder: Path, ids: list[str], **values: str) -> None:
    """Appends customers with one loan each, begun on 1 January 2024, to all extracts of a folder."""
    day = "1/1/2024"
    common = {"snapshot_date": day, "Age": "40", "SSN": "123-45-6789", "loan_start_date": day, "installment_num": "0"}
    for source in SOURCES.values():
        with (folder / f"{source.dataset}.csv").open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, source.names, restval="1", extrasaction="ignore")
            writer.writerows({**common, **values, "Customer_ID": one, "loan_id": f"{one}/1"} for one in ids)


def test_every_loan_that_can_be_scored_is_scored_and_no_other(sandbox: Sandbox) -> None:
    sandbox.succeed("inference", EARLY, force=True)
    predictions = sandbox.table(PREDICTIONS)
    expected = expected_loans(sandbox, EARLY)
    assert 100 < len(expected) < sandbox.table("gold.model_training_data").num_rows
    assert set(predictions["loan_id"].to_pylist()) == expected
    assert predictions.num_rows == len(expected)
    assert pc.max(sandbox.table(INFERENCE_FEATURES)["prediction_date"]).as_py() == date(2024, 3, 1)


@pytest.mark.parametrize("days", [(EARLY, date(2024, 4, 1)), (date(2024, 4, 1), EARLY)])
def test_each_as_of_has_its_own_predictions_without_force(sandbox: Sandbox, days: tuple[date, date]) -> None:
    for day in days:
        sandbox.succeed("inference", day)
        predictions = sandbox.table(PREDICTIONS)
        assert set(predictions["loan_id"].to_pylist()) == expected_loans(sandbox, day)
        assert set(predictions["prediction_date"].to_pylist()) == {day}


@pytest.mark.thorough
def test_newer_extracts_do_not_show_an_earlier_day_what_a_later_one_saw(sample_data: Path, tmp_path: Path) -> None:
    old = copied(sample_data, tmp_path / "old")
    for path in old.iterdir():
        header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        known = [line for line in lines if month_of(line.rsplit(",", 1)[1]) <= (2024, 6)]
        path.write_text("".join([header, *known]), encoding="utf-8")
    sandbox = Sandbox.at(tmp_path / "home")
    sandbox.succeed("training", date(2024, 12, 1), data=str(old))
    for day in (date(2025, 6, 1), date(2024, 12, 5)):
        sandbox.succeed("inference", day, data=str(sample_data))
        assert set(sandbox.table(PREDICTIONS)["loan_id"].to_pylist()) == expected_loans(sandbox, day)


def month_of(day: str) -> tuple[int, int]:
    """Year and month of a day d/M/yyyy."""
    _, month, year = day.strip().split("/")
    return int(year), int(month)


def test_predictions_have_the_columns_of_the_design(trained_sandbox: Sandbox) -> None:
    predictions = trained_sandbox.table(PREDICTIONS)
    assert predictions.column_names == [
        "customer_id",
        "loan_id",
        "prediction_date",
        "predicted_label",
        "predicted_proba",
        "model_version",
        "cohort",
        "flagged",
        "flagged_reason",
    ]
    assert set(predictions["prediction_date"].to_pylist()) == {AS_OF}
    assert set(predictions["model_version"].to_pylist()) == {trained_sandbox.champions()[0].version}
    own = {row["loan_id"]: row["prediction_date"] for row in trained_sandbox.table(INFERENCE_FEATURES).to_pylist()}
    assert predictions.num_rows > 500
    cut_off = trained_sandbox.champions()[0].summary["cut_off"]["probability"]
    for row in predictions.to_pylist():
        assert row["cohort"] == f"{own[row['loan_id']]:%Y-%m}"
        assert row["predicted_label"] == (row["predicted_proba"] >= cut_off)
        assert 0 <= row["predicted_proba"] <= 1


def test_a_loan_has_the_same_features_and_score_as_in_training(trained_sandbox: Sandbox) -> None:
    learned = trained_sandbox.table(TRAINING_DATA).sort_by("loan_id")
    prepared = trained_sandbox.table(INFERENCE_FEATURES).sort_by("loan_id")
    prepared = prepared.filter(pc.is_in(prepared["loan_id"], value_set=learned["loan_id"].combine_chunks()))
    assert prepared.select(SAFE15).equals(learned.select(SAFE15))
    pipeline = trained_sandbox.deployment.models.load(trained_sandbox.champions()[0].files["model"])
    scores = dict(
        zip(learned["loan_id"].to_pylist(), pipeline.predict_proba(frame(learned, SAFE15))[:, 1], strict=True)
    )
    told = {row["loan_id"]: row["predicted_proba"] for row in trained_sandbox.table(PREDICTIONS).to_pylist()}
    assert {loan: told[loan] for loan in scores} == pytest.approx(scores, abs=1e-12)


def test_unchanged_extracts_are_not_read_again(sandbox: Sandbox) -> None:
    before = sandbox.versions()
    run = sandbox.succeed("inference", EARLY, force=True)
    assert sandbox.values(run, "prepare_inference_data")["refreshed"] == []
    after = sandbox.versions()
    assert {name: after[name] for name in (*BRONZE, *STAGED)} == {name: before[name] for name in (*BRONZE, *STAGED)}


def test_changed_extracts_are_taken_in_and_the_others_are_not(
    sandbox: Sandbox, sample_data: Path, tmp_path: Path
) -> None:
    folder = copied(sample_data, tmp_path / "new")
    with (folder / "features_attributes.csv").open("a", encoding="utf-8") as file:
        file.write("newcomer,Jane,40,123-45-6789,Lawyer,1/1/2024\nnewcomer,Jane,41,123-45-6789,Lawyer,1/1/2024\n")
    before = sandbox.versions()
    run = sandbox.succeed("inference", data=str(folder))
    after = sandbox.versions()
    values = sandbox.values(run, "prepare_inference_data")
    assert (values["refreshed"], values["conflicts"]) == (["features_attributes"], {"attributes": 1})
    changed = {name for name in (*BRONZE, *STAGED) if after[name].digest != before[name].digest}
    assert changed == {"bronze.features_attributes", "staged.attributes"}
    assert "newcomer" in sandbox.table("bronze.features_attributes")["Customer_ID"].to_pylist()
    assert "newcomer" not in sandbox.table("silver.attributes")["Customer_ID"].to_pylist()


def test_new_loans_of_odd_ids_are_scored_under_exactly_these_ids(
    sandbox: Sandbox, sample_data: Path, tmp_path: Path
) -> None:
    folder = copied(sample_data, tmp_path / "new")
    add_customers(folder, ODD_IDS)
    add_customers(folder, ["flagged"], Age="17")
    known = set(sandbox.table(PREDICTIONS)["loan_id"].to_pylist())
    sandbox.succeed("inference", data=str(folder))
    predictions = {row["loan_id"]: row for row in sandbox.table(PREDICTIONS).to_pylist()}
    assert set(predictions) - known == {f"{one}/1" for one in (*ODD_IDS, "flagged")}
    assert predictions["flagged/1"]["flagged_reason"] == "Age under 18"
    for one in ODD_IDS:
        assert predictions[f"{one}/1"]["customer_id"] == one
        assert predictions[f"{one}/1"]["cohort"] == "2024-04"


@pytest.mark.thorough
def test_the_same_extracts_packed_are_other_files_with_the_same_predictions(
    sandbox: Sandbox, sample_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "packed"
    folder.mkdir()
    for path in sample_data.iterdir():
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    before = sandbox.table(PREDICTIONS)
    sandbox.succeed("inference", data=str(folder), force=True)
    assert sandbox.table(PREDICTIONS).equals(before)


def test_no_loan_to_score_is_a_job_error(sandbox: Sandbox) -> None:
    before = sandbox.versions()
    ended = sandbox.run("inference", date(2023, 1, 2), force=True)
    assert (ended.state, ended.error["type"], ended.error["task"]) == ("failed", "JobError", "prepare_inference_data")
    told = r"No loan can be scored on 2023-01-02: the first of \d+ loans is due on 2023-04-01; choose a later --as-of\."
    assert re.fullmatch(told, ended.error["message"])
    assert sandbox.versions() == before


SCORE: Mapping[str, Any] = {
    "customer_id": "c",
    "loan_id": "l",
    "prediction_date": AS_OF,
    "predicted_label": 0,
    "predicted_proba": 0.2,
    "model_version": "v",
    "cohort": "2024-01",
    "flagged": False,
    "flagged_reason": None,
}


def stored(job_factory: JobFactory, *rows: Mapping[str, Any]) -> int | None:
    job = job_factory.job({SCORED: pa.Table.from_pylist([*rows])}, values={"make_predictions": {"version": "v"}})
    return store_predictions_gold(job).rows_out


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ([SCORE, SCORE], "a loan is there twice"),
        ([{**SCORE, "customer_id": None}, {**SCORE, "loan_id": "m"}], "a value is missing"),
        ([{**SCORE, "predicted_proba": 1.01}], "a probability is not between 0 and 1"),
        ([{**SCORE, "predicted_proba": -0.01}], "a probability is not between 0 and 1"),
        ([{**SCORE, "predicted_proba": float("nan")}], "a probability is not between 0 and 1"),
        (
            [{**SCORE, "predicted_proba": float("nan")}, {**SCORE, "loan_id": "m"}],
            "a probability is not between 0 and 1",
        ),
    ],
)
def test_predictions_that_can_not_be_right_are_not_stored(
    job_factory: JobFactory, rows: list[Mapping[str, Any]], finding: str
) -> None:
    with pytest.raises(JobError, match=f"The predictions were not stored: .*{finding}"):
        stored(job_factory, *rows)


def test_probabilities_of_0_and_1_are_stored(job_factory: JobFactory) -> None:
    rows = [{**SCORE, "predicted_proba": 0.0}, {**SCORE, "loan_id": "m", "predicted_proba": 1.0}]
    assert stored(job_factory, *rows) == 2
