"""The Models page: versions, candidates, lineage, comparison, champions over time, promotion and rollback."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from markupsafe import escape
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from console.models.pair.comparison import CHANGE
from console.models.promotion import refuse_changed
from engine.control import promotion
from engine.documents.champions.pair import pair_rows, pair_sentences
from engine.errors import Refused
from storage.db.model_tables import models
from storage.lake.names import TRAINING_DATA
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.models import alias_rows, champions, model_rows
from tests.commands import command, document
from tests.console.pages import Opened, forget, words
from tests.retail import FEATURE_SETS
from tests.sandbox import Sandbox

NAMES = ("LogisticRegression", "Scorecard")
NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def two_models(trained_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A deployment with a champion on 15 features and a newer model on every feature set that was refused."""
    sandbox = trained_sandbox.copy(tmp_path_factory.mktemp("two") / "home")
    chosen = {"feature_set": "all", "candidates": ",".join(NAMES)}
    sandbox.succeed("training", data=sandbox.data(), **chosen, auc_threshold=0.99)
    return sandbox


@pytest.fixture
def two(two_models: Sandbox, tmp_path: Any) -> Sandbox:
    """A copy of it, to do with as one likes."""
    return two_models.copy(tmp_path / "home")


def versions(sandbox: Sandbox) -> list[str]:
    """All versions, newest first."""
    with sandbox.deployment.ledger.reading() as connection:
        return [row.version for row in model_rows(connection)]


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def reason(app: AppTest) -> Any:
    """The field for the reason in the dialog that is open."""
    return next(field for field in app.text_input if field.label.startswith("Reason"))


def confirming(app: AppTest) -> list[Any]:
    """The button of the dialog that is open, if one is."""
    return [button for button in app.button if (button.key or "").endswith("-confirm")]


def confirm(app: AppTest) -> Any:
    return confirming(app)[0]


def test_an_empty_home_says_what_will_be_here(opened: Opened, empty_sandbox: Sandbox) -> None:
    told = words(opened(empty_sandbox.home, "models"))
    assert "No models yet" in told
    assert "python -m engine run training" in told


def test_the_champion_is_shown_first(opened: Opened, two_models: Sandbox) -> None:
    refused, champion = versions(two_models)
    app = opened(two_models.home, "models")
    told = words(app)
    assert f'lw-figure">{champion}' in told
    assert app.header[0].value == champion
    frame = app.dataframe[0].value
    assert frame["Version"].tolist() == [refused, champion]
    assert frame["Role"].tolist() == ["", "★ champion, anchor"]
    assert frame["Promotion test"][0].startswith("✗ not promoted: its AUC")
    assert frame["Test loans"][0] > 100
    assert f"promote-{champion}" not in keys(app)


def test_a_version_shows_all_its_candidates_and_why_it_was_refused(opened: Opened, two_models: Sandbox) -> None:
    refused, champion = versions(two_models)
    app = opened(two_models.home, "models", version=refused)
    told = words(app)
    assert app.header[0].value == refused
    for name in NAMES:
        for features in FEATURE_SETS:
            assert f"{name} ({features})" in told
    assert "is below 0.99" in told
    assert "threshold 0.99" in told
    assert f"{champion}, AUC" in told
    assert "ranks better than" in told or "No significant difference" in told
    assert "It was never champion." in told


def test_a_scorecard_shows_its_points(opened: Opened, two_models: Sandbox) -> None:
    refused, champion = versions(two_models)
    told = words(opened(two_models.home, "models", version=refused))
    (shown,) = document("models", refused, "--home", str(two_models.home))
    assert set(shown["scorecards"]) == {f"Scorecard ({name})" for name in FEATURE_SETS}
    card = shown["scorecards"]["Scorecard (safe15)"]
    for row in card["rows"]:
        assert escape(row["bin"]) in told
    assert "Points of Scorecard (safe15)" in told
    assert "600 stands for 50 good loans to one default; 20 more points double" in told
    assert "Points of" not in words(opened(two_models.home, "models", version=champion))
    text = command("models", refused, "--home", str(two_models.home)).stdout
    assert "Points of Scorecard (safe15)." in text
    assert card["rows"][0]["bin"] in text
    assert document("models", champion, "--home", str(two_models.home))[0]["scorecards"] == {}
    assert command("models", "none", "--home", str(two_models.home)).returncode == 2


