"""The Drift page: the verdict, the filters, the panels, the selected feature, the downloads."""

import re
from datetime import timedelta
from io import BytesIO

import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from console.components.chart_panel import column_label, with_plain_words
from console.components.times import day as day_in_words
from console.drift.downloads import dashboard_of, png_of
from console.drift.features import feature_text
from console.drift.filters import preset_period
from console.drift.query import ALL, Filters, narrowed, view_of
from tests.console.pages import Opened, words
from tests.retail import BOOK
from tests.sandbox import AS_OF, Sandbox

LATER = [AS_OF + timedelta(days=days) for days in (30, 120, 150)]


@pytest.fixture(scope="module")
def two_champions(monitored_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A deployment with two monitored dates of a first champion and two of the one after it."""
    sandbox = monitored_sandbox.copy(tmp_path_factory.mktemp("champion_periods") / "home")
    for day in LATER:
        if day == LATER[1]:
            sandbox.succeed("training", day, data=sandbox.data(), feature_set="behavioural")
        sandbox.succeed("inference", day)
        sandbox.succeed("monitoring", day)
    return sandbox


def panels(app: AppTest) -> list[str]:
    """The headings of the charts."""
    return re.findall(r'<h2 class="lw-head">([^<]+)</h2>', words(app))


def row_of(sandbox: Sandbox, day: object) -> dict[str, object]:
    return next(row for row in sandbox.table("gold.model_monitoring").to_pylist() if row["monitoring_date"] == day)


def test_an_empty_home_says_what_to_do_next(opened: Opened, empty_sandbox: Sandbox, trained_sandbox: Sandbox) -> None:
    assert "python -m engine run training" in words(opened(empty_sandbox.home, "drift"))
    said = words(opened(trained_sandbox.home, "drift"))
    assert f"Model {trained_sandbox.champions()[0].version} is champion and has not been monitored." in said


def test_all_panels_and_curves_stand_with_their_numbers(opened: Opened, monitored_sandbox: Sandbox) -> None:
    app = opened(monitored_sandbox.home, "drift")
    found = panels(app)
    for name in (
        "AUC by origination cohort",
        "Score drift (PSI) over time",
        "Precision, recall and F1 by origination cohort",
        "Confusion matrix",
        "Score distribution",
        "Feature drift (CSI), largest first",
        "ROC curve",
        "Precision and recall",
        "Calibration by score decile",
        "Vintage curves",
    ):
        assert name in found
    assert len(app.get("vega_lite_chart")) == len(found), "each heading has a drawing"


def test_the_verdict_has_interval_loans_and_level_of_chance(opened: Opened, monitored_sandbox: Sandbox) -> None:
    said = words(opened(monitored_sandbox.home, "drift"))
    row = row_of(monitored_sandbox, AS_OF)
    loans = f"{row['defaults']} defaults of {row['auc_from']} to {row['auc_to']}"
    assert f"AUC {row['auc']:.3f} (95% interval {row['auc_low']:.3f} to {row['auc_high']:.3f}, {loans})" in said
    assert f"noise level (99%) {row['psi_chance_level']:.3f}" in said


@pytest.mark.thorough
def test_all_champions_are_shown_first_then_the_one_that_is_selected(opened: Opened, two_champions: Sandbox) -> None:
    app = opened(two_champions.home, "drift")
    assert app.selectbox(key="drift-model").value == ALL
    assert len(app.selectbox(key="drift-day").options) == 4
    assert "AUC by monitoring date" in panels(app)
    past = two_champions.champions()[1].version
    app.selectbox(key="drift-model").select(past).run()
    assert app.query_params["model"] == past
    assert len(app.selectbox(key="drift-day").options) == 2
    assert f"Model {past}, champion then; now it is {two_champions.champions()[0].version}." in words(app)


@pytest.mark.thorough
def test_a_date_of_the_past_is_looked_at_as_it_was(opened: Opened, two_champions: Sandbox) -> None:
    app = opened(two_champions.home, "drift", day=str(AS_OF))
    row = row_of(two_champions, AS_OF)
    assert app.selectbox(key="drift-day").value == AS_OF
    assert f"{row['defaults']} defaults of {row['auc_from']} to {row['auc_to']}" in words(app)
    assert f"AUC {row['auc']:.3f}" in words(app)


@pytest.mark.thorough
def test_periods_narrow_the_history(opened: Opened, two_champions: Sandbox) -> None:
    app = opened(two_champions.home, "drift", period="3m")
    assert len(app.selectbox(key="drift-day").options) == 2
    app.segmented_control(key="drift-period").set_value("all").run()
    assert len(app.selectbox(key="drift-day").options) == 4
    assert preset_period("3m", AS_OF, LATER[2]) == ((pd.Timestamp(LATER[2]) - pd.DateOffset(months=3)).date(), LATER[2])
    assert preset_period("all", AS_OF, LATER[2]) == (AS_OF, LATER[2])
    history = two_champions.table("gold.model_monitoring").to_pandas(date_as_object=True)
    shown = narrowed(history, Filters(two_champions.champions()[0].version, AS_OF, LATER[1], LATER[1]))
    assert shown["monitoring_date"].tolist() == [LATER[1]]


@pytest.mark.thorough
def test_a_feature_is_shown_closer_with_its_bins_and_its_history(opened: Opened, monitored_sandbox: Sandbox) -> None:
    app = opened(monitored_sandbox.home, "drift")
    ranked = monitored_sandbox.table("gold.model_monitoring_features").to_pandas()
    ranked = ranked.dropna(subset=["csi"]).sort_values(["csi", "feature"], ascending=[False, True])
    picker = app.selectbox(key="drift-feature")
    assert picker.options == [feature_text(name) for name in ranked["feature"]]
    assert f"{BOOK.plain_name(picker.value)}: baseline and current window" in panels(app)
    other = ranked["feature"].iloc[3]
    picker.select(other).run()
    assert f"{BOOK.plain_name(other)}: baseline and current window" in panels(app)
    assert app.query_params["feature"] == other
    assert f"{BOOK.plain_name(other)}: baseline and current window" in panels(
        opened(monitored_sandbox.home, "drift", feature=other)
    )


def test_tables_of_numbers_have_plain_words_and_the_csv_has_the_stored_ones() -> None:
    numbers = pd.DataFrame({"feature": ["fe_10_std"], "status": ["insufficient"], "reference_count": [3]})
    rows = with_plain_words(numbers, BOOK.plain_name)
    assert rows.iloc[0].tolist() == ["Click feature 10, std. dev.", "fe_10_std", "too few loans", 3]
    assert [column_label(name) for name in ("reference_count", "chance_level")] == [
        "baseline count",
        "noise level (99%)",
    ]
    assert numbers["status"].tolist() == ["insufficient"]


@pytest.mark.thorough
def test_too_few_loans_are_shown_instead_of_a_drift(opened: Opened, sandbox: Sandbox) -> None:
    sandbox.succeed("monitoring", drift_rows=1_000_000)
    said = words(opened(sandbox.home, "drift"))
    (row,) = sandbox.table("gold.model_monitoring").to_pylist()
    assert f"{row['window_rows']} loans in the current window are too few to measure drift" in said
    assert f"Feature drift of {day_in_words(AS_OF)} is not measured: too few loans" in said


@pytest.mark.thorough
def test_the_picture_is_of_the_model_the_period_and_the_date_in_view(
    opened: Opened, two_champions: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANWATCH_HOME", str(two_champions.home))
    opened(two_champions.home, "drift")
    history = two_champions.table("gold.model_monitoring").to_pandas(date_as_object=True)
    past, now = two_champions.champions()[1].version, two_champions.champions()[0].version
    view = view_of(Filters(past, LATER[0], LATER[0], LATER[0]), history)
    shown = dashboard_of(view)
    assert (shown.model_version, shown.as_of, shown.history["monitoring_date"].tolist()) == (past, LATER[0], LATER[:1])
    assert shown.confusion["count"].sum() == row_of(two_champions, LATER[0])["labelled"]
    every = view_of(Filters(ALL, AS_OF, LATER[2], LATER[1]), history)
    assert dashboard_of(every).history["monitoring_date"].tolist() == [AS_OF, *LATER[:2]]
    assert dashboard_of(every).model_version == now
    assert Image.open(BytesIO(png_of(view))).width > 1_700


def test_the_ranking_weighs_the_drift_of_each_feature_by_its_importance(
    opened: Opened, monitored_sandbox: Sandbox
) -> None:
    app = opened(monitored_sandbox.home, "drift")
    assert not app.dataframe, "the numbers of a chart are made only while they are open"
    app.session_state["numbers-feature-drift"] = True
    (shown,) = app.run().dataframe
    numbers = shown.value
    assert {"weight", "csi"} <= set(numbers)
    assert [each.proto.label for each in app.get("download_button")].count("Download CSV") == 1
    (champion,) = monitored_sandbox.champions()
    importance = {one["feature"]: one["importance"] for one in champion.summary["importance"]}
    # Without a healthy date before it the change is that from the baseline, the CSI.
    expected = [csi * max(importance[name], 0) for name, csi in zip(numbers["feature"], numbers["csi"], strict=True)]
    assert numbers["weight"].tolist() == pytest.approx(expected)
    assert expected == sorted(expected, reverse=True)
    assert max(expected) > 0


def test_the_numbers_of_two_curves_name_the_loans_of_each_row(opened: Opened, monitored_sandbox: Sandbox) -> None:
    app = opened(monitored_sandbox.home, "drift")
    for panel, of_each in (("roc", "false_positive_rate"), ("calibration", "mean_score")):
        app.session_state[f"numbers-{panel}"] = True
        (shown,) = [table for table in app.run().dataframe if of_each in table.value]
        assert set(shown.value["loans"]) == {"all labelled", "not in arrears at scoring"}
