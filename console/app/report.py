"""The report on a model as a download, which is made when its button is clicked."""

from datetime import date
from functools import partial

import streamlit as st

from console.app.deployment import deployment
from engine.report.page import file_name, report


def report_button(version: str | None = None, day: date | None = None) -> None:
    """A button that downloads the report on a version, or on the champion of a date."""
    st.download_button(
        "Download report (HTML)",
        partial(report_of, version, day),
        file_name(version, day),
        "text/html",
        key=f"report-{version or day}",
        on_click="ignore",
    )


def report_of(version: str | None, day: date | None) -> bytes:
    """The report, as `python -m engine report` writes it with --model or --date."""
    return report(deployment(), version, day)