def test_an_unknown_version_is_one_sentence(opened: Opened, two_models: Sandbox) -> None:
    told = words(opened(two_models.home, "models", version="<b>none</b>"))
    assert "No model is registered as &lt;b&gt;none&lt;/b&gt;" in told


def test_lineage_leads_to_the_extracts(opened: Opened, two_models: Sandbox) -> None:
    refused = versions(two_models)[0]
    app = opened(two_models.home, "models", version=refused, part="Lineage")
    told = words(app)
    for table in ("gold.model_training_data", "silver.loan_daily", "staged.loan_daily", "bronze.LMS_loans"):
        assert f"<b>{table}</b>" in told
    sources = {
        path: digest
        for name, one in two_models.versions().items()
        if name.startswith("bronze.")
        for path, digest in one.sources.items()
    }
    assert len(sources) == 4
    for path, digest in sources.items():
        assert digest in told
        assert f"{digest}  {path}" in app.code[0].value


def test_contents_tell_features_settings_libraries_and_digests(opened: Opened, two_models: Sandbox) -> None:
    with two_models.deployment.ledger.reading() as connection:
        row = model_rows(connection)[0]
    told = words(opened(two_models.home, "models", version=row.version, part="Features, parameters, files"))
    assert "hist_Loan_Payment_Ratio" in told
    assert "auc_threshold" in told
    assert "scikit-learn" in told
    for facts in row.files.values():
        assert facts["sha256"] in told


def test_a_version_has_a_card_segments_and_hyperparameters(opened: Opened, two_models: Sandbox) -> None:
    refused, champion = versions(two_models)
    card = words(opened(two_models.home, "models", version=refused, part="Model card"))
    assert "The model gives each loan of book retail a probability of default" in card
    assert "A loan is bad when overdue_amt" in card
    assert "registered, never champion" in card
    assert "Known faults" in card
    segments = words(opened(two_models.home, "models", version=champion, part="Segments"))
    assert 'id="segments"' in segments
    (shown,) = document("models", refused, "--home", str(two_models.home))
    assert set(shown["hyperparameters"]) == {f"{name} ({features})" for name in NAMES for features in FEATURE_SETS}
    files = words(opened(two_models.home, "models", version=refused, part="Features, parameters, files"))
    for name, value in shown["hyperparameters"][f"LogisticRegression ({next(iter(FEATURE_SETS))})"].items():
        assert f">{name}</span>" in files
        assert str(escape(repr(value))) in files


def test_damaged_metadata_is_told_and_the_registry_still_shown(opened: Opened, two: Sandbox) -> None:
    refused = versions(two)[0]
    (two.home / "model_store" / f"model_metadata_{refused}.json").write_text("{}")
    told = words(opened(two.home, "models", version=refused))
    assert "its SHA-256 is not the one that was registered" in told
    assert "LogisticRegression (safe15)" in told


@pytest.mark.thorough
@pytest.mark.thorough
def test_a_version_of_many_train_rows_shows_what_was_fitted_and_why(opened: Opened, two: Sandbox) -> None:
    two.succeed("training", data=two.data(), candidates="GradientBoostingClassifier", exact_fit_rows=500)
    told = words(opened(two.home, "models", version=versions(two)[0], part="Features, parameters, files"))
    assert "max_iter" in told
    assert "stands in for exact boosting, because there are more than exact_fit_rows, 500." in told


def test_two_versions_show_what_differs_and_on_demand_the_rest(opened: Opened, two_models: Sandbox) -> None:
    refused, champion = versions(two_models)
    app = opened(two_models.home, "models", a=champion, b=refused)
    told = words(app)
    assert [picker.value for picker in app.selectbox] == [champion, refused]
    assert "hist_total_paid" in told
    assert f"{champion} minus {refused} is" in told
    assert "scikit-learn" not in told
    assert "bronze.LMS_loans" not in told
    app.toggle(key="compare-all").set_value(True).run()
    assert "scikit-learn" in words(app)
    assert "bronze.LMS_loans" in words(app)
    app.button(key="compare-swap").click().run()
    assert [picker.value for picker in app.selectbox] == [refused, champion]
    assert (app.query_params["a"], app.query_params["b"]) == (refused, champion)


