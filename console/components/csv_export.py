"""Tables as CSV for people's spreadsheets, in which no cell is taken for a formula."""

import re
from typing import Any

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The frame as CSV (UTF-8 with a mark, by which spreadsheets know it; no index), every formula made plain text."""
    safe = pd.DataFrame({index: _column(frame.iloc[:, index]) for index in range(frame.shape[1])}, dtype=object)
    header = [str(plain(name)) for name in frame.columns]
    text: str = safe.to_csv(index=False, header=header, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def plain(value: object) -> object:
    """The value, a text that a spreadsheet would calculate with an apostrophe before it.

    Those are texts that begin with = + - @, a tab or a carriage return, and are not a number. Spreadsheets look past
    spaces, so this does too.
    """
    if not isinstance(value, str):
        return value
    begins = value.lstrip(" \n\v\f\u00a0")
    if begins.startswith(FORMULA) and not NUMBER.fullmatch(value.strip()):
        return f"'{value}"
    return value


def _column(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """The column's values made plain; columns of numbers and moments are as they are."""
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    return column.astype(object).map(plain)
