"""The six panels and the dashboard, drawn for real: whole year, one month, nothing at all."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from jobs.charts.cohorts import auc_by_month, scores_by_month
from jobs.charts.kit import INKS, months
from jobs.charts.report import (
    DashboardData,
    confusion_matrix,
    dashboard,
    dashboard_png,
    feature_drift,
    psi_over_time,
    score_distribution,
    themed,
)
from jobs.governance.breaches import Thresholds
from tests.jobs.charts.example import NOTHING, empty, layers, spec, year

PANELS = [auc_by_month, psi_over_time, score_distribution, feature_drift, scores_by_month, confusion_matrix]


def frames(data: DashboardData) -> list[pd.DataFrame]:
    return [data.cohorts, data.history, data.scores, data.drift, data.cohorts, data.confusion]


@pytest.mark.thorough
@pytest.mark.parametrize("data", [year(), year(1), year(30), empty()], ids=["year", "month", "long", "empty"])
def test_dashboard_png_is_wide_small_and_always_the_same(data: DashboardData) -> None:
    png = dashboard_png(dashboard(data))
    assert png == dashboard_png(dashboard(data))
    image = Image.open(io.BytesIO(png))
    assert 1_700 <= image.width <= 1_900
    assert len(png) < 400_000
    # A picture of nothing but background has one colour; text and marks have many shades.
    assert len(image.convert("RGB").getcolors(1 << 24) or []) > 50


def test_text_is_drawn_by_the_font_that_comes_along() -> None:
    chart = themed(confusion_matrix(year().confusion))
    pictures = [dashboard_png(chart.properties(title=title), scale=1) for title in ("Words", "Other")]
    first, second = (np.asarray(Image.open(io.BytesIO(png)), dtype=int)[:60] for png in pictures)
    assert np.abs(first - second).max() > 100


def test_dashboard_tells_version_date_status_and_numbers() -> None:
    text = spec(dashboard(year()))
    for told in (
        "v1",
        "30 June 2024",
        "▲ Breach",
        "0.741",
        "0.690 to 0.790",
        "0.250",
        "noise level (99%) 0.030",
        "2,000",
    ):
        assert told in text


@pytest.mark.thorough
@pytest.mark.parametrize("index", range(6))
def test_each_panel_draws_alone_in_both_themes_and_other_widths(index: int) -> None:
    chart = PANELS[index](frames(year())[index]).properties(width=320)
    light, dark = dashboard_png(themed(chart), scale=1), dashboard_png(themed(chart, "dark"), scale=1)
    corners = [Image.open(io.BytesIO(png)).convert("RGB").getpixel((0, 0)) for png in (light, dark)]
    assert corners == [tuple(bytes.fromhex(INKS[name]["paper"][1:])) for name in ("light", "dark")]


@pytest.mark.parametrize("index", range(6))
def test_no_rows_and_no_values_say_so(index: int) -> None:
    frame = frames(year())[index]
    blank = frame.assign(
        **{c: np.nan for c in frame.select_dtypes("number").columns if c not in ("actual", "predicted")}
    )
    for nothing in (NOTHING, frame.iloc[:0], blank):
        text = spec(PANELS[index](nothing))
        assert " yet" in text
        assert "NaN" not in text


@pytest.mark.thorough
def test_rows_are_not_limited() -> None:
    count = 6_000
    days = pd.DataFrame({"monitoring_date": pd.date_range("2010-01-01", periods=count), "psi": 0.05})
    days = days.assign(psi_chance_level=0.03, window_rows=500, status="healthy")
    assert len(dashboard_png(themed(psi_over_time(days)), scale=1)) > 5_000


def test_absent_months_are_gaps_and_sizes_stand_under_months() -> None:
    cohorts = year().cohorts.drop(index=4).sample(frac=1, random_state=1)
    rows = months(cohorts)
    assert rows["cohort"].tolist() == [str(pd.Period("2023-07", "M") + i) for i in range(12)]
    assert rows["auc"].isna().tolist() == [i == 4 for i in range(12)]
    assert rows.loc[4, "month"] == "Nov|0|2023|2023-11"
    assert rows["month"].iloc[0] == f"Jul|{year().cohorts.loc[0, 'n']}|2023|2023-07"
    assert rows["month"].iloc[6].split("|")[2] == "2024"
    assert rows["shown"].all()
    assert months(year(40).cohorts)["shown"].sum() <= 13


@pytest.mark.thorough
def test_nullable_columns_are_taken() -> None:
    data = year()
    cohorts = data.cohorts.convert_dtypes()
    cohorts.loc[3, ["auc", "auc_low", "auc_high"]] = pd.NA
    assert len(dashboard_png(themed(auc_by_month(cohorts)), scale=1)) > 5_000
    history = data.history.convert_dtypes()
    history.loc[2, ["psi", "psi_chance_level"]] = pd.NA
    assert len(dashboard_png(themed(psi_over_time(history)), scale=1)) > 5_000


def test_months_below_the_threshold_have_a_sign_of_their_own() -> None:
    rows = layers(auc_by_month(year().cohorts, threshold=0.75))[-1]["rows"]
    assert [row["below"] for row in rows] == (year().cohorts["auc"] < 0.75).tolist()
    shape = layers(auc_by_month(year().cohorts))[-1]["encoding"]["shape"]
    assert shape["condition"]["value"] != shape["value"]


def test_bands_follow_the_thresholds_and_are_named() -> None:
    text = spec(psi_over_time(year().history, Thresholds(psi=0.3, psi_watch=0.15)))
    assert "moderate from 0.15" in text
    assert "significant from 0.3" in text


def test_features_are_ranked_and_named_by_band() -> None:
    chart = feature_drift(year().drift)
    (bars,) = [layer for layer in layers(chart) if layer["mark"]["type"] == "bar"]
    assert [row["feature"] for row in bars["rows"]] == ["Age", "tenure", "DTI"]
    assert "moderate ≥ 0.10" in spec(chart)
    assert "significant ≥ 0.20" in spec(chart)
    many = pd.DataFrame(
        {"feature": [f"f{i:02}" for i in range(17)], "csi": 0.01, "chance_level": 0.02, "band": "stable"}
    )
    assert "15 of 17 features" in spec(feature_drift(many))


def test_a_feature_has_its_plain_name_on_the_axis() -> None:
    labels = layers(feature_drift(year().drift, {"DTI": "Debt-to-income ratio"}))[-1]["encoding"]["y"]["axis"][
        "labelExpr"
    ]
    assert '"DTI": "Debt-to-income ratio"' in labels


def test_too_few_loans_is_the_word_for_insufficient() -> None:
    text = spec(psi_over_time(year(2).history.assign(status="insufficient")))
    assert "too few loans" in text
    assert "insufficient" not in text
    assert "○ Too few loans" in spec(dashboard(empty()))


def test_confusion_shares_are_of_the_actual_class() -> None:
    rows = layers(confusion_matrix(year().confusion))[0]["rows"]
    assert [row["text"] for row in rows] == [
        "80% of repaid loans", "20% of repaid loans", "20% of defaulted loans", "80% of defaulted loans",
    ]  # fmt: skip
    one_class = pd.DataFrame({"actual": [0, 0, 1, 1], "predicted": [0, 1, 0, 1], "count": [5, 1, 0, 0]})
    assert "0% of defaulted loans" in spec(confusion_matrix(one_class))


def test_scores_tell_how_many_loans_they_are() -> None:
    counted = year().scores.assign(reference_count=[300, 400, 300, 0], current_count=[40, 80, 80, 0])
    text = spec(score_distribution(counted))
    assert "baseline (1,000 loans)" in text
    assert "current window (200 loans)" in text


def test_precision_recall_and_f1_differ_by_shape_and_dash() -> None:
    lines, points = layers(scores_by_month(year().cohorts))
    assert len({json.dumps(dash) for dash in lines["encoding"]["strokeDash"]["scale"]["range"]}) == 3
    assert len(set(points["encoding"]["shape"]["scale"]["range"])) == 3
