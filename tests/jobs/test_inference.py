import csv
import gzip
import pickle
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jobs.calendar import months_later
from jobs.errors import JobError
from jobs.features import SAFE15
from jobs.inference import make_predictions, retrieve_best_model, store_predictions_gold
from jobs.models import frame
from jobs.quality import KEYS, verdict
from jobs.sources import SOURCES
from storage.model_store import UntrustedModel
from storage.tables import BRONZE, INFERENCE_FEATURES, PREDICTIONS, SCORED, STAGED, TRAINING_DATA
from tests.conftest import AS_OF, House, Workshop

EARLY = date(2024, 3, 10)
ODD_IDS = ["007", "0x0,1", 'say "x"', "😀", "z" * 300]


class Trap:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


def expected_loans(house: House, as_of: date) -> set[str]:
    """The loans of governed customers whose prediction date has come, from the cleaned tables."""
    tables = {name: house.table(f"staged.{name}") for name in KEYS}
    ledger = tables["loan_daily"].filter(pa.array(verdict(tables, as_of).kept["loan_daily"]))
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


def test_every_loan_that_can_be_scored_is_scored_and_no_other(house: House) -> None:
    house.succeed("inference", EARLY, force=True)
    predictions = house.table(PREDICTIONS)
    expected = expected_loans(house, EARLY)
    assert 100 < len(expected) < house.table("gold.model_training_data").num_rows
    assert set(predictions["loan_id"].to_pylist()) == expected
    assert predictions.num_rows == len(expected)
    assert pc.max(house.table(INFERENCE_FEATURES)["prediction_date"]).as_py() == date(2024, 3, 1)


@pytest.mark.parametrize("days", [(EARLY, date(2024, 4, 1)), (date(2024, 4, 1), EARLY)])
def test_each_as_of_has_its_own_predictions_without_force(house: House, days: tuple[date, date]) -> None:
    for day in days:
        house.succeed("inference", day)
        predictions = house.table(PREDICTIONS)
        assert set(predictions["loan_id"].to_pylist()) == expected_loans(house, day)
        assert set(predictions["prediction_date"].to_pylist()) == {day}


def test_predictions_have_the_columns_of_the_design(trained_house: House) -> None:
    predictions = trained_house.table(PREDICTIONS)
    assert predictions.column_names == [
        "customer_id",
        "loan_id",
        "prediction_date",
        "predicted_label",
        "predicted_proba",
        "model_version",
        "cohort",
    ]
    assert set(predictions["prediction_date"].to_pylist()) == {AS_OF}
    assert set(predictions["model_version"].to_pylist()) == {trained_house.champions()[0].version}
    own = {row["loan_id"]: row["prediction_date"] for row in trained_house.table(INFERENCE_FEATURES).to_pylist()}
    assert predictions.num_rows > 500
    for row in predictions.to_pylist():
        assert row["cohort"] == f"{own[row['loan_id']]:%Y-%m}"
        assert row["predicted_label"] == (row["predicted_proba"] > 0.5)
        assert 0 <= row["predicted_proba"] <= 1


def test_a_loan_has_the_same_features_and_score_as_in_training(trained_house: House) -> None:
    learned = trained_house.table(TRAINING_DATA).sort_by("loan_id")
    prepared = trained_house.table(INFERENCE_FEATURES).sort_by("loan_id")
    prepared = prepared.filter(pc.is_in(prepared["loan_id"], value_set=learned["loan_id"].combine_chunks()))
    assert prepared.select(SAFE15).equals(learned.select(SAFE15))
    pipeline = trained_house.deployment.models.load(trained_house.champions()[0].files["model"])
    scores = dict(
        zip(learned["loan_id"].to_pylist(), pipeline.predict_proba(frame(learned, SAFE15))[:, 1], strict=True)
    )
    told = {row["loan_id"]: row["predicted_proba"] for row in trained_house.table(PREDICTIONS).to_pylist()}
    assert {loan: told[loan] for loan in scores} == pytest.approx(scores, abs=1e-12)


