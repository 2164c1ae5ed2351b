"""A year of monitoring for the charts to draw, and what a chart draws."""

import json
from datetime import date, timedelta
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from jobs.charts.headline import Headline
from jobs.charts.report import DashboardData

NOTHING = pd.DataFrame()


def year(count: int = 12) -> DashboardData:
    generator = np.random.default_rng(3)
    auc = 0.75 + 0.03 * generator.normal(size=count)
    cohorts = pd.DataFrame({
        "cohort": [str(pd.Period("2023-07", "M") + i) for i in range(count)], "n": generator.integers(150, 400, count),
        "auc": auc, "auc_low": auc - 0.06, "auc_high": auc + 0.05, "precision": auc - 0.3, "recall": auc - 0.1,
        "f1": auc - 0.2,
    })  # fmt: skip
    history = pd.DataFrame({
        "monitoring_date": [date(2023, 7, 1) + timedelta(days=30 * i) for i in range(count)], "auc": auc,
        "psi": np.linspace(0.02, 0.25, count), "psi_chance_level": 0.03, "window_rows": 400,
        "status": ["healthy"] * (count - 1) + ["breach"],
    })  # fmt: skip
    scores = pd.DataFrame({"bin": ["≤ 0.1", "0.1 to 0.2", "> 0.2", "MISSING"], "reference_share": [0.3, 0.4, 0.3, 0.0]})
    scores["current_share"] = [0.2, 0.4, 0.4, 0.0]
    drift = pd.DataFrame({"feature": ["DTI", "Age", "tenure"], "csi": [0.02, 0.3, 0.15], "chance_level": 0.04})
    drift["band"] = ["stable", "significant", "moderate"]
    confusion = pd.DataFrame({"actual": [0, 0, 1, 1], "predicted": [0, 1, 0, 1], "count": [1200, 300, 100, 400]})
    line = Headline(0.741, 0.69, 0.79, 2_000, 0.25, 0.03, 400, 0.5, 0.6, 0.55)
    return DashboardData("v1", date(2024, 6, 30), "breach", cohorts, history, scores, drift, confusion, line)


def empty() -> DashboardData:
    return DashboardData("v1", date(2024, 6, 30), "insufficient", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)


def spec(chart: Any) -> str:
    return json.dumps(chart.to_dict(), ensure_ascii=False)


def layers(chart: alt.LayerChart) -> list[dict[str, Any]]:
    """The layers, each with the rows it draws."""
    document = chart.to_dict()
    for layer in document["layer"]:
        layer["rows"] = document["datasets"][layer.get("data", document.get("data"))["name"]]
    found: list[dict[str, Any]] = document["layer"]
    return found
