"""Tables as CSV: what a spreadsheet would calculate is text."""

import csv
import io
from datetime import date

import pandas as pd
import pytest

from console.components.csv_export import csv_bytes


def cells(frame: pd.DataFrame) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_bytes(frame).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://x","y")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "  =1+1",
        "-",
        "--1",
    ],
)
def test_a_formula_becomes_text(text: str) -> None:
    assert cells(pd.DataFrame({"name": [text]}))[1] == [f"'{text}"]


@pytest.mark.parametrize("text", ["-500", "+1.5e-3", "-.5", "a=b", "1-2", "", "Mechanic", "o'clock"])
def test_numbers_and_other_texts_stay(text: str) -> None:
    assert cells(pd.DataFrame({"name": [text], "n": [1]}))[1] == [text, "1"]


def test_a_columns_name_is_neutralised_too() -> None:
    assert cells(pd.DataFrame({"=1+1": [1]}))[0] == ["'=1+1"]


def test_values_that_are_no_texts_stay_as_they_are() -> None:
    frame = pd.DataFrame({"x": [-1.5, None], "n": pd.array([-3, None], "Int64"), "day": [date(2025, 12, 1), None]})
    assert cells(frame) == [["x", "n", "day"], ["-1.5", "-3", "2025-12-01"], ["", "", ""]]


def test_categories_columns_of_one_name_and_empty_frames_are_written() -> None:
    frame = pd.DataFrame([["=1", "b"]], columns=["a", "a"]).astype("category")
    assert cells(frame) == [["a", "a"], ["'=1", "b"]]
    assert cells(pd.DataFrame({"a": [], "b": []})) == [["a", "b"]]
    assert csv_bytes(pd.DataFrame()).strip(b"\xef\xbb\xbf\r\n") == b""
