import pickle
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import JobError
from jobs.modelling.inference import make_predictions, retrieve_best_model
from storage.lake.model_store import UntrustedModel
from storage.lake.names import INFERENCE_FEATURES, PREDICTIONS
from tests.job_factory import JobFactory
from tests.sandbox import Sandbox

EARLY = date(2024, 3, 10)


class Trap:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


@pytest.fixture(scope="module")
def two_champions(trained_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    sandbox = trained_sandbox.copy(tmp_path_factory.mktemp("twice") / "home")
    sandbox.succeed("training", force=True, data=sandbox.data())
    assert len(sandbox.champions()) == 2
    return sandbox


@pytest.fixture
def twice_trained(two_champions: Sandbox, tmp_path: Path) -> Sandbox:
    """A deployment with two champions, one after the other."""
    return two_champions.copy(tmp_path / "home")


@pytest.mark.thorough
@pytest.mark.parametrize("role", ["model", "encoders", "metadata"])
def test_a_swapped_file_is_never_opened_and_the_previous_champion_serves(
    twice_trained: Sandbox, tmp_path: Path, role: str
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


@pytest.mark.thorough
def test_a_champion_whose_file_is_gone_is_passed_over(twice_trained: Sandbox) -> None:
    newest, previous = twice_trained.champions()
    (twice_trained.home / "model_store" / newest.files["model"].name).unlink()
    run = twice_trained.succeed("inference")
    assert set(twice_trained.table(PREDICTIONS)["model_version"].to_pylist()) == {previous.version}
    assert "was not opened: it is missing" in twice_trained.log(run, "retrieve_best_model")


@pytest.mark.thorough
def test_a_pickle_of_the_same_size_is_no_better(twice_trained: Sandbox, tmp_path: Path) -> None:
    newest, previous = twice_trained.champions()
    path = twice_trained.home / "model_store" / newest.files["model"].name
    payload = pickle.dumps(Trap(tmp_path / "sprung"))
    path.write_bytes(payload.ljust(newest.files["model"].bytes, b"\0"))
    twice_trained.succeed("inference")
    assert not (tmp_path / "sprung").exists()
    assert set(twice_trained.table(PREDICTIONS)["model_version"].to_pylist()) == {previous.version}


def test_with_no_champion_intact_nothing_is_predicted(sandbox: Sandbox, tmp_path: Path) -> None:
    (champion,) = sandbox.champions()
    path = sandbox.home / "model_store" / champion.files["model"].name
    path.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    before = sandbox.versions()[PREDICTIONS]
    ended = sandbox.run("inference", EARLY)
    assert (ended.state, ended.error["task"]) == ("failed", "retrieve_best_model")
    assert ended.error["message"].startswith(f"None of the champions {champion.version} has the files")
    assert sandbox.states(ended.run_id)["make_predictions"] == "upstream_failed"
    assert sandbox.versions()[PREDICTIONS] == before
    assert not (tmp_path / "sprung").exists()


def test_a_stray_pickle_in_the_model_store_is_ignored(sandbox: Sandbox, tmp_path: Path) -> None:
    (sandbox.home / "model_store" / "best_model_99991231_235959.pkl").write_bytes(
        pickle.dumps(Trap(tmp_path / "sprung"))
    )
    sandbox.succeed("inference", force=True)
    assert not (tmp_path / "sprung").exists()
    assert set(sandbox.table(PREDICTIONS)["model_version"].to_pylist()) == {sandbox.champions()[0].version}


def test_a_file_swapped_after_it_was_retrieved_is_not_opened_either(
    sandbox: Sandbox, job_factory: JobFactory, tmp_path: Path
) -> None:
    (champion,) = sandbox.champions()
    (sandbox.home / "model_store" / champion.files["model"].name).write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    job = job_factory.job(
        {INFERENCE_FEATURES: sandbox.table(INFERENCE_FEATURES)},
        roots=sandbox.deployment.roots,
        champions=(champion,),
        values={"retrieve_best_model": {"version": champion.version}},
    )
    with pytest.raises(UntrustedModel, match="was not opened"):
        make_predictions(job)
    assert not (tmp_path / "sprung").exists()


def test_without_any_champion_the_sentence_says_what_to_run(job_factory: JobFactory) -> None:
    said = (
        "There is no champion yet; run `python -m engine run training` first, .*models` says why .* or how to approve"
    )
    with pytest.raises(JobError, match=said):
        retrieve_best_model(job_factory.job())


def test_a_model_that_never_was_champion_predicts_nothing(job_factory: JobFactory, trained_sandbox: Sandbox) -> None:
    job = job_factory.job(
        champions=tuple(trained_sandbox.champions()), values={"retrieve_best_model": {"version": "19990101_000000"}}
    )
    with pytest.raises(JobError, match="Model 19990101_000000 was never champion here"):
        make_predictions(job)
