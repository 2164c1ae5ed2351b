"""Dates and people: the champion of a date, the logical date of what a person did, and what set aside a rule."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from engine.control import approval, promotion, runs
from engine.deployment import Deployment
from engine.documents.champions.history import history_of, logical_dates
from engine.errors import UnusableRequest
from engine.report.facts import facts_of
from engine.report.page import report
from jobs.modelling.splits import labels_of, train_and_test
from storage.lake.names import TRAINING_DATA
from storage.ledger.models import model_names
from tests.champions import make_champion
from tests.engine.report.reading import Reading
from tests.sandbox import AS_OF, Sandbox

HOSTILE = '<img src="http://example.invalid/x.png"> & "quoted" <b>'
NUMBERS = ("loan_amt", "tenure")
LATER = AS_OF + timedelta(days=30)


@pytest.fixture(scope="module")
def decided(monitored_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A second champion without metadata of this release, which a person made champion, and what people did then."""
    sandbox = monitored_sandbox.copy(tmp_path_factory.mktemp("decided") / "home")
    train, _ = train_and_test([sandbox.table(TRAINING_DATA)])
    inputs = train.select(NUMBERS).to_pandas().fillna(0.0)
    pipeline = make_pipeline(KNeighborsClassifier(n_neighbors=25)).fit(inputs, labels_of(train))
    first = sandbox.champions()[0].version
    make_champion(sandbox, pipeline, NUMBERS)
    changed = sandbox.deployment.settings.model_copy(update={"require_approval": True})
    careful = sandbox.deployment.with_settings(changed)
    promotion.promote(careful, first, "it passed", by="ann")
    approval.reject(careful, first, "not trusted", by="cara")
    promotion.rollback(sandbox.deployment, HOSTILE, by=HOSTILE)
    promotion.promote(careful, "20300101_000000", "to be seen", by="ann")
    approval.reject(careful, "20300101_000000", "too simple", by="bob")
    asked = runs.checked_request(sandbox.deployment, "training", AS_OF, cause="governance", requested_by="the gate")
    runs.cancel(sandbox.deployment, runs.request(sandbox.deployment, asked), by="eve")
    yield sandbox
    sandbox.close()


def test_the_champion_of_a_date_is_the_one_that_was_monitored_else_the_last_one(decided: Sandbox) -> None:
    first, second = (model.version for model in decided.champions())
    assert facts_of(decided.deployment).version == first
    of_day = facts_of(decided.deployment, day=AS_OF)
    assert (of_day.version, of_day.monitored.day, of_day.asked) == (first, AS_OF, AS_OF)
    assert facts_of(decided.deployment, second).history == facts_of(decided.deployment).history
    with pytest.raises(UnusableRequest, match=f"There was no champion on {AS_OF - timedelta(days=1)}"):
        facts_of(decided.deployment, day=AS_OF - timedelta(days=1))
    with pytest.raises(UnusableRequest, match="2999-01-01 has not come yet"):
        facts_of(decided.deployment, day=date(2999, 1, 1))


def test_what_people_did_stands_with_who_when_and_why_and_is_no_html(decided: Sandbox) -> None:
    page = Reading(report(decided.deployment))
    assert page.faults == []
    assert "img" not in page.tags
    section = page.sections["decisions"]
    rows = section.tables["Actions of people, oldest first"][1:]
    first = decided.champions()[0].version
    told = {cells[3].partition("Override")[0]: cells for cells in rows}
    assert told["rollback"][2] == HOSTILE
    assert told["rollback"][4:] == [first, HOSTILE]
    assert told["request approval"][2:3] + told["request approval"][4:] == ["ann", "20300101_000000", "to be seen"]
    assert told["reject"][2:3] + told["reject"][4:] == ["bob", "20300101_000000", "too simple"]
    (cancelled,) = (cells for cells in rows if cells[3].startswith("cancel"))
    assert cancelled[2] == "eve"
    assert "Override: the retraining rule had requested it" in cancelled[3]
    assert "Override: the champion was replaced" in told["rollback"][3]
    assert "Override" not in told["reject"][3]  # a model without a promotion test
    (passed,) = (cells for cells in rows if cells[2] == "cara")
    assert passed[3:] == ["rejectOverride: it passed its promotion test", first, "not trusted"]
    assert "Rejected by cara. Promotion test: " in page.sections["candidates"].words
    assert f"3 of {len(rows)} are overrides" in section.words
    assert {cells[0] for cells in rows} == {str(AS_OF)}
    champions = page.sections["champions"].tables["Champions, newest first"][1:]
    assert [cells[0] for cells in champions] == [first, "20300101_000000", first]
    assert [cells[2] for cells in champions] == ["champion", str(AS_OF), str(AS_OF)]


