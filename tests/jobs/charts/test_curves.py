"""ROC, precision-recall, calibration and vintage panels, drawn for real."""

import io
import json
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from jobs.charts.curves import MOST_COHORTS, MOST_POINTS, as_frame, calibration, precision_recall, roc_curve, vintage
from jobs.charts.kit import INKS
from jobs.charts.report import dashboard_png, themed
from jobs.statistics.calibration import calibration_bins
from jobs.statistics.curves import precision_recall_points, roc_points
from jobs.statistics.discrimination import auc_with_interval
from jobs.statistics.vintage import vintage_curves
from tests.jobs.charts.example import layers

GENERATOR = np.random.default_rng(1)
SCORES = GENERATOR.beta(2, 4, 1_500)
LABELS = (GENERATOR.random(1_500) < SCORES).astype(int)
AUC = auc_with_interval(LABELS, SCORES)
ROC = pd.DataFrame(dict(zip(("false_positive_rate", "true_positive_rate"), roc_points(LABELS, SCORES), strict=True)))
PR = pd.DataFrame(dict(zip(("recall", "precision"), precision_recall_points(LABELS, SCORES), strict=True)))
BINS = as_frame(calibration_bins(LABELS, SCORES))
COHORTS = np.repeat([str(pd.Period("2024-01", "M") + i) for i in range(10)], 60)
AGES = np.repeat(12 - np.arange(10), 60) - GENERATOR.integers(0, 2, 600)
BAD = np.where(GENERATOR.random(600) < 0.3, GENERATOR.integers(3, 7, 600).astype(float), np.nan)
VINTAGES = as_frame(vintage_curves(COHORTS.tolist(), BAD, AGES))
CHARTS = {
    "roc": roc_curve(ROC, AUC),
    "precision_recall": precision_recall(PR, AUC),
    "calibration": calibration(BINS),
    "vintage": vintage(VINTAGES),
}


def subtitle(chart: alt.LayerChart) -> str:
    return str(chart.to_dict()["title"]["subtitle"])


@pytest.mark.thorough
@pytest.mark.parametrize("name", CHARTS)
def test_each_panel_draws_in_both_themes_and_is_always_the_same(name: str) -> None:
    chart = CHARTS[name].properties(width=320)
    light, dark = dashboard_png(themed(chart), scale=1), dashboard_png(themed(chart, "dark"), scale=1)
    assert light == dashboard_png(themed(chart), scale=1)
    images = [Image.open(io.BytesIO(png)).convert("RGB") for png in (light, dark)]
    papers = [tuple(bytes.fromhex(INKS[theme]["paper"][1:])) for theme in ("light", "dark")]
    assert [image.getpixel((0, 0)) for image in images] == papers
    assert all(len(image.getcolors(1 << 24) or []) > 30 for image in images)


@pytest.mark.parametrize("panel", [roc_curve, precision_recall, calibration, vintage])
def test_no_rows_say_so(panel: Any) -> None:
    assert " yet" in json.dumps(panel(pd.DataFrame()).to_dict())


def test_curves_tell_the_area_its_interval_and_the_loans_behind_them() -> None:
    assert f"AUC {AUC.value:.3f} (95% interval {AUC.low:.3f} to {AUC.high:.3f})" in subtitle(CHARTS["roc"])
    for name in ("roc", "precision_recall"):
        assert f"1,500 labelled loans, {LABELS.sum()} defaulted" in subtitle(CHARTS[name])
    assert "1,500 labelled loans" in subtitle(CHARTS["calibration"])
    perfect = auc_with_interval([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert "AUC 1.000, no interval" in subtitle(roc_curve(ROC, perfect))


def test_a_long_curve_keeps_its_ends_and_few_points() -> None:
    rows = layers(CHARTS["roc"])[-1]["rows"]
    assert len(rows) <= MOST_POINTS + 1 < len(ROC)
    ends = [(row["false_positive_rate"], row["true_positive_rate"]) for row in (rows[0], rows[-1])]
    assert ends == [(0, 0), (1, 1)]


def test_chance_is_the_bad_rate_of_precision() -> None:
    chance = layers(CHARTS["precision_recall"])[0]
    assert [row["bad_rate"] for row in chance["rows"]] == pytest.approx([LABELS.mean()])
    assert chance["mark"]["strokeDash"]


def test_calibration_marks_the_loans_not_in_arrears() -> None:
    apart = as_frame(calibration_bins(LABELS[:500], SCORES[:500]))
    chart = calibration(BINS, apart)
    (marks,) = [layer for layer in layers(chart) if layer["mark"].get("shape") == "diamond"]
    assert "diamonds: loans not in arrears at scoring" in subtitle(chart)
    assert "diamonds" not in subtitle(calibration(BINS, apart.iloc[:0]))
    assert marks["encoding"]["y"]["field"] == "bad_rate"


def test_calibration_shows_the_interval_of_each_bin() -> None:
    (bars,) = [layer for layer in layers(CHARTS["calibration"]) if "y2" in layer["encoding"]]
    assert (bars["encoding"]["y"]["field"], bars["encoding"]["y2"]["field"]) == ("low", "high")
    assert len(bars["rows"]) == 10


def test_stretches_that_are_not_mature_are_dashed_from_where_the_solid_line_ends() -> None:
    solid, dashed, points = layers(CHARTS["vintage"])
    assert all(row["mature"] for row in solid["rows"])
    assert "strokeDash" not in solid["mark"]
    assert dashed["mark"]["strokeDash"]
    for cohort in {row["cohort"] for row in dashed["rows"]}:
        own = [row for row in dashed["rows"] if row["cohort"] == cohort]
        mature = [row for row in solid["rows"] if row["cohort"] == cohort]
        assert own[0] == mature[-1]
        assert len(own) > 1
        assert not any(row["mature"] for row in own[1:])
    assert len(points["rows"]) == len(VINTAGES[VINTAGES["cohort"].isin({row["cohort"] for row in points["rows"]})])


def test_no_layer_is_without_rows_when_all_cohorts_are_mature_or_none_is() -> None:
    for mature, dashed in ((True, False), (False, True)):
        line, points = layers(vintage(VINTAGES.assign(mature=mature)))
        assert len(line["rows"]) == len(points["rows"]) > 0
        assert ("strokeDash" in line["mark"]) is dashed


def test_the_newest_cohorts_are_shown_each_with_a_shape_of_its_own() -> None:
    shape = layers(CHARTS["vintage"])[-1]["encoding"]["shape"]["scale"]
    assert shape["domain"] == sorted(set(COHORTS))[-MOST_COHORTS:]
    assert len(set(shape["range"])) == MOST_COHORTS
    assert "stroke" not in shape["range"], "a mark that is filled does not draw a stroke"
    assert f"newest {MOST_COHORTS} of 10 cohorts" in subtitle(CHARTS["vintage"])


@pytest.mark.parametrize(("first", "early"), [(0, ""), (1, ""), (2, "month 1"), (3, "months 1 to 2")])
def test_vintage_curves_say_what_they_leave_out(first: int, early: str) -> None:
    said = subtitle(vintage(VINTAGES, first))
    assert ("do not count" in said) is bool(early)
    assert (f"bad from month {first} on, as in the label: loans that were bad in {early} alone" in said) is bool(early)
