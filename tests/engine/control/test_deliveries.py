"""A ledger that lost rows since a run last read its folder is rejected, until a person accepts it."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from storage.ledger.deliveries import delivery_rows
from storage.ledger.runs import run_row
from tests.extracts import until
from tests.sandbox import Sandbox
from tests.trained import LEDGER

CUT = date(2024, 9, 1)


@pytest.fixture
def delivered(sandbox: Sandbox, sample_data: Path, tmp_path: Path) -> tuple[Sandbox, Path]:
    """A trained deployment whose inference has read a folder of its own."""
    folder = Path(shutil.copytree(sample_data, tmp_path / "data"))
    sandbox.succeed("inference", data=str(folder))
    return sandbox, folder


def shrink(folder: Path, sample_data: Path, day: date = CUT) -> int:
    """Has the ledger of a folder end on a day; how many rows it has then."""
    cut = until(sample_data, folder.parent / f"until-{day}", LEDGER, day)
    shutil.copyfile(cut / f"{LEDGER}.csv", folder / f"{LEDGER}.csv")
    return len((folder / f"{LEDGER}.csv").read_text(encoding="utf-8").splitlines()) - 1


@pytest.mark.parametrize("pipeline", ["training", "inference"])
def test_a_shrunken_ledger_is_rejected_and_the_tables_stay(
    delivered: tuple[Sandbox, Path], sample_data: Path, pipeline: str
) -> None:
    sandbox, folder = delivered
    before = sandbox.versions()
    rows = shrink(folder, sample_data)
    ended = sandbox.run(pipeline, data=str(folder))
    assert (ended.state, ended.error["exit_code"]) == ("failed", 3)
    message = ended.error["message"]
    assert message.startswith(f"{folder}/{LEDGER}.csv: {rows:,} rows instead of the 13,200 that run inference-")
    assert "more than 10% are missing; deliver the whole extract, or accept the smaller one with" in message
    assert f"`python -m engine resume {ended.run_id} --param shrink_limit=1`" in message
    assert sandbox.versions() == before
    again = sandbox.run(pipeline, data=str(folder), force=True)
    assert again.error["exit_code"] == 3
    if pipeline == "inference":  # training compares before it cleans, so it has no profile
        with sandbox.deployment.ledger.reading() as connection:
            used, kept = delivery_rows(connection, LEDGER)
        assert (used.rejected, kept.profile["rows"]) == (None, rows)
        assert f"{rows:,} rows instead of the 13,200" in kept.rejected


def test_a_person_accepts_it_once_and_the_next_delivery_is_compared_with_it(
    delivered: tuple[Sandbox, Path], sample_data: Path
) -> None:
    sandbox, folder = delivered
    rows = shrink(folder, sample_data)
    assert sandbox.run("inference", data=str(folder)).state == "failed"
    sandbox.succeed("inference", data=str(folder), shrink_limit=1)
    assert sandbox.versions()["bronze.LMS_loans"].rows == rows
    sandbox.succeed("inference", date(2025, 12, 2), data=str(folder))
    smaller = shrink(folder, sample_data, date(2024, 3, 1))
    ended = sandbox.run("inference", data=str(folder))
    assert f"{smaller:,} rows instead of the {rows:,}" in ended.error["message"]


@pytest.mark.thorough
def test_acceptance_of_one_dataset_does_not_ingest_the_others_anew(
    delivered: tuple[Sandbox, Path], sample_data: Path
) -> None:
    sandbox, folder = delivered
    shrink(folder, sample_data)
    assert sandbox.run("training", data=str(folder)).error["exit_code"] == 3
    accepted = sandbox.run("training", data=str(folder), shrink_limit=1)
    states = sandbox.states(accepted.run_id)
    ingests = {task: state for task, state in states.items() if task.startswith("ingest_")}
    assert ingests.pop(f"ingest_{LEDGER}") == "succeeded"
    assert set(ingests.values()) == {"cached"}


@pytest.mark.thorough
def test_another_folder_and_a_slightly_smaller_delivery_are_not_rejected(
    delivered: tuple[Sandbox, Path], sample_data: Path, tmp_path: Path
) -> None:
    sandbox, folder = delivered
    other = until(sample_data, tmp_path / "other", LEDGER, CUT)
    sandbox.succeed("inference", data=str(other))
    sandbox.succeed("inference", data=str(folder))  # larger than the other folder's
    sandbox.succeed("inference", data=str(other), force=True)  # and back, with a result of before
    path = folder / f"{LEDGER}.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[: int(len(lines) * 0.95)]), encoding="utf-8")
    sandbox.succeed("inference", data=str(folder))


@pytest.mark.thorough
def test_an_earlier_result_for_the_same_bytes_does_not_let_a_shrunken_file_pass(
    delivered: tuple[Sandbox, Path], sample_data: Path, tmp_path: Path
) -> None:
    sandbox, folder = delivered
    other = until(sample_data, tmp_path / "other", LEDGER, CUT)
    sandbox.succeed("training", data=str(other))
    sandbox.succeed("inference", data=str(folder))
    shrink(folder, sample_data)
    ended = sandbox.run("training", data=str(folder))
    assert (ended.state, ended.error["exit_code"]) == ("failed", 3)
    with sandbox.deployment.ledger.reading() as connection:
        assert run_row(connection, ended.run_id).error["task"] == f"ingest_{LEDGER}"
