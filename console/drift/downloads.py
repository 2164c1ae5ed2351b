"""The downloads of the Drift page: the report of the date, the panels as a picture, the history as CSV."""

from functools import partial

import pandas as pd
import streamlit as st

from console.app.deployment import plain_name
from console.app.report import report_button
from console.components.csv_export import csv_bytes
from console.drift.query import View
from jobs.charts.report import DashboardData, dashboard, dashboard_png
from jobs.monitoring.dashboard import headline_of


def show_downloads(view: View) -> None:
    """Shows the downloads. A file is made when its button is clicked."""
    day = view.filters.day
    with st.container(horizontal=True, horizontal_alignment="right", key="drift-downloads"):
        report_button(day=day)
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
            f"model_monitoring_{view.filters.first:%Y%m%d}_{view.filters.last:%Y%m%d}.csv",
            "text/csv",
            key="drift-history-csv",
            on_click="ignore",
        )


def png_of(view: View) -> bytes:
    """The report of the date in view as PNG, over the model and period of the view, drawn as in a monitoring run."""
    return dashboard_png(dashboard(dashboard_of(view)))


def dashboard_of(view: View) -> DashboardData:
    """The data of the dashboard at the date in view."""
    row, values = view.row, view.monitoring_run.values
    return DashboardData(
        model_version=row["model_version"],
        as_of=view.filters.day,
        status=row["status"],
        cohorts=view.cohorts,
        history=view.history[view.history["monitoring_date"] <= view.filters.day],
        scores=pd.DataFrame(values.get("scores", [])),
        drift=view.features,
        confusion=pd.DataFrame(values.get("confusion", [])),
        headline=headline_of(row),
        thresholds=view.thresholds,
        plain_names={name: plain_name(name) for name in view.features["feature"]},
    )
