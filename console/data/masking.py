"""Personal data made unreadable: of an SSN at most the last four digits are left, of a name nothing."""

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
    """The column's values as they may be shown: a personal one by its kind, others but for SSNs in texts."""
    kind = personal_columns().get(name.lower())
    if kind is None and (pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)):
        return column
    return column.map(lambda value: shown(value, kind), na_action="ignore")


def shown(value: object, kind: Kind | None) -> object:
    """A value as it may be shown; `kind` is that of a personal column, None for any other."""
    if kind is Kind.CODE:
        found = SSN.search(str(value))
        return f"***-**-{found[2]}" if found else HIDDEN
    if kind is not None:
        return HIDDEN
    return masked_text(value) if isinstance(value, str) else value


def masked_text(text: str) -> str:
    """The text with the last four digits alone of everything that looks like an SSN with its separators."""
    return SSN.sub(r"***-**-\2", text)


def masked_record(text: str) -> str:
    """A raw record's text: nine digits in a row are masked too, as its columns may have slipped."""
    return BARE.sub(r"*****\1", masked_text(text))