def test_a_model_of_an_earlier_release_has_a_sentence_for_what_is_not_known(decided: Sandbox) -> None:
    page = Reading(report(decided.deployment, "20300101_000000"))
    assert page.faults == []
    said = {name: section.words for name, section in page.sections.items()}
    assert "The model was not monitored up to this date." in said["purpose"]
    assert "The extracts of this model are not known." in said["data"]
    assert "How the label was defined when the model was trained is not known." in said["label"]
    assert "Its scores are not calibrated: an earlier release trained it." in said["limits"]
    assert "The registry has no candidates of this version." in said["candidates"]
    assert "No promotion test was recorded for this version." in said["candidates"]
    assert "No backtest is known" in said["calibration"]
    assert "The drift of the features is not measured." in said["stability"]
    assert "No importance is known" in said["stability"]
    assert "No segments are known" in said["segments"]
    assert "can't be written" not in page.html.replace("&#39;", "'")


def test_a_model_whose_metadata_is_damaged_is_told_from_the_registry(decided: Sandbox) -> None:
    version = decided.champions()[0].version
    name = f"model_metadata_{version}.json"
    kept = decided.deployment.models.folder.read(name)
    decided.deployment.models.folder.write(name, b"{}")
    try:
        page = Reading(report(decided.deployment, version))
    finally:
        decided.deployment.models.folder.write(name, kept)
    assert "so parts of it are missing" in page.sections["purpose"].words
    assert "its SHA-256 is not the one that was registered" in page.sections["limits"].words
    assert page.sections["candidates"].tables["The candidates of the training, the best one first"]


def test_a_home_without_a_champion_says_so(deployment: Deployment) -> None:
    with pytest.raises(UnusableRequest, match="There is no champion yet"):
        facts_of(deployment)
    with pytest.raises(UnusableRequest, match="There is no model 'x'"):
        facts_of(deployment, "x")
    with deployment.ledger.reading() as connection:
        assert history_of(connection, ZoneInfo("UTC")).champion is None


def test_the_logical_date_of_an_action_is_its_day_or_that_of_the_replayed_run() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    live = (noon, noon + timedelta(minutes=5), date(2026, 3, 1))
    past = (noon + timedelta(days=10), noon + timedelta(days=10, minutes=5), date(2024, 5, 1))
    of = logical_dates([live, past], ZoneInfo("UTC"))
    assert of(noon - timedelta(hours=1)) == date(2026, 3, 1)  # before any run
    assert of(noon + timedelta(days=3)) == date(2026, 3, 4)  # a day on which nothing ran
    assert of(noon + timedelta(days=11)) == date(2024, 5, 1)
    late = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    assert logical_dates([live], ZoneInfo("Asia/Singapore"))(late) == date(2026, 3, 4)


@pytest.mark.thorough
def test_a_date_after_a_promotion_has_the_new_champion_and_its_figures(
    monitored_sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox = monitored_sandbox.copy(tmp_path / "home")
    before = report(sandbox.deployment, day=AS_OF)
    first = sandbox.champions()[0].version
    sandbox.succeed("training", LATER, data=sandbox.data(), candidates="LogisticRegression", auc_threshold=0.99)
    with sandbox.deployment.ledger.reading() as connection:
        second = model_names(connection, 1)[0]
    promotion.promote(sandbox.deployment, second, "simpler", by="ann")
    sandbox.succeed("inference", LATER)
    sandbox.succeed("monitoring", LATER)
    assert (facts_of(sandbox.deployment, day=AS_OF).version, facts_of(sandbox.deployment, day=LATER).version) == (
        first,
        second,
    )
    assert facts_of(sandbox.deployment, day=LATER - timedelta(days=1)).version == first
    after = Reading(report(sandbox.deployment, day=LATER))
    row = next(row for row in sandbox.table("gold.model_monitoring").to_pylist() if row["monitoring_date"] == LATER)
    history = after.sections["stability"].tables["Monitoring dates of all champions"][1:]
    assert [cells[:2] for cells in history] == [[str(AS_OF), first], [str(LATER), second]]
    assert history[1][7] == f"{row['psi']:.3f}"
    assert "Override: it did not pass its promotion test" in after.sections["decisions"].words
    assert "registered, never champion" not in after.html
    # Nothing of what came later is in the report on the earlier date.
    assert report(sandbox.deployment, day=AS_OF) == before
    assert second not in before.decode()