def test_one_version_alone_can_not_be_compared(opened: Opened, trained_sandbox: Sandbox) -> None:
    assert "Nothing to compare yet" in words(opened(trained_sandbox.home, "models", view="Compare two"))


def test_a_refused_version_is_promoted_with_a_reason_only(opened: Opened, two: Sandbox) -> None:
    refused, champion = versions(two)
    app = opened(two.home, "models", version=refused)
    app.button(key=f"promote-{refused}").click().run()
    told = words(app)
    assert "It did not pass its promotion test." in told
    assert "below the threshold 0.99" in told
    assert champion in told
    assert confirm(app).disabled
    reason(app).input("   ").run()
    assert confirm(app).disabled
    reason(app).input(" the committee wants it ").run()
    confirm(app).click().run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == [f"{refused} is champion now. The next inference uses it."]
    assert f'lw-figure">{refused}' in words(app)
    assert not confirming(app)
    with two.deployment.ledger.reading() as connection:
        event = alias_rows(connection)[0]
        action = action_page(connection, ActionFilter(), 1)[0]
    assert (event.version, event.why) == (refused, "the committee wants it")
    assert (action.action, action.subject, action.reason) == ("promote", refused, "the committee wants it")


def test_a_rollback_makes_the_champion_before_champion_again(opened: Opened, two: Sandbox) -> None:
    refused, champion = versions(two)
    app = opened(two.home, "models")
    assert app.button(key="rollback").disabled  # there was no other champion yet
    app.query_params["version"] = refused
    app.run().button(key=f"promote-{refused}").click().run()
    reason(app).input("try it").run()
    confirm(app).click().run()
    app.button(key="rollback").click().run()
    assert champion in words(app)
    reason(app).input("it was no good").run()
    confirm(app).click().run()
    with two.deployment.ledger.reading() as connection:
        assert champions(connection)[0].version == champion
        assert action_page(connection, ActionFilter(), 1)[0].action == "rollback"
    told = words(opened(two.home, "models", view="Champions over time"))
    for why in (f"in place of {champion} by", "try it", f"Rolled back in place of {refused} by", "it was no good"):
        assert why in told


@pytest.mark.thorough
def test_a_cancelled_dialog_does_nothing(opened: Opened, two: Sandbox) -> None:
    refused, champion = versions(two)
    app = opened(two.home, "models", version=refused)
    app.button(key=f"promote-{refused}").click().run()
    reason(app).input("mine").run()
    app.button(key=f"promote-{refused}-cancel").click().run()
    assert not confirming(app)
    assert two.champions()[0].version == champion


