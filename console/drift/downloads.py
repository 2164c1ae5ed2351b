"""What can be taken along: the six panels of the view as a picture, and its monitoring history as a table."""

from functools import partial

import pandas as pd
import streamlit as st

from console.components.csv_export import csv_bytes
from console.drift.query import View
from jobs.charts.headline import Headline
from jobs.charts.report import DashboardData, dashboard, dashboard_png
from jobs.monitoring.dashboard import HEADLINE


def show_downloads(view: View) -> None:
    """The two downloads, made when they are asked for."""
    day = view.choice.day
    with st.container(horizontal=True, horizontal_alignment="right", key="drift-downloads"):
        st.download_button(
            "Download panels (PNG)",
            partial(png_of, view),
            f"monitoring_dashboard_{day:%Y%m%d}.png",
            "image/png",
            key="drift-png",
            on_click="ignore",
        )
        st.download_button(
            "Download history (CSV)",
            partial(csv_bytes, view.history),
            f"model_monitoring_{view.choice.first:%Y%m%d}_{view.choice.last:%Y%m%d}.csv",
            "text/csv",
            key="drift-history-csv",
            on_click="ignore",
        )


def png_of(view: View) -> bytes:
    """The report of the date in view, drawn as a monitoring run draws it, over the model and period of the view."""
    return dashboard_png(dashboard(dashboard_of(view)))


def dashboard_of(view: View) -> DashboardData:
    """What the dashboard of the date in view shows."""
    row, values = view.row, view.measured.values
    numbers = {name: row[name] for name in HEADLINE}
    return DashboardData(
        model_version=row["model_version"],
        as_of=view.choice.day,
        status=row["status"],
        cohorts=view.cohorts,
        history=view.history[view.history["monitoring_date"] <= view.choice.day],
        scores=pd.DataFrame(values.get("scores", [])),
        drift=view.features,
        confusion=pd.DataFrame(values.get("confusion", [])),
        headline=Headline(labelled_rows=row["labelled"], **numbers),
        thresholds=view.thresholds,
    )
