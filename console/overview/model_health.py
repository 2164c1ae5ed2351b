"""The champion's health: the newest status, AUC and PSI against their thresholds, and both over time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from markupsafe import Markup

from console.app import queries
from console.app.deployment import deployment
from console.app.navigation import DRIFT_PAGE, model_link
from console.components.chart_panel import drawing_of
from console.components.elements import Text, count, empty, figure, note_html, state_html, write_html
from console.components.theme import appearance
from console.components.times import day
from console.overview.query import Overview
from jobs.accounting.flagged import flagged_remark
from jobs.charts.history import auc_over_time
from jobs.charts.report import psi_over_time
from jobs.governance.sentences import arrears_sentence, auc_loans, not_judged, pooled_words
from jobs.statistics.rounding import two_decimals
from storage.lake.datamart import TableVersion
from storage.lake.names import MONITORING

HEIGHT = 230
SHOWN = 60  # monitoring dates of the small charts


def show(view: Overview) -> None:
    """Shows the champion and its metrics, or the commands that make them."""
    st.header("The model", anchor=False)
    model, monitored = view.reading.serving.champion, view.reading.published.get(MONITORING)
    if model is None:
        empty(
            "No model yet", "Follow the first steps above, or put the extracts into the data folder and run `training`."
        )
        return
    write_html(
        Markup('<div class="lw-pair">{} <strong>{}</strong>{}</div>').format(
            state_html("champion"), model.model_name, model_link(model.version)
        )
    )
    if monitored is None:
        empty("Not monitored yet", "Run `inference`, then `monitoring`. AUC and PSI are shown here afterwards.")
        return
    history = queries.rows_of(monitored.version).sort_values("monitoring_date")
    _verdict(history.to_dict("records")[-1], model.version)
    _trends(history.tail(SHOWN), monitored.version)


def _verdict(row: Mapping[Any, Any], champion: str) -> None:
    """Shows the status of the newest monitoring date with its metrics. What is wrong is told above.

    These are of the previous champion when the current one has not been monitored yet.
    """
    model = "" if row["model_version"] == champion else f", model {row['model_version']}, champion then"
    limits = deployment().settings
    known = {name: None if pd.isna(value) else value for name, value in row.items()}
    psi = f"noise level (99%) {figure(known['psi_chance_level'])}, {count(int(row['window_rows']))} loans"
    cells: tuple[tuple[str, Text, str], ...] = (
        ("Verdict", state_html(row["status"]), f"monitored {day(row['monitoring_date'])}{model}"),
        (
            f"AUC, threshold {two_decimals(limits.auc_threshold)}",
            figure(known["auc"]),
            auc_note(known),
        ),
        (f"PSI, threshold {two_decimals(limits.psi_threshold)}", figure(known["psi"]), psi),
    )
    for column, (name, value, note) in zip(st.columns(3), cells, strict=True):
        with column:
            cell = Markup('{}<div class="lw-figure">{}</div>{}')
            write_html(cell.format(note_html(name), value, note_html(note)))
    if told := " ".join(filter(None, (arrears_sentence(known), flagged_remark(known)))):
        write_html(Markup("<p>{}</p>").format(note_html(told)))


def auc_note(row: Mapping[Any, Any]) -> str:
    """The interval of the AUC and its loans, or that it is not judged, and the AUC of all known outcomes."""
    interval = f"95% interval {figure(row['auc_low'])} to {figure(row['auc_high'])}"
    judged = not_judged(row) or f"{interval}, {auc_loans(row)}"
    return ", ".join(part for part in (judged, pooled_words(row)) if part)


def _trends(history: pd.DataFrame, version: TableVersion) -> None:
    thresholds = queries.thresholds()
    charts = (
        ("AUC", "AUC by monitoring date, with interval and threshold", partial(auc_over_time, history, thresholds.auc)),
        ("PSI", "PSI by monitoring date, with its bands", partial(psi_over_time, history, thresholds)),
    )
    identity = (version.version, str(thresholds))
    for column, (name, words, make) in zip(st.columns(2), charts, strict=True):
        drawing = drawing_of(f"overview-{name}", identity, appearance(), HEIGHT, make)
        with column:
            title = Markup("<strong>{}</strong> {}").format(drawing["title"], note_html(drawing["subtitle"]))
            write_html(title)
            st.vega_lite_chart(spec=drawing["spec"], width="stretch", theme=None, alt=words)
    st.page_link(DRIFT_PAGE, label="All charts of the Drift page")
