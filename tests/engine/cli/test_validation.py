"""The command `validation`."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import roc_auc_score

from engine.deployment import Deployment
from engine.documents.validation import (
    NOT_IN_ARREARS,
    calibration_in_words,
    losses_in_words,
    segment_cells,
    segments_in_words,
    uncalibrated_in_words,
    validation_document,
)
from engine.errors import UnusableRequest
from jobs.gold.arrears import IN_ARREARS
from jobs.gold.features import EXPOSURE
from storage.db.ledger import Ledger
from storage.lake.names import OUTCOMES
from storage.ledger.leases import claim, finish
from storage.ledger.runs import Request, request_run
from storage.ledger.tasks import plan_tasks, update_task
from tests.commands import command
from tests.sandbox import AS_OF, Sandbox

METRICS_TASK = "calculate_monitoring_metrics"
NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
NOTHING_KEPT: Mapping[str, Any] = {"backtest": [], "segments": [], "losses": None}


def test_it_shows_backtest_segments_and_expected_loss(monitored_sandbox: Sandbox) -> None:
    told = json.loads(command("validation", "--json", "--home", str(monitored_sandbox.home)).stdout)
    (row,) = monitored_sandbox.table("gold.model_monitoring").to_pylist()
    assert (told["monitoring_date"], told["version"]) == (str(AS_OF), row["model_version"])
    assert told["calibrated"]
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
    sentences = losses_in_words(losses, told["flagged"])
    assert sentences[-1].startswith(f"{row['flagged_loans']:,} loans of flagged customers, amount ")
    assert sentences[-1].endswith("Exposure and expected loss leave them out too.")
    for sentence in (calibration_in_words(whole), *sentences):
        assert sentence in done.stdout


def test_every_figure_stands_beside_the_one_of_loans_not_in_arrears(monitored_sandbox: Sandbox) -> None:
    home = str(monitored_sandbox.home)
    told, text = (
        json.loads(command("validation", "--json", "--home", home).stdout),
        command("validation", "--home", home),
    )
    loans = monitored_sandbox.table(OUTCOMES).to_pandas()
    known = loans[~loans["fitted"] & loans["label"].notna()]
    others = known[~known[IN_ARREARS]]
    whole, *cohorts = (row["not_in_arrears"] for row in told["backtest"])
    assert (whole["n"], whole["defaults"]) == (len(others), others["label"].sum())
    assert whole["mean_pd"] == pytest.approx(others["predicted_proba"].mean())
    assert sum(cohort["n"] for cohort in cohorts) == whole["n"] < told["backtest"][0]["n"]
    young = others[others["Age"].between(18, 24)]
    every = loans[~loans["fitted"] & ~loans[IN_ARREARS].astype(bool) & loans["Age"].between(18, 24)]
    (band,) = (row["not_in_arrears"] for row in told["segments"] if row["band"] == "18-24")
    assert band["auc"] == pytest.approx(roc_auc_score(young["label"].astype(int), young["predicted_proba"]), abs=1e-12)
    part = told["losses"]["known"]["not_in_arrears"]
    assert part["expected_loss"] == pytest.approx(0.45 * (others["predicted_proba"] * others[EXPOSURE]).sum())
    lines = [" ".join(line.split()) for line in text.stdout.splitlines()]
    assert (
        f"- not in arrears {whole['n']:,} {whole['defaults']:,} {whole['mean_pd']:.1%} {whole['bad_rate']:.1%}"
        in " ".join(lines)
    )
    assert (band["loans"], band["labelled"]) == (len(every), len(young))
    assert f"- not in arrears {len(every)} {band['auc']:.3f} {band['auc_low']:.3f} to" in " ".join(lines)
    # As many lines as groups with a loan in arrears, and two for each concentration.
    parts = [(row["n"], row["not_in_arrears"]["n"]) for row in told["backtest"]]
    parts += [(row["loans"], row["not_in_arrears"]["loans"]) for row in told["segments"]]
    sides = [told["losses"][what] for what in ("waiting", "known")]
    concentrations = sum(2 for side in sides if side["loans"] != side["not_in_arrears"]["loans"])
    assert text.stdout.count("- not in arrears") == sum(a != b for a, b in parts) + concentrations


def test_it_says_how_to_measure_what_a_smaller_feature_set_costs(monitored_sandbox: Sandbox) -> None:
    home = str(monitored_sandbox.home)
    (cost,) = json.loads(command("validation", "--json", "--home", home).stdout)["left_out_costs"]
    assert cost == {"feature_set": "safe14", "left_out": ["Age"], "version": None, "comparison": None}
    assert (
        "`python -m engine run training --param feature_set=all` measures it"
        in command("validation", "--home", home).stdout
    )


def test_a_date_that_was_not_monitored_says_what_to_run(monitored_sandbox: Sandbox) -> None:
    done = command("validation", "--date", "2020-01-01", "--home", str(monitored_sandbox.home))
    assert done.returncode == 2
    told = " ".join(done.stderr.split())
    assert f"2020-01-01 was not monitored; the nearest date with a record is {AS_OF}." in told
    assert "run monitoring --as-of 2020-01-01" in told


def test_a_model_of_an_earlier_release_is_told_to_have_no_probabilities() -> None:
    assert uncalibrated_in_words({"calibrated": True}, "v1") == uncalibrated_in_words({}, "v1") == ""
    told = uncalibrated_in_words({"calibrated": False}, "v1")
    assert told.startswith("Model v1 is of an earlier release and not calibrated: its probabilities")
    assert "are not known" in told


def test_a_date_shows_its_own_newest_record_and_no_date_shows_the_latest(deployment: Deployment) -> None:
    ledger = deployment.ledger
    first, second, third = date(2025, 5, 1), date(2025, 6, 1), date(2025, 7, 1)
    runs = [(third, "a"), (first, "b"), (first, "c"), (second, "failed")]  # in the order of their requests
    for minute, (day, version) in enumerate(runs):
        monitored(ledger, day, version, NOW + timedelta(minutes=minute))
    with ledger.reading() as connection:
        told = [validation_document(connection, day) for day in (None, third, first)]
        with pytest.raises(UnusableRequest, match=f"{second} was not monitored; the nearest date .* is {third}"):
            validation_document(connection, second)
    assert [(one["monitoring_date"], one["version"]) for one in told if one] == [
        (str(third), "a"),
        (str(third), "a"),
        (str(first), "c"),
    ]


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"losses": {"expected_loss": 1.0}},  # without the two parts
        {"segments": [{"band": "18-24", "loans": 3, "not_in_arrears": {"labelled": 2}}]},
    ],
)
def test_a_validation_of_another_form_says_what_to_run(deployment: Deployment, kept: dict[str, Any]) -> None:
    day = date(2025, 5, 1)
    monitored(deployment.ledger, day, "a", NOW, {**NOTHING_KEPT, **kept} if kept else kept)
    with (
        deployment.ledger.reading() as connection,
        pytest.raises(UnusableRequest, match=r"by an earlier release.*run monitoring --as-of 2025-05-01 --force`\.$"),
    ):
        validation_document(connection)


def test_the_numbers_of_loans_of_a_group_count_the_same_loans() -> None:
    found = {"auc": None, "auc_low": None, "bad_rate": 0.2, "mean_pd": 0.1, "light": "green"}
    apart = {**found, "loans": 80, "labelled": 40}
    approved = {"approval": 0.7, "approval_ratio": 0.75, "below_four_fifths": True}
    row = {**found, **approved, "band": "18-24", "loans": 100, "labelled": 40}
    whole, other = segment_cells({**row, "not_in_arrears": apart})
    assert other is not None
    assert (whole[:2], other[:2]) == (("18-24", "100"), (NOT_IN_ARREARS, "80"))
    assert segment_cells({**row, "not_in_arrears": {**apart, "loans": 100}})[1] is None
    assert segments_in_words([row]).startswith("1 group is approved less than")
    assert segments_in_words([row, row]).startswith("2 groups are approved less than")


def monitored(ledger: Ledger, day: date, version: str, now: datetime, kept: Mapping[str, Any] = NOTHING_KEPT) -> None:
    """A monitoring run of that date with a model of this version; it fails when the version says so."""
    with ledger.writing() as connection:
        run_id = request_run(connection, Request("monitoring", day, "a test"), now)
        lease = claim(connection, run_id, "a test", now)
        assert lease is not None
        if version == "failed":
            finish(connection, lease, "failed", {"type": "JobError", "message": "no", "exit_code": 1}, now)
            return
        values = {"row": {"model_version": version}, "validation": kept}
        plan_tasks(connection, run_id, [METRICS_TASK])
        update_task(connection, run_id, METRICS_TASK, outcome={"outcome": {"values": values}})
        finish(connection, lease, "succeeded", None, now)


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_an_empty_home_says_what_to_run(tmp_path: Path, words: list[str]) -> None:
    command("migrate", "--home", str(tmp_path / "home"))
    done = command("validation", *words, "--home", str(tmp_path / "home"))
    assert done.returncode == 0
    assert ("null" if words else "No monitoring results yet") in done.stdout
