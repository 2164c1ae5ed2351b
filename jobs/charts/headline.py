"""The headline of the dashboard: a row of cards with the status and the numbers of a monitoring date."""

import math
from dataclasses import dataclass

import altair as alt
import pandas as pd

from jobs.charts.kit import AXIS_EXTENT, STATUS_COLORS, STATUS_WORDS, panel, rows_chart
from jobs.governance.breaches import Status, Thresholds

MEANINGS = {
    "healthy": "● Healthy|all thresholds met",
    "watch": "◊ Watch|no breach, but a warning",
    "breach": "▲ Breach|a threshold is crossed",
    "insufficient": "○ Too few loans|AUC or PSI not measured",
    "stale": "▼ Stale|an extract is older than its cadence",
    "data fault": "■ Data fault|a person must check the extracts",
}


@dataclass(frozen=True)
class Headline:
    """The numbers of the cards; None means not measured.

    AUC, precision, recall and F1 are of the loans that `auc_loans` names; `auc_pooled` is of all `labelled_rows`.
    `not_judged` says that the AUC is not judged, and why; it is empty for one that is.
    """

    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    labelled_rows: int = 0
    psi: float | None = None
    psi_chance_level: float | None = None
    window_rows: int = 0
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    auc_pooled: float | None = None
    auc_loans: str = ""
    not_judged: str = ""


def headline_strip(title: str, subtitle: str, cards: pd.DataFrame, width: int) -> alt.LayerChart:
    """A row of cards under the dashboard's title. Columns: label, value, note, color (empty: the theme's colour).

    Its left edge is aligned with the axes of the panels below.
    """
    span = alt.Scale(paddingInner=0.03, paddingOuter=0, range=[-AXIS_EXTENT, width - AXIS_EXTENT])
    x = alt.X("label:N", sort=None, axis=None, scale=span)
    base = rows_chart(cards).encode(x=x)
    texts = base.mark_text(align="left").encode(x=alt.X("label:N", sort=None, axis=None, bandPosition=0.07, scale=span))
    plain, tinted = texts.transform_filter("!datum.color"), texts.transform_filter("datum.color")
    heading = alt.TitleParams(
        title, subtitle=subtitle, fontSize=22, subtitleFontSize=12.5, subtitlePadding=6, offset=14
    )
    return panel(
        heading,
        base.mark_rect(style="card", cornerRadius=6),
        texts.mark_text(style="note", align="left", y=18).encode(text="label:N"),
        plain.mark_text(style="figure", align="left", y=41).encode(text="value:N"),
        tinted.mark_text(style="figure", align="left", y=41).encode(
            text="value:N", color=alt.Color("color:N", scale=None)
        ),
        texts.mark_text(style="note", align="left", y=63).encode(text="note:N"),
    ).properties(width=width - AXIS_EXTENT, height=78)


def headline_cards(line: Headline, status: Status, limits: Thresholds) -> pd.DataFrame:
    """The cards of `headline_strip`: status, AUC, PSI, scores at the threshold, AUC of all known outcomes."""
    text, meaning = MEANINGS[status].split("|")
    interval = (
        f"95% interval {_number(line.auc_low)} to {_number(line.auc_high)}" if line.auc_low else "no interval yet"
    )
    noise = f"noise level (99%) {_number(line.psi_chance_level)}" if line.psi_chance_level else "no current window yet"
    noise += f", {line.window_rows:,} loans" if line.window_rows else ""
    scores = " / ".join(_number(x, 2) for x in (line.precision, line.recall, line.f1))
    cards = [
        ("Status", text, meaning, STATUS_COLORS[list(STATUS_WORDS).index(status)]),
        (f"AUC, threshold {limits.auc:.2f}", _number(line.auc), line.not_judged or interval, ""),
        (f"Score PSI, threshold {limits.psi:.2f}", _number(line.psi), noise, ""),
        ("Precision / recall / F1", scores, line.auc_loans, ""),
        ("AUC, all known outcomes", _number(line.auc_pooled), f"{line.labelled_rows:,} labelled loans", ""),
    ]
    return pd.DataFrame(cards, columns=["label", "value", "note", "color"])


def _number(value: float | None, decimals: int = 3) -> str:
    return "n/a" if value is None or math.isnan(value) else f"{value:.{decimals}f}"
