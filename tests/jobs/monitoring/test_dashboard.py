from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jobs.charts.headline import headline_cards
from jobs.governance.breaches import Thresholds
from jobs.job import Job
from jobs.monitoring.dashboard import dashboard_data, headline_of, visualize_monitoring_dashboard
from storage.lake.names import MONITORING
from tests.sandbox import AS_OF, Sandbox

SETTINGS = {"auc_threshold": 0.72, "auc_least_defaults": 40, "psi_threshold": 0.25}
MEASURED, STORED = "calculate_monitoring_metrics", "store_monitoring_results_gold"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def job(monitored_sandbox: Sandbox, tmp_path: Path) -> Job:
    """The job of drawing the day that was monitored, into a folder of the test's own."""
    sandbox = monitored_sandbox
    (run,) = {version.version for name, version in sandbox.versions().items() if name == MONITORING}
    return Job(
        task="visualize_monitoring_dashboard",
        run_id=run,
        as_of=AS_OF,
        stamp="",
        roots=replace(sandbox.deployment.roots, reports=str(tmp_path / "reports")),
        settings=SETTINGS,
        tables={MONITORING: sandbox.versions()[MONITORING]},
        values={name: sandbox.values(run, name) for name in (MEASURED, STORED)},
    )


def changed(job: Job, **changes: Any) -> Job:
    found = {**job.values["calculate_monitoring_metrics"], **changes}
    return replace(job, values={MEASURED: found, STORED: {"cohorts": found["cohorts"]}})


def test_the_dashboard_is_a_picture_named_for_its_day(job: Job, tmp_path: Path) -> None:
    outcome = visualize_monitoring_dashboard(job)
    path = tmp_path / "reports" / "monitoring_dashboard_20251201.png"
    copy = tmp_path / "reports" / outcome.reports[0].name
    picture = copy.read_bytes()
    assert picture.startswith(PNG)
    assert int.from_bytes(picture[16:20], "big") > 800
    assert outcome.values["report"] == str(path)
    assert (copy.name, outcome.reports[0].bytes) == (path.name, len(picture))
    assert not path.exists()  # until the run has published it


def test_the_picture_shows_the_stored_numbers(job: Job) -> None:
    row = job.values["calculate_monitoring_metrics"]["row"]
    data = dashboard_data(job)
    assert (data.model_version, data.as_of, data.status) == (row["model_version"], AS_OF, row["status"])
    assert (data.headline.auc, data.headline.psi) == (row["auc"], row["psi"])
    assert (data.headline.auc_pooled, data.headline.labelled_rows) == (row["auc_pooled"], row["labelled_pooled"])
    assert data.headline.auc_loans == f"{row['defaults']} defaults of {row['auc_from']} to {row['auc_to']}"
    assert (data.thresholds.auc, data.thresholds.psi, data.thresholds.least_defaults) == (0.72, 0.25, 40)
    assert data.cohorts["n"].tolist() == data.cohorts["labelled"].tolist()
    assert data.cohorts["n"].sum() == row["labelled_pooled"]
    # Tenure and amount are the same for every loan, so that they can't drift.
    assert len(data.drift) == 13
    assert {"tenure", "loan_amt"}.isdisjoint(data.drift["feature"])
    assert data.confusion["count"].sum() == row["labelled"]
    assert data.scores["reference_share"].sum() == pytest.approx(1)
    assert data.history["auc"].tolist() == [row["auc"]]


def test_the_history_ends_with_the_day_itself(job: Job) -> None:
    assert dashboard_data(replace(job, as_of=date(2025, 11, 30))).history.empty


@pytest.mark.thorough
def test_a_day_on_which_nothing_could_be_measured_is_drawn_all_the_same(job: Job, tmp_path: Path) -> None:
    found = job.values["calculate_monitoring_metrics"]
    measured = ("auc", "auc_low", "auc_high", "auc_pooled", "precision", "recall", "f1", "psi", "psi_chance_level")
    nothing = {**dict.fromkeys((*measured, "auc_from", "auc_to")), "labelled": 0, "labelled_pooled": 0}
    row = {**found["row"], **nothing, "status": "insufficient"}
    features = [{**one, "csi": None, "chance_level": None, "band": None} for one in found["features"]]
    nothing_drawn = changed(job, row=row, features=features, cohorts=[], confusion=[], scores=[])
    (facts,) = visualize_monitoring_dashboard(nothing_drawn).reports
    assert (tmp_path / "reports" / facts.name).read_bytes().startswith(PNG)


def test_a_row_of_an_earlier_release_has_the_auc_of_all_outcomes(job: Job) -> None:
    row = job.values[MEASURED]["row"]
    old = {name: value for name, value in row.items() if not name.endswith(("_from", "_to", "_pooled"))}
    line = headline_of(old)
    assert (line.auc, line.auc_pooled, line.labelled_rows) == (row["auc"], row["auc"], row["labelled"])
    assert line.auc_loans == f"{row['labelled']} labelled loans"


def test_the_card_says_that_an_auc_of_too_few_defaults_is_not_judged(job: Job) -> None:
    row = job.values[MEASURED]["row"]
    few = headline_of({**row, "auc_status": "insufficient", "defaults": 12})
    cards = headline_cards(few, "insufficient", Thresholds(0.7, 0.2, 0.1)).set_index("label")
    assert cards.loc["AUC, threshold 0.70", "note"] == "not judged, 12 defaults"
    assert headline_of({**row, "auc_status": "insufficient", "defaults": 1}).not_judged == "not judged, 1 default"
    assert headline_of(row).not_judged == ""


@pytest.mark.thorough
def test_the_same_numbers_are_the_same_picture(job: Job) -> None:
    first, second = (visualize_monitoring_dashboard(job).reports[0] for _ in range(2))
    assert first.sha256 == second.sha256
