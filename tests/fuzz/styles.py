"""How an export may be written: one style a file, made of features with a name each."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

NBSP, NARROW = "\u00a0", "\u202f"


@dataclass(frozen=True)
class Style:
    """How one file is written. `declared` are the fields of the dialect that the book then declares."""

    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    indian: bool = False
    cents: int = 0
    floats: bool = False
    negative: str = "-{}"
    sign: str = "{}"
    rate: str = "{}"
    date: str = "{d}/{m}/{y}"
    quoting: int = csv.QUOTE_MINIMAL
    null: str = ""
    encoding: str = "utf-8"
    line_end: str = "\n"
    last_end: bool = True
    header: str = ""
    before: str = ""
    blank_lines: bool = False
    totals: bool = False
    headers_again: int = 0
    extra: str = ""
    ids: str = "{}"
    scientific: bool = False
    rows: str = ""
    declared: tuple[tuple[str, Any], ...] = ()

    def changed(self, changes: Mapping[str, Any]) -> "Style":
        """The same style with other fields; what is declared adds up."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return Style(**{**values, **changes, "declared": (*self.declared, *changes.get("declared", ()))})


def declared(**dialect: Any) -> tuple[tuple[str, Any], ...]:
    """The fields of a dialect that the book declares."""
    return tuple(dialect.items())


