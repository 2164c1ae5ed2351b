"""The backtest panel, drawn for real."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from jobs.charts.backtest import COLORS, LIGHTS, backtest_by_cohort
from jobs.charts.report import dashboard_png, themed
from jobs.statistics.backtest import backtest
from tests.jobs.charts.example import layers


def cohorts() -> pd.DataFrame:
    random = np.random.default_rng(5)
    rows = []
    for month, rate in enumerate((0.27, 0.35, 0.5)):
        labels = random.random(200) < rate
        rows.append({"cohort": f"2025-0{month + 1}", **vars(backtest(labels, np.full(200, 0.27)))})
    return pd.DataFrame(rows)


def test_each_cohort_has_its_light_by_colour_and_shape() -> None:
    rows = cohorts()
    assert rows["light"].tolist()[0] == "green"
    assert rows["light"].tolist()[-1] == "red"
    points = next(layer for layer in layers(backtest_by_cohort(rows)) if layer["mark"]["type"] == "point")
    for channel in ("color", "shape"):
        assert points["encoding"][channel]["scale"]["domain"] == LIGHTS
    assert points["encoding"]["color"]["scale"]["range"] == COLORS


@pytest.mark.thorough
def test_it_is_drawn_in_both_themes() -> None:
    chart = backtest_by_cohort(cohorts()).properties(width=320)
    images = [
        Image.open(io.BytesIO(dashboard_png(themed(chart, name), scale=1))).convert("RGB") for name in ("light", "dark")
    ]
    assert all(len(image.getcolors(1 << 24) or []) > 30 for image in images)


def test_no_outcomes_say_so() -> None:
    assert "No outcomes yet" in str(backtest_by_cohort(pd.DataFrame()).to_dict())