def test_unchanged_extracts_are_not_read_again(house: House) -> None:
    before = house.versions()
    run = house.succeed("inference", EARLY, force=True)
    assert house.values(run, "prepare_inference_data")["refreshed"] == []
    after = house.versions()
    assert {name: after[name] for name in (*BRONZE, *STAGED)} == {name: before[name] for name in (*BRONZE, *STAGED)}


def test_changed_extracts_are_taken_in_and_the_others_are_not(
    house: House, sample_data: Path, tmp_path: Path
) -> None:
    folder = copied(sample_data, tmp_path / "new")
    with (folder / "features_attributes.csv").open("a", encoding="utf-8") as file:
        file.write("newcomer,Jane,40,123-45-6789,Lawyer,1/1/2024\n")
    before = house.versions()
    run = house.succeed("inference", data=str(folder))
    after = house.versions()
    assert house.values(run, "prepare_inference_data")["refreshed"] == ["features_attributes"]
    changed = {name for name in (*BRONZE, *STAGED) if after[name].digest != before[name].digest}
    assert changed == {"bronze.features_attributes", "staged.attributes"}
    assert "newcomer" in house.table("bronze.features_attributes")["Customer_ID"].to_pylist()
    assert "newcomer" not in house.table("silver.attributes")["Customer_ID"].to_pylist()


def test_new_loans_of_odd_ids_are_scored_under_exactly_these_ids(
    house: House, sample_data: Path, tmp_path: Path
) -> None:
    folder = copied(sample_data, tmp_path / "new")
    add_customers(folder, ODD_IDS)
    add_customers(folder, ["flagged"], Age="17")
    known = set(house.table(PREDICTIONS)["loan_id"].to_pylist())
    house.succeed("inference", data=str(folder))
    predictions = {row["loan_id"]: row for row in house.table(PREDICTIONS).to_pylist()}
    assert set(predictions) - known == {f"{one}/1" for one in ODD_IDS}
    for one in ODD_IDS:
        assert predictions[f"{one}/1"]["customer_id"] == one
        assert predictions[f"{one}/1"]["cohort"] == "2024-04"