GERMAN = {"decimal_char": ",", "thousands_char": "."}
FEATURES: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "separator": {
            "semicolons": {"delimiter": ";"},
            "tabs": {"delimiter": "\t"},
            "semicolons, declared": {"delimiter": ";", "declared": declared(delimiter=";")},
            "tabs, declared": {"delimiter": "\t", "declared": declared(delimiter="\t")},
            "bars, declared": {"delimiter": "|", "declared": declared(delimiter="|")},
        },
        "numbers": {
            "1,000.5": {"thousands": ","},
            "1.000,5": {"thousands": ".", "decimal": ","},
            "1 000,5": {"thousands": " ", "decimal": ","},
            "1 000,5 with no-break spaces": {"thousands": NBSP, "decimal": ","},
            "1 000,5 with narrow spaces": {"thousands": NARROW, "decimal": ","},
            "1'000.5": {"thousands": "'"},
            "1\u2019000.5": {"thousands": "\u2019"},
            "1 000.5": {"thousands": " "},
            "1000,5": {"decimal": ","},
            "1,000.50": {"thousands": ",", "cents": 2},
            "1.000,50": {"thousands": ".", "decimal": ",", "cents": 2},
            "1000.50": {"cents": 2},
            "1000.500": {"cents": 3},
            "1000,500": {"cents": 3, "decimal": ","},
            "1,00,000.5": {"thousands": ",", "indian": True},
            "1.000,5 declared": {"thousands": ".", "decimal": ",", "declared": declared(**GERMAN)},
            "1,000.5 declared": {"thousands": ",", "declared": declared(thousands_char=",")},
            "whole numbers as 1.0": {"floats": True},
        },
        "negative": {"(5)": {"negative": "({})"}, "5-": {"negative": "{}-"}, "\u22125": {"negative": "\u2212{}"}},
        "currency": {
            "$5": {"sign": "${}"},
            "$ 5": {"sign": "$ {}"},
            "5 \u20ac": {"sign": "{} \u20ac"},
            "USD 5": {"sign": "USD {}"},
            "5 kr": {"sign": "{} kr"},
        },
        "percent": {"27%": {"rate": "{}%"}, "27 %": {"rate": "{} %"}},
        "dates": {
            "ISO": {"date": "{y}-{m:02}-{d:02}"},
            "01/02/2024": {"date": "{d:02}/{m:02}/{y}"},
            "US": {"date": "{m}/{d}/{y}"},
            "US, two digits": {"date": "{m:02}/{d:02}/{y}"},
            "US, declared": {"date": "{m}/{d}/{y}", "declared": declared(date_formats=("M/d/yyyy",))},
            "ISO, declared": {"date": "{y}-{m:02}-{d:02}", "declared": declared(date_formats=("yyyy-MM-dd",))},
            "with a time": {"date": "{d}/{m}/{y} 00:00"},
            "US with a time": {"date": "{m}/{d}/{y} 12:00:00 AM"},
            "ISO with a time": {"date": "{y}-{m:02}-{d:02} 00:00:00"},
            "ISO with milliseconds": {"date": "{y}-{m:02}-{d:02} 00:00:00.000"},
            "ISO, UTC": {"date": "{y}-{m:02}-{d:02}T00:00:00Z"},
            "points": {"date": "{d:02}.{m:02}.{y}"},
            "dashes": {"date": "{d:02}-{m:02}-{y}"},
            "US dashes": {"date": "{m:02}-{d:02}-{y}"},
            "two-digit year": {"date": "{d}/{m}/{s:02}"},
            "US, two-digit year": {"date": "{m}/{d}/{s:02}"},
            "serial": {"date": "{serial}"},
            "20240201": {"date": "{y}{m:02}{d:02}"},
            "01-Feb-2024": {"date": "{d:02}-{name}-{y}"},
            "01-FEB-24": {"date": "{d:02}-{NAME}-{s:02}"},
            "Feb 1, 2024": {"date": "{name} {d}, {y}"},
        },
        "quotes": {"all": {"quoting": csv.QUOTE_ALL}, "texts": {"quoting": csv.QUOTE_NONNUMERIC}},
        "null": {
            text: {"null": text} for text in ("NULL", "null", "NaN", "nan", "N/A", "#N/A", "None", r"\N", "NA", "-")
        },
        "encoding": {
            "byte order mark": {"encoding": "utf-8-sig"},
            "UTF-16": {"encoding": "utf-16"},
            "cp1252": {"encoding": "cp1252"},
            "cp1252, declared": {"encoding": "cp1252", "declared": declared(encoding="cp1252")},
        },
        "lines": {
            "CRLF": {"line_end": "\r\n"},
            "CR": {"line_end": "\r"},
            "no end of the last line": {"last_end": False},
            "blank lines": {"blank_lines": True},
        },
        "header": {
            "small letters": {"header": "lower"},
            "blanks after commas": {"header": "blank"},
            "other order": {"header": "reversed"},
            "sep=": {"before": "sep={delimiter}"},
            "title line": {"before": "Report of the month"},
        },
        "trailing": {
            "a total": {"totals": True},
            "the header again": {"headers_again": 1},
            "the header again, three times": {"headers_again": 3},
            "an index": {"extra": "index"},
            "a trailing separator": {"extra": "trailing"},
            "one more column": {"extra": "column"},
        },
        "ids": {
            "padded": {"ids": "{:<18}"},
            "padded on the left": {"ids": "{:>18}"},
            "a mark before": {"ids": "\ufeff{}"},
            "a no-break space behind": {"ids": "{}\u00a0"},
            "rounded": {"scientific": True},
        },
        "rows": {
            "reversed": {"rows": "reversed"},
            "shuffled": {"rows": "shuffled"},
            "by customer": {"rows": "sorted"},
            "each row twice": {"rows": "twice"},
            "later corrections": {"rows": "later"},
            "older versions behind": {"rows": "older"},
        },
    }
)
REFUSED = frozenset(
    {
        ("separator", "semicolons"),
        ("separator", "tabs"),
        ("percent", "27%"),
        ("percent", "27 %"),
        ("encoding", "UTF-16"),
        ("lines", "CR"),
        ("header", "small letters"),
        ("header", "blanks after commas"),
        ("header", "sep="),
        ("header", "title line"),
        ("trailing", "an index"),
        ("trailing", "a trailing separator"),
        ("trailing", "one more column"),
        ("ids", "rounded"),
    }
)
