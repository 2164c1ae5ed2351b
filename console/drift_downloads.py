"""What can be taken along: the six panels of a date as a picture, and the monitoring history as a table."""

from functools import partial

import pandas as pd
import streamlit as st

from console.drift_reads import View
from console.exports import csv_bytes
from console.opened import deployment
from jobs.dashboard import HEADLINE
from jobs.panels import Headline
from jobs.report import DashboardData, dashboard, dashboard_png
from storage.errors import LoanwatchError
from storage.files import Folder


def show_downloads(view: View) -> None:
    """The two downloads; the picture is looked for or drawn when it is asked for."""
    day = view.choice.day
    st.html('<div class="lw-title"><h2 class="lw-head">To take along</h2></div>')
    with st.container(horizontal=True):
        st.download_button(
            "The six panels (PNG)",
            partial(png_of, view),
            f"monitoring_dashboard_{day:%Y%m%d}.png",
            "image/png",
            key="drift-png",
            on_click="ignore",
        )
        st.download_button(
            "Monitoring history (CSV)",
            partial(csv_bytes, view.history),
            f"model_monitoring_{view.choice.first:%Y%m%d}_{view.choice.last:%Y%m%d}.csv",
            "text/csv",
            key="drift-history-csv",
            on_click="ignore",
        )


def png_of(view: View) -> bytes:
    """The report that the monitoring run stored, if it still is what it was; else the same drawn anew."""
    stored = view.measured.report
    if stored is not None:
        folder = Folder.at(deployment().settings.reports_root)
        try:
            if folder.sha256(stored.name) == stored.sha256:
                return folder.read(stored.name)
        except LoanwatchError:
            pass  # gone: it is drawn anew
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
