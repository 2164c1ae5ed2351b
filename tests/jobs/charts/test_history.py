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


def test_an_auc_that_was_not_judged_is_a_hollow_point_apart_from_the_line_and_says_why() -> None:
    dates = [date(2025, month, 1) for month in (1, 2, 3)]
    history = pd.DataFrame(
        {
            "monitoring_date": dates,
            "auc": [0.72, 0.55, 0.71],
            "auc_low": [0.68, 0.30, 0.66],
            "auc_high": [0.76, 0.80, 0.76],
            "auc_status": ["measured", "insufficient", "measured"],
            "labelled": [400, 40, 420],
            "defaults": [100, 12, 104],
        }
    )
    chart = auc_over_time(history, 0.7)
    document = chart.to_dict()
    marks = [(layer["mark"], layer["data"]["name"]) for layer in document["layer"] if "name" in layer.get("data", {})]
    rows = {name: document["datasets"][name] for _, name in marks}
    line = next(rows[name] for mark, name in marks if mark["type"] == "line")
    assert [row["auc"] for row in line] == [0.72, None, 0.71]
    area = next(rows[name] for mark, name in marks if mark["type"] == "area")
    assert [row["auc_low"] for row in area] == [0.68, None, 0.66]
    (hollow,) = next(rows[name] for mark, name in marks if mark["type"] == "point" and not mark["filled"])
    assert (hollow["auc"], hollow["judged"]) == (0.55, "no, too few: 12 defaults")
    assert "judged by the gate" in str(chart.layer[-1].to_dict(validate=False))
    assert "hollow: not judged, too few defaults" in document["title"]["subtitle"]
    assert "hollow" not in str(auc_over_time(history[history["auc_status"].eq("measured")], 0.7).to_dict()["title"])


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
