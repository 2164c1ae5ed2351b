"""Estimates of cohorts without labels, in the chart of AUC by month."""

import numpy as np
import pandas as pd

from jobs.charts.cohorts import auc_by_month
from jobs.charts.report import dashboard_png, themed
from tests.jobs.charts.example import layers, spec, year


def young(cohorts: pd.DataFrame) -> pd.DataFrame:
    """The cohorts, of which the last three are not mature, the last two without any label; five had a forecast."""
    count = len(cohorts)
    rows = cohorts.assign(mature=[i < count - 3 for i in range(count)], auc_forecast=np.nan, auc_estimate=np.nan)
    rows.loc[count - 2 :, ["auc", "auc_low", "auc_high"]] = np.nan
    rows.loc[count - 7 : count - 3, "auc_forecast"] = 0.74
    rows.loc[count - 3 :, "auc_estimate"] = 0.71
    return rows


def test_estimates_are_dashed_and_cohorts_that_are_not_mature_are_hollow() -> None:
    chart = auc_by_month(young(year().cohorts))
    assert "dashed: estimate; hollow: not mature yet; below: labelled loans" in spec(chart)
    (dashed,) = [one for one in layers(chart) if one["encoding"].get("y", {}).get("field") == "expected"
                 and one["mark"]["type"] == "line"]  # fmt: skip
    assert dashed["mark"]["strokeDash"]
    # A forecast of before any label stands where there is one; elsewhere the estimate of today.
    assert [row["expected"] for row in dashed["rows"]] == [None] * 5 + [0.74] * 5 + [0.71] * 2
    fill = layers(chart)[-1]["encoding"]["fill"]["scale"]
    assert dict(zip(fill["domain"], fill["range"], strict=True))["not mature yet"] == "transparent"
    assert [row["maturity"] for row in dashed["rows"]] == ["mature"] * 9 + ["not mature yet"] * 3
    assert len(dashboard_png(themed(chart), scale=1)) > 5_000


def test_without_any_label_there_is_still_the_estimate() -> None:
    rows = young(year().cohorts).tail(2)
    assert "dashed: estimate" in spec(auc_by_month(rows))
    assert " yet" in spec(auc_by_month(rows.assign(auc_estimate=np.nan)))
    assert "dashed: estimate" not in spec(auc_by_month(year().cohorts))