def test_the_same_extracts_packed_are_other_files_with_the_same_predictions(
    house: House, sample_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "packed"
    folder.mkdir()
    for path in sample_data.iterdir():
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    before = house.table(PREDICTIONS)
    house.succeed("inference", data=str(folder), force=True)
    assert house.table(PREDICTIONS).equals(before)


def test_no_loan_to_score_is_a_job_error(house: House) -> None:
    before = house.versions()
    ended = house.run("inference", date(2023, 1, 2), force=True)
    assert (ended.state, ended.error["type"], ended.error["task"]) == ("failed", "JobError", "prepare_inference_data")
    assert ended.error["message"].startswith("No loan can be scored on 2023-01-02; choose a later --as-of")
    assert house.versions() == before


@pytest.fixture
def twice_trained(house: House) -> House:
    """A deployment with two champions, one after the other."""
    house.succeed("training", force=True, data=house.data())
    assert len(house.champions()) == 2
    return house


@pytest.mark.parametrize("role", ["model", "encoders", "metadata"])
def test_a_swapped_file_is_never_opened_and_the_previous_champion_serves(
    twice_trained: House, tmp_path: Path, role: str
) -> None:
    newest, previous = twice_trained.champions()
    sprung = tmp_path / "sprung"
    path = twice_trained.home / "model_store" / newest.files[role].name
    path.write_bytes(pickle.dumps(Trap(sprung)))
    run = twice_trained.succeed("inference")
    assert not sprung.exists()
    assert set(twice_trained.table(PREDICTIONS)["model_version"].to_pylist()) == {previous.version}
    assert twice_trained.values(run, "retrieve_best_model") == {
        "version": previous.version,
        "refused": [newest.version],
    }
    log = twice_trained.log(run, "retrieve_best_model")
    assert f"ERROR {path} was not opened: its SHA-256 is not the one that was registered" in log
    assert f"version {previous.version}" in log
    with path.open("rb") as file:  # the trap works: whoever opens it springs it
        pickle.load(file).close()
    assert sprung.exists()


def test_a_champion_whose_file_is_gone_is_passed_over(twice_trained: House) -> None:
    newest, previous = twice_trained.champions()
    (twice_trained.home / "model_store" / newest.files["model"].name).unlink()
    run = twice_trained.succeed("inference")
    assert set(twice_trained.table(PREDICTIONS)["model_version"].to_pylist()) == {previous.version}
    assert "was not opened: it is missing" in twice_trained.log(run, "retrieve_best_model")


def test_a_pickle_of_the_same_size_is_no_better(twice_trained: House, tmp_path: Path) -> None:
    newest, previous = twice_trained.champions()
    path = twice_trained.home / "model_store" / newest.files["model"].name
    payload = pickle.dumps(Trap(tmp_path / "sprung"))
    path.write_bytes(payload.ljust(newest.files["model"].bytes, b"\0"))
    twice_trained.succeed("inference")
    assert not (tmp_path / "sprung").exists()
    assert set(twice_trained.table(PREDICTIONS)["model_version"].to_pylist()) == {previous.version}


def test_with_no_champion_intact_nothing_is_predicted(house: House, tmp_path: Path) -> None:
    (champion,) = house.champions()
    path = house.home / "model_store" / champion.files["model"].name
    path.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    before = house.versions()[PREDICTIONS]
    ended = house.run("inference", EARLY)
    assert (ended.state, ended.error["task"]) == ("failed", "retrieve_best_model")
    assert ended.error["message"].startswith(f"None of the champions {champion.version} has the files")
    assert house.states(ended.run_id)["make_predictions"] == "upstream_failed"
    assert house.versions()[PREDICTIONS] == before
    assert not (tmp_path / "sprung").exists()


def test_a_stray_pickle_in_the_model_store_is_ignored(house: House, tmp_path: Path) -> None:
    (house.home / "model_store" / "best_model_99991231_235959.pkl").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    house.succeed("inference", force=True)
    assert not (tmp_path / "sprung").exists()
    assert set(house.table(PREDICTIONS)["model_version"].to_pylist()) == {house.champions()[0].version}


def test_a_file_swapped_after_it_was_retrieved_is_not_opened_either(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    (champion,) = house.champions()
    (house.home / "model_store" / champion.files["model"].name).write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    job = workshop.job(
        {INFERENCE_FEATURES: house.table(INFERENCE_FEATURES)},
        places=house.deployment.places,
        champions=(champion,),
        values={"retrieve_best_model": {"version": champion.version}},
    )
    with pytest.raises(UntrustedModel, match="was not opened"):
        make_predictions(job)
    assert not (tmp_path / "sprung").exists()


def test_without_any_champion_the_sentence_says_what_to_run(workshop: Workshop) -> None:
    with pytest.raises(JobError, match="There is no champion yet; run `python -m engine run training` first"):
        retrieve_best_model(workshop.job())


def test_a_model_that_never_was_champion_predicts_nothing(workshop: Workshop, trained_house: House) -> None:
    job = workshop.job(
        champions=tuple(trained_house.champions()), values={"retrieve_best_model": {"version": "19990101_000000"}}
    )
    with pytest.raises(JobError, match="Model 19990101_000000 was never champion here"):
        make_predictions(job)


SCORE: Mapping[str, Any] = {
    "customer_id": "c",
    "loan_id": "l",
    "prediction_date": AS_OF,
    "predicted_label": 0,
    "predicted_proba": 0.2,
    "model_version": "v",
    "cohort": "2024-01",
}


def stored(workshop: Workshop, *rows: Mapping[str, Any]) -> int | None:
    job = workshop.job({SCORED: pa.Table.from_pylist([*rows])}, values={"make_predictions": {"version": "v"}})
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
    workshop: Workshop, rows: list[Mapping[str, Any]], finding: str
) -> None:
    with pytest.raises(JobError, match=f"The predictions were not stored: .*{finding}"):
        stored(workshop, *rows)


def test_probabilities_of_0_and_1_are_stored(workshop: Workshop) -> None:
    rows = [{**SCORE, "predicted_proba": 0.0}, {**SCORE, "loan_id": "m", "predicted_proba": 1.0}]
    assert stored(workshop, *rows) == 2


