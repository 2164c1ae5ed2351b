"""The champion's pulse: what the gate found last, AUC and PSI against their thresholds, and how they went."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from console.app import queries
from console.app.deployment import deployment
from console.components.chart_panel import drawing_of
from console.components.elements import callout, count, empty, figure, state_html
from console.components.theme import appearance
from console.components.times import day
from jobs.charts.history import auc_over_time
from jobs.charts.report import psi_over_time
from storage.lake.names import MONITORING

HEIGHT = 230
SHOWN = 60  # monitoring dates of the small charts


def show() -> None:
    """The champion and its numbers, or what is to be done before there are any."""
    st.header("The model", anchor=False)
    model = queries.champion()
    if model is None:
        empty("No model yet", "Training makes one: put the four extracts in the data folder and trigger `training`.")
        return
    st.html(
        f'<div class="lw-pair">{state_html("champion")} <strong>{model.model_name}</strong>'
        f'<a href="/models?version={model.version}" class="lw-mono">{model.version}</a></div>'
    )
    history = queries.monitoring()
    if history.empty:
        empty("Not monitored yet", "Trigger `inference`, then `monitoring`: AUC and PSI stand here afterwards.")
        return
    _verdict(history.to_dict("records")[-1], model.version)
    _trends(history.tail(SHOWN))


def _verdict(row: Mapping[Any, Any], champion: str) -> None:
    """The status of the newest monitoring date with its numbers, and what was decided.

    They are told to be another model's when the champion has not been monitored yet.
    """
    whose = "" if row["model_version"] == champion else f", model {row['model_version']}, champion then"
    limits = deployment().settings
    auc = f"95% interval {figure(_number(row['auc_low']))} to {figure(_number(row['auc_high']))}, "
    psi = f"chance level {figure(_number(row['psi_chance_level']))}, {count(int(row['window_rows']))} loans"
    cells = (
        ("Verdict", state_html(row["status"]), f"monitored {day(row['monitoring_date'])}{whose}"),
        (
            f"AUC, threshold {limits.auc_threshold:.2f}",
            figure(_number(row["auc"])),
            auc + f"{count(int(row['labelled']))} loans",
        ),
        (f"PSI, threshold {limits.psi_threshold:.2f}", figure(_number(row["psi"])), psi),
    )
    for column, (name, value, note) in zip(st.columns(3), cells, strict=True):
        told = f'<div class="lw-figure">{value}</div><span class="lw-note">{note}</span>'
        column.html(f'<span class="lw-note">{name}</span>{told}')
    decision = queries.last_decision()
    if decision is not None and row["status"] in ("breach", "watch"):
        callout("bad" if row["status"] == "breach" else "warn", f"The gate: {row['status']}", decision["reason"])


def _trends(history: pd.DataFrame) -> None:
    thresholds = queries.thresholds()
    charts = (
        ("AUC", "AUC by monitoring date with interval and threshold", partial(auc_over_time, history, thresholds.auc)),
        ("PSI", "PSI by monitoring date over its bands", partial(psi_over_time, history, thresholds)),
    )
    version = queries.version_of(MONITORING)
    identity = (version.version if version else "", str(thresholds))
    for column, (name, words, make) in zip(st.columns(2), charts, strict=True):
        drawing = drawing_of(f"overview-{name}", identity, appearance(), HEIGHT, make)
        with column:
            st.html(f'<strong>{drawing["title"]}</strong> <span class="lw-note">{drawing["subtitle"]}</span>')
            st.vega_lite_chart(spec=drawing["spec"], width="stretch", theme=None, alt=words)
    st.page_link("console/drift/drift.py", label="Panels, features and curves")


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
