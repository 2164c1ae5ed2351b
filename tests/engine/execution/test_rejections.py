"""A rejected delivery is told until it is replaced: by the same folder, or by one that a person named."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.rewritten import rewritten
from tests.databases import BOTH_THOROUGHLY
from tests.sandbox import Sandbox

pytestmark = pytest.mark.parametrize("ledger_url", BOTH_THOROUGHLY, indirect=True)


@pytest.fixture
def made(tmp_path: Path, small_book: Path, ledger_url: str) -> Iterator[Sandbox]:
    """A deployment whose book was read from a folder, on each of the two databases."""
    opened = Sandbox.at(tmp_path / "home", ledger=ledger_url)
    opened.succeed("training", data=str(small_book))
    opened.succeed("inference")
    yield opened
    opened.close()


@pytest.fixture
def broken(tmp_path: Path, small_book: Path) -> str:
    """The folder of a delivery that is rejected: every rate has a percent sign."""
    write = lambda rows: [{**row, "Interest_Rate": f"{row['Interest_Rate']}%"} for row in rows]  # noqa: E731
    return str(rewritten(small_book, tmp_path / "2025-07", "features_financials", write))


def told(sandbox: Sandbox) -> str:
    """The reason of a data fault that monitoring decides on now; '' when it decides on none."""
    sandbox.succeed("monitoring")
    decision = sandbox.decisions()[-1]
    return str(decision.reason) if decision.status == "data fault" else ""


@pytest.mark.thorough
def test_a_rejection_stays_until_its_folder_or_a_named_one_is_read(
    made: Sandbox, broken: str, small_book: Path
) -> None:
    assert made.run("training", data=broken).error["type"] == "InputRejected"
    made.succeed("inference", force=True)  # reads the folder of the last success
    assert f"rejected (training of 2025-12-01, folder {broken}): " in told(made)
    shutil.copytree(small_book, broken, dirs_exist_ok=True)
    for path in Path(broken).glob("features_financials*"):
        if not (small_book / path.name).exists():
            path.unlink()
    made.succeed("training", data=broken)
    assert told(made) == ""


@pytest.mark.thorough
def test_a_folder_that_a_person_names_replaces_a_rejected_one(made: Sandbox, broken: str, small_book: Path) -> None:
    made.run("inference", data=broken)
    assert "rejected (inference of 2025-12-01" in told(made)
    made.succeed("inference", data=str(small_book))
    assert told(made) == ""


@pytest.mark.thorough
def test_a_mistyped_folder_is_no_rejection(made: Sandbox, tmp_path: Path) -> None:
    ended = made.run("inference", data=str(tmp_path / "mistyped"))
    assert (ended.error["type"], ended.error["exit_code"]) == ("ExtractMissing", 3)
    assert told(made) == ""
