"""The panels of one column of a dataset over its deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import pandas as pd
from altair import TitleParams

from console.components.chart_panel import Panel
from engine.documents.values import Document
from jobs.book.columns import NUMBERS, Kind
from jobs.charts.deliveries import COUNT, NUMBER, OTHERS, SHARE, by_delivery, levels_by_delivery
from jobs.profiles.changes import number_text

ABSENT = {"missing_share": "missing", "unreadable_share": "unreadable"}
MIDDLE = {"median": "median", "mean": "mean"}
EXTREMES = {"high": "highest", "low": "lowest"}
DAYS = {"high": "latest", "median": "median", "low": "earliest"}
HEIGHT = 250


def column_panels(dataset: str, deliveries: Sequence[Document], name: str) -> list[Panel]:
    """Rows, absent values, and what the kind of the column has: middle and extremes, levels, distinct values."""
    frame = over_time(deliveries, name)
    newest = deliveries[-1]
    identity = (dataset, name, newest["delivery"], str(newest["last_read_at"]), str(len(deliveries)))
    kind = next(column["kind"] for column in newest["columns"] if column["name"] == name)
    drawn = partial(_drawn, identity, frame)
    panels = [
        drawn(Lines("rows", f"{dataset}: rows", {"rows": "rows"}, "by delivery", COUNT)),
        drawn(Lines("absent", f"{name}: missing and unreadable", ABSENT, "share of rows", SHARE)),
    ]
    if kind in NUMBERS:
        return [
            *panels,
            drawn(Lines("middle", f"{name}: median and mean", MIDDLE, "of the values")),
            drawn(Lines("extremes", f"{name}: extremes", EXTREMES, "lowest and highest value")),
        ]
    if kind == Kind.DATE:
        return [*panels, drawn(Lines("days", f"{name}: days", DAYS, "earliest, median and latest"))]
    if kind == Kind.CATEGORY and any("levels" in _column(delivery, name) for delivery in deliveries):
        panels.append(_levels(identity, deliveries, name))
    distinct = Lines("distinct", f"{name}: distinct values", {"distinct": "distinct"}, "by delivery", COUNT)
    return [*panels, drawn(distinct)]


def over_time(deliveries: Sequence[Document], name: str) -> pd.DataFrame:
    """A row for each delivery: label, delivery, as_of, rejected, rows, and the numbers of the column."""
    rows = [
        labelled
        | {each: _column(delivery, name).get(each) for each in (*ABSENT, "distinct", "median", "mean", *EXTREMES)}
        for labelled, delivery in zip(_labels(deliveries), deliveries, strict=True)
    ]
    return pd.DataFrame(rows)


def levels_over_time(deliveries: Sequence[Document], name: str) -> pd.DataFrame:
    """A row for each kept level of each delivery and one for the others: level and its share of the values."""
    rows: list[dict[str, Any]] = []
    for labelled, delivery in zip(_labels(deliveries), deliveries, strict=True):
        column = _column(delivery, name)
        present, levels = column.get("present", 0), dict(column.get("levels", ()))
        rest = present - sum(levels.values())
        named = {**levels, **({OTHERS: rest} if rest > 0 else {})}
        rows += [labelled | {"level": level, "share": count / present} for level, count in named.items()]
        rows += [labelled | {"level": OTHERS, "share": None}] if not named else []
    return pd.DataFrame(rows)


def _labels(deliveries: Sequence[Document]) -> list[dict[str, Any]]:
    """What every row has. The axis shows the first two parts of a label; the third makes it unique."""
    labelled = []
    for number, delivery in enumerate(deliveries, 1):
        day = date.fromisoformat(delivery["as_of"])
        labelled.append(
            {
                "label": f"{day.day} {day:%b}|{day.year}|{number}",
                "delivery": number,
                "as_of": delivery["as_of"],
                "rejected": delivery["rejected"] is not None,
                "rows": delivery["rows"],
            }
        )
    return labelled


def _column(delivery: Document, name: str) -> Document:
    """The summary of a column; {} when the delivery has none of it."""
    return next((column for column in delivery["columns"] if column["name"] == name), {})


@dataclass(frozen=True)
class Lines:
    """The numbers that a panel draws over the deliveries: columns of the frame with their words, and their form."""

    panel: str
    title: str
    names: dict[str, str]
    subtitle: str
    form: str = NUMBER


def _drawn(identity: tuple[str, ...], frame: pd.DataFrame, lines: Lines) -> Panel:
    shown = frame[["delivery", "as_of", "rejected", *lines.names]]
    make = partial(_chart, frame, lines)
    words = _words(lines.title, frame, lines.names, lines.form)
    return Panel(f"column-{lines.panel}", identity, make, words, shown, height=HEIGHT)


def _chart(frame: pd.DataFrame, lines: Lines) -> Any:
    return by_delivery(frame, TitleParams(lines.title, subtitle=lines.subtitle), lines.names, lines.form)


def _words(title: str, frame: pd.DataFrame, names: dict[str, str], form: str) -> str:
    """The chart for those who can't see it: the newest delivery against the one before."""
    newest, before = frame.iloc[-1], frame.iloc[-2] if len(frame) > 1 else None
    told = []
    for name, word in names.items():
        was = "" if before is None else f" (before: {_text(before[name], form)})"
        told.append(f"{word} {_text(newest[name], form)}{was}")
    return f"{title} over {len(frame)} deliveries. The newest: {', '.join(told)}."


def _text(value: Any, form: str) -> str:
    if pd.isna(value):
        return "none"
    if isinstance(value, str):
        return value
    return f"{value:.1%}" if form == SHARE else number_text(float(value))


def _levels(identity: tuple[str, ...], deliveries: Sequence[Document], name: str) -> Panel:
    frame = levels_over_time(deliveries, name)
    title = TitleParams(f"{name}: levels", subtitle="share of the values")
    newest = frame[frame["delivery"] == frame["delivery"].max()].dropna()
    told = ", ".join(f"{row['level']} {row['share']:.1%}" for row in newest.to_dict("records"))
    words = f"Levels of {name} over {len(deliveries)} deliveries. The newest: {told or 'no values'}."
    shown = frame[["delivery", "as_of", "rejected", "level", "share"]]
    return Panel("column-levels", identity, partial(levels_by_delivery, frame, title), words, shown, height=HEIGHT)
