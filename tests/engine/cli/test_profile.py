"""The command `profile`."""

import json
from pathlib import Path

import pytest

from tests.commands import command
from tests.sandbox import Sandbox


def test_without_a_dataset_those_with_deliveries_are_listed(trained_sandbox: Sandbox) -> None:
    done = command("profile", "--home", str(trained_sandbox.home))
    assert done.returncode == 0
    assert all(name in done.stdout for name in trained_sandbox.deployment.book.by_dataset)
    told = json.loads(command("profile", "--json", "--home", str(trained_sandbox.home)).stdout)
    assert {each["dataset"]: each["deliveries"] for each in told} == dict.fromkeys(
        trained_sandbox.deployment.book.by_dataset, 1
    )


def test_a_dataset_has_a_line_for_each_column(trained_sandbox: Sandbox) -> None:
    done = command("profile", "features_attributes", "--home", str(trained_sandbox.home))
    assert done.returncode == 0
    source = trained_sandbox.deployment.book.by_dataset["features_attributes"]
    assert all(f"\n{name}" in done.stdout for name in source.names)
    assert "The first delivery: there is none to compare it with." in done.stdout
    (told,) = json.loads(
        command("profile", "features_attributes", "--json", "--home", str(trained_sandbox.home)).stdout
    )
    assert [column["name"] for column in told["columns"]] == list(source.names)
    assert told["rows"] == trained_sandbox.versions()[source.staged_table].rows


def test_what_changed_is_told(trained_sandbox: Sandbox, broken_home: Path) -> None:
    done = command("profile", "features_financials", "--home", str(broken_home))
    assert "! Interest_Rate: missing 0.0% → 100.0%" in done.stdout
    assert len(json.loads(command("profile", "features_financials", "--json", "--home", str(broken_home)).stdout)) == 2


def test_an_unknown_dataset_is_one_sentence(trained_sandbox: Sandbox) -> None:
    done = command("profile", "loans", "--home", str(trained_sandbox.home))
    assert done.returncode == 2
    names = ", ".join(trained_sandbox.deployment.book.by_dataset)
    assert done.stderr.replace("\n", " ").strip() == f"error: There is no dataset 'loans'; the book has {names}."


@pytest.mark.parametrize("words", [[], ["features_attributes"]])
def test_an_empty_home_says_what_to_run(tmp_path: Path, words: list[str]) -> None:
    command("migrate", "--home", str(tmp_path / "home"))
    done = command("profile", *words, "--home", str(tmp_path / "home"))
    assert done.returncode == 0
    assert done.stdout == "No deliveries yet. Run `python -m engine run training`.\n"
    assert json.loads(command("profile", *words, "--json", "--home", str(tmp_path / "home")).stdout) == []
