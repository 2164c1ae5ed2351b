"""AUC over the monitoring dates."""

from datetime import date

import pandas as pd

from jobs.charts.history import auc_over_time

HISTORY = pd.DataFrame(
    {
        "monitoring_date": [date(2025, 2, 1), date(2025, 1, 1)],
        "auc": [0.66, None],
        "auc_low": [0.61, None],
        "auc_high": [0.71, None],
        "labelled": [120, 0],
        "auc_estimate": [0.7, 0.72],
    }
)


def test_dates_stand_in_their_order_and_a_date_without_outcomes_has_its_estimate() -> None:
    chart = auc_over_time(HISTORY, 0.7)
    rows = chart.layer[0].data.values
    assert [row["auc"] for row in rows] == [None, 0.66]
    assert rows[0]["auc_estimate"] == 0.72
    assert "threshold 0.70" in str(chart.to_dict())


def test_an_empty_history_says_what_is_missing() -> None:
    assert "No AUC yet" in str(auc_over_time(pd.DataFrame()).to_dict())


def test_the_auc_of_all_known_outcomes_is_a_line_of_its_own_and_the_subtitle_says_which_is_which() -> None:
    without, beside = (
        str(auc_over_time(rows).to_dict()) for rows in (HISTORY, HISTORY.assign(auc_pooled=[0.75, None]))
    )
    assert "line: newest mature cohorts; dotted: all known outcomes; band: 95% interval" in beside
    assert "'field': 'auc_pooled'" in beside
    assert "auc_pooled" not in without
    assert "dotted" not in without
