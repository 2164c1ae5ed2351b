"""The command `validation`."""

import json
from pathlib import Path

import pytest

from tests.commands import command
from tests.sandbox import AS_OF, Sandbox


def test_it_shows_backtest_segments_and_expected_loss(monitored_sandbox: Sandbox) -> None:
    told = json.loads(command("validation", "--json", "--home", str(monitored_sandbox.home)).stdout)
    (row,) = monitored_sandbox.table("gold.model_monitoring").to_pylist()
    assert (told["monitoring_date"], told["version"]) == (str(AS_OF), row["model_version"])
    whole, *cohorts = told["backtest"]
    assert (whole["cohort"], whole["n"]) == (None, sum(cohort["n"] for cohort in cohorts))
    assert [cohort["cohort"] for cohort in cohorts] == sorted(cohort["cohort"] for cohort in cohorts)
    segments = {one["segment"] for one in told["segments"]}
    assert segments == {one.feature for one in monitored_sandbox.deployment.book.segments}
    unseen = {name: sum(row["loans"] for row in told["segments"] if row["segment"] == name) for name in segments}
    losses = told["losses"]
    assert set(unseen.values()) == {losses["waiting"]["loans"] + losses["known"]["loans"]}
    assert told["losses"]["lgd"] == 0.45
    assert 0 < losses["known"]["expected_loss"] < 0.45 * losses["known"]["exposure"]
    done = command("validation", "--date", str(AS_OF), "--home", str(monitored_sandbox.home))
    assert done.returncode == 0
    assert "Expected loss" in done.stdout.replace("expected loss", "Expected loss")
    assert "18-24" in done.stdout


def test_a_date_that_was_not_monitored_says_what_to_run(monitored_sandbox: Sandbox) -> None:
    done = command("validation", "--date", "2020-01-01", "--home", str(monitored_sandbox.home))
    assert done.returncode == 2
    assert "run monitoring --as-of 2020-01-01" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_an_empty_home_says_what_to_run(tmp_path: Path, words: list[str]) -> None:
    done = command("validation", *words, "--home", str(tmp_path / "home"))
    assert done.returncode == 0
    assert ("null" if words else "No monitoring results yet") in done.stdout
