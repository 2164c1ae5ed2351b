"""The Overview page: what needs a person, what is alive, and the model's health."""

from datetime import timedelta
from pathlib import Path

from engine.control import runs
from engine.process.registry import ProcessRegistry
from tests.conftest import AS_OF, House
from tests.console.conftest import Opened, words


def test_an_empty_home_says_what_to_do(opened: Opened, empty_house: House) -> None:
    said = words(opened(empty_house.home))
    assert "No model yet" in said
    assert "python -m engine up" in said
    assert said.count("It has never run.") == 3


def test_the_verdict_stands_with_interval_chance_level_and_loans(opened: Opened, monitored_house: House) -> None:
    said = words(opened(monitored_house.home))
    row = monitored_house.table("gold.model_monitoring").to_pylist()[-1]
    assert f"{row['auc']:.3f}" in said
    assert f"95% interval {row['auc_low']:.3f} to {row['auc_high']:.3f}, {row['labelled']:,} loans" in said
    assert f"chance level {row['psi_chance_level']:.3f}, {row['window_rows']:,} loans" in said
    assert monitored_house.champions()[0].version in said


def test_a_failed_run_needs_a_person_until_a_later_one_went_well(opened: Opened, house: House) -> None:
    ended = house.run("training", AS_OF + timedelta(days=1), data=str(house.home / "nowhere"))
    assert ended.state == "failed"
    app = opened(house.home)
    assert "training failed" in words(app)
    assert str(house.home / "nowhere") in words(app)
    house.succeed("training", data=house.data())
    assert "training failed" not in words(opened(house.home))


def test_a_waiting_run_without_a_worker_is_said_on_every_page(opened: Opened, house: House) -> None:
    runs.request(house.deployment, runs.checked_request(house.deployment, "inference", AS_OF, force=True))
    for page in ("overview", "schedule"):
        assert "Nothing works on the waiting runs" in words(opened(house.home, page))
    worker = ProcessRegistry(house.deployment, "worker")
    worker.register({"ray": "up", "runs": []})
    assert "Nothing works on the waiting runs" not in words(opened(house.home))


def test_a_paused_schedule_and_a_missing_scheduler_are_told(opened: Opened, house: House) -> None:
    ProcessRegistry(house.deployment, "worker").register({"ray": "up", "runs": []})
    runs.pause_schedule(house.deployment, "inference", "the extracts are being moved", "analyst")
    said = words(opened(house.home))
    assert "The schedule of inference is paused" in said
    assert "the extracts are being moved" in said
    assert "No scheduler is alive" in said


def test_numbers_of_the_champion_before_are_told_to_be_its_own(
    opened: Opened, monitored_house: House, tmp_path: Path
) -> None:
    house = monitored_house.copy(tmp_path / "home")
    before = house.champions()[0].version
    assert f"model {before}, champion then" not in words(opened(house.home))
    house.succeed("training", data=house.data(), feature_set="behavioural")
    assert house.champions()[0].version != before
    assert f"model {before}, champion then" in words(opened(house.home))
