"""Masking of personal data: at most the last four digits of an SSN are shown, and nothing of a name."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from console.app.deployment import deployment
from jobs.book.columns import Kind

HIDDEN = "•••"
SSN = re.compile(r"\d{3}([- .])\d{2}\1(\d{4})")
BARE = re.compile(r"(?<!\d)\d{5}(\d{4})(?!\d)")  # nine digits in a row may be an SSN without its dashes


def personal_columns() -> Mapping[str, Kind]:
    """The personal columns of the book, in small letters, with their kinds."""
    sources = deployment().book.sources
    return {column.name.lower(): column.kind for source in sources for column in source.columns if column.personal}


def masked(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy of the frame with personal columns hidden and whatever looks like an SSN masked in every text."""
    return pd.DataFrame({name: masked_column(str(name), frame[name]) for name in frame.columns}, index=frame.index)


def masked_column(name: str, column: "pd.Series[Any]") -> "pd.Series[Any]":
    """The column's values, masked: a personal column by its kind, any other where a text holds an SSN."""
    kind = personal_columns().get(name.lower())
    if kind is None and (pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)):
        return column
    return column.map(lambda value: masked_value(value, kind), na_action="ignore")


def masked_value(value: object, kind: Kind | None) -> object:
    """A value, masked; `kind` is that of a personal column, None for any other."""
    if kind is Kind.CODE:
        match = SSN.search(str(value))
        return f"***-**-{match[2]}" if match else HIDDEN
    if kind is not None:
        return HIDDEN
    return masked_text(value) if isinstance(value, str) else value


def masked_text(text: str) -> str:
    """The text in which only the last four digits are left of each SSN that is written with separators."""
    return SSN.sub(r"***-**-\2", text)


def masked_record(text: str) -> str:
    """A raw record's text. Nine digits in a row are masked too, because its columns may be shifted."""
    return BARE.sub(r"*****\1", masked_text(text))
