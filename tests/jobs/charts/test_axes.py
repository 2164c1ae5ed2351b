"""What stands at the axes, read from the drawing: every year that an axis spans, and the features in their order."""

import re

import pandas as pd
import pytest
import vl_convert
from altair import LayerChart, TitleParams

from console.drift.chart_selection import with_features
from jobs.charts.cohorts import auc_by_month
from jobs.charts.deliveries import COUNT, NUMBER, by_delivery
from jobs.charts.history import csi_over_time
from jobs.charts.report import feature_drift, themed

NAMES = [f"f{number:02}" for number in range(20)]
FEATURES = pd.DataFrame(
    {"feature": NAMES, "csi": [0.4 - n / 100 for n in range(20)], "chance_level": 0.05, "window_rows": 300}
).assign(band="stable")


def words(chart: LayerChart, width: int = 500) -> list[str]:
    """The texts of the drawing in their order."""
    spec = themed(chart.properties(width=width)).to_dict(validate=False)
    return re.findall(r">([^<>]+)</(?:text|tspan)>", vl_convert.vegalite_to_svg(spec))


def by_date(days: pd.DatetimeIndex) -> LayerChart:
    rows = pd.DataFrame({"monitoring_date": days, "csi": 0.05, "chance_level": 0.04, "window_rows": 300})
    return csi_over_time(rows.assign(band="stable"), "x", "x")


@pytest.mark.parametrize("clicked", [None, "f08", "f19"])
def test_the_largest_feature_stays_first_after_a_click(clicked: str | None) -> None:
    chart = with_features(feature_drift(FEATURES), FEATURES, {}, clicked)
    assert [word for word in words(chart) if word in NAMES] == NAMES[:15]


@pytest.mark.parametrize("width", [500, 180], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    "days",
    [
        pd.to_datetime(["2025-09-30", "2025-12-31", "2026-03-31"]),
        pd.date_range("2024-08-01", "2026-03-01", freq="MS"),
        pd.date_range("2025-12-24", periods=12),
    ],
    ids=["quarters", "months", "days"],
)
def test_every_year_of_dates_stands_at_the_axis(days: pd.DatetimeIndex, width: int) -> None:
    assert {str(year) for year in days.year} <= set(words(by_date(days), width))


def test_days_of_one_year_have_it_once() -> None:
    days = pd.date_range("2025-02-01", periods=6)
    assert words(by_date(days)).count("2025") == 1


def test_the_years_of_cohorts_stand_at_a_narrow_axis() -> None:
    months = pd.period_range("2024-11", "2026-02", freq="M").astype(str)
    cohorts = pd.DataFrame({"cohort": months, "n": 1234, "auc": 0.8, "auc_low": 0.7, "auc_high": 0.9})
    assert {"2024", "2025", "2026"} <= set(words(auc_by_month(cohorts), 180))


def test_values_that_are_dates_have_their_year() -> None:
    frame = pd.DataFrame(
        {"label": ["1 Jan|2025|1", "1 Feb|2025|2"], "rejected": False, "low": ["2024-03-01", "2024-05-01"]}
    )
    chart = by_delivery(frame, TitleParams("x"), {"low": "earliest"})
    assert any(re.search(r"\b2024\b", word) for word in words(chart))


@pytest.mark.parametrize(
    ("values", "form"),
    [
        ([100, 101], COUNT),
        ([12345.6, 12346.1], NUMBER),
        ([50000.0, 70000.0], NUMBER),
        ([0.00121, 0.00123], NUMBER),
        (["2024-03-01", "2024-03-04"], NUMBER),
    ],
)
def test_no_two_labels_of_values_are_the_same(values: list[object], form: str) -> None:
    frame = pd.DataFrame({"label": ["1 Jan|2025|1", "1 Feb|2025|2"], "rejected": False, "n": values})
    labels = words(by_delivery(frame, TitleParams("x"), {"n": "number"}, form))[4:-2]  # of the axis at the left
    assert len(labels) >= 2
    assert len(set(labels)) == len(labels)
    assert not any("e+" in label for label in labels)