def test_a_dialog_that_shows_an_earlier_champion_is_refused(two: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = versions(two)[0]
    monkeypatch.setenv("LOANWATCH_HOME", str(two.home))
    forget()
    shown = two.champions()
    assert refuse_changed(shown) == ""
    promotion.promote(two.deployment, refused, "first", by="analyst")
    with pytest.raises(Refused, match="The champion has changed"):
        refuse_changed(shown)
    forget()


def test_a_damaged_model_is_not_promoted(opened: Opened, two: Sandbox) -> None:
    refused, champion = versions(two)
    app = opened(two.home, "models", version=refused)
    (two.home / "model_store" / f"best_model_{refused}.pkl").write_bytes(b"not it")
    app.button(key=f"promote-{refused}").click().run()
    reason(app).input("mine").run()
    confirm(app).click().run()
    assert "is not the one that was registered" in words(app)
    with two.deployment.ledger.reading() as connection:
        assert champions(connection)[0].version == champion


@pytest.mark.thorough
def test_many_versions_come_in_pages(opened: Opened, two: Sandbox) -> None:
    ledger = two.deployment.ledger
    with ledger.reading() as connection:
        row = dict(model_rows(connection)[-1]._mapping)
    ages = {f"2020{number:04d}_000000": timedelta(days=3000 - number) for number in range(60)}
    old = [row | {"version": version, "created_at": NOW - age} for version, age in ages.items()]
    with ledger.writing() as connection:
        connection.execute(insert(models), old)
    app = opened(two.home, "models")
    assert len(app.dataframe[0].value) == 50
    last = opened(two.home, "models", version="20200003_000000")
    assert last.header[0].value == "20200003_000000"
    assert not last.warning
    assert len(last.dataframe[0].value) == 12
    assert "20200003_000000" in last.dataframe[0].value["Version"].tolist()


def test_a_version_that_waits_is_approved_by_another_person(opened: Opened, two: Sandbox) -> None:
    refused = versions(two)[0]
    strict = two.deployment.with_settings(two.deployment.settings.changed(require_approval=True))
    promotion.promote(strict, refused, "it knows more", by="analyst")
    said = words(opened(two.home))
    assert f"Model {refused} waits for approval by a second person" in said
    assert "Requested by analyst. Reason: it knows more" in said
    app = opened(two.home, "models", version=refused)
    assert f"{refused} waits for approval" in words(app)
    assert "Reason: it knows more" in words(app)
    assert f"promote-{refused}" not in keys(app)
    app.button(key=f"approve-{refused}").click().run()
    reason(app).input("checked").run()
    confirm(app).click().run()
    assert not app.exception
    assert two.champions()[0].version == refused
    assert "Approved by" in words(app)


def test_two_versions_are_drawn_over_each_other_on_the_same_loans(opened: Opened, two_models: Sandbox) -> None:
    refused, champion = versions(two_models)
    home = str(two_models.home)
    found = document("models", refused, "--against", champion, "--home", home)
    unseen = two_models.table(TRAINING_DATA).filter(pc.field("split") == "test")
    assert found["difference"]["n"] == unseen.num_rows
    assert found["difference"]["positives"] == pc.sum(unseen["label"]).as_py()
    with two_models.deployment.ledger.reading() as connection:
        auc = {row.version: row.summary["test_auc"] for row in model_rows(connection)}
    for side, version in (("a", refused), ("b", champion)):
        judged = found[side]
        assert judged["version"] == version
        assert found["difference"][f"auc_{side}"] == pytest.approx(auc[version])
        assert np.trapezoid(judged["true_positive_rate"], judged["false_positive_rate"]) == pytest.approx(auc[version])
        assert sum(judged["shares"]) == pytest.approx(1.0)
        assert sum(one["n"] for one in judged["calibration"]) == unseen.num_rows
    app = opened(two_models.home, "models", a=refused, b=champion)
    told = words(app)
    for sentence in pair_sentences(found):
        assert sentence in told
    rows = pair_rows(found)
    printed = command("models", refused, "--against", champion, "--home", home).stdout
    for row in rows:
        assert all(row[name] in printed for name in ("AUC", "a", "b", "a_minus_b"))
    for row in rows[:-1]:
        assert f"<td>AUC {row['AUC']}</td>" in told
        assert f"{row['a_minus_b']}</td>" in told
    assert f">{CHANGE}</th>" in told
    assert "Test AUC on its own test loans" in told
    for heading in ("ROC curves", "Calibration by score decile", "Score distributions"):
        assert f'lw-head">{heading}' in told
    assert command("models", champion, "--against", champion, "--home", home).returncode == 2
    assert command("models", champion, "--against", "none", "--home", home).returncode == 2


def test_versions_that_can_not_be_opened_are_not_drawn(opened: Opened, two: Sandbox) -> None:
    refused, champion = versions(two)
    (two.home / "model_store" / f"best_model_{refused}.pkl").write_bytes(b"changed")
    told = words(opened(two.home, "models", a=refused, b=champion))
    assert "The two can&#39;t be compared on the same loans" in told
    assert "its SHA-256 is not the one that was registered" in told
    assert "Metrics of the selected model" in told
