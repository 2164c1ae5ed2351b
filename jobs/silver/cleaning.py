"""Received texts turned into numbers, dates and categories; what can't be turned without a guess is null and counted.

Each distinct text of a column is cleaned once, by Arrow where it is plain and one by one where it is not, and the
results are spread over the rows. The book declares the kind of each column.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Column, Kind, Source

EMPTY = "empty"
PLACEHOLDER = "placeholder"
NO_NUMBER = "no number"
AMBIGUOUS = "ambiguous number"
NOT_WHOLE = "not a whole number"
NEGATIVE = "negative count"
TOO_LARGE = "beyond 1e15"
NO_DATE = "not d/M/yyyy"
NO_SUCH_DAY = "no such day"

LARGEST = 10**15

_PLAIN = {Kind.INTEGER: "^-?[0-9]{1,15}$", Kind.COUNT: "^[0-9]{1,15}$", Kind.DECIMAL: r"^-?[0-9]{1,15}(\.[0-9]+)?$"}
# What may stand around a number without changing it. Not letters, %, (), <>, -, commas: 40k, 5%, (500), <5, 5-, 1,5.
_JUNK = r"[\s_$€£¥₹#@&!?*;:|\"'`]*+"
_RUN = r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?[0-9]{1,4})?"
_NUMBER = re.compile(f"{_JUNK}({_RUN}){_JUNK}")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")

_Reasons = dict[int, str]
_Outcome = tuple[pa.Array, _Reasons]


@dataclass(frozen=True)
class Cleaned:
    """A cleaned `table` (the source's silver schema) and how many values became null: by column, then by reason."""

    table: pa.Table
    problems: dict[str, dict[str, int]]


def cleaned(table: pa.Table, source: Source) -> Cleaned:
    """The source's columns of a table of texts (plain or dictionary-encoded), each cleaned by its kind.

    A null counts as an empty text. Rows keep their order; columns of the table that the source does not declare are
    left out.
    """
    columns, problems = [], {}
    for column in source.columns:
        texts, places = _distinct(table[column.name])
        values, reasons = _CLEANERS[column.kind](texts, column)
        columns.append(values.take(places))
        counts = _counted(reasons, places, len(texts))
        if counts:
            problems[column.name] = counts
    return Cleaned(pa.Table.from_arrays(columns, schema=source.silver_schema), problems)


def matches(texts: pa.Array | pa.ChunkedArray, pattern: str) -> pa.Array | pa.ChunkedArray:
    """True where a text matches the whole pattern, white space around it aside; false for null."""
    trimmed = pc.utf8_trim_whitespace(texts.cast(pa.string()))
    return pc.fill_null(pc.match_substring_regex(trimmed, f"^(?:{pattern})$"), fill_value=False)


def _distinct(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """The distinct texts of a column (some may be unused), and for each row its place among them (int32, no nulls)."""
    if not pa.types.is_dictionary(column.type) or any(chunk.dictionary.null_count for chunk in column.chunks):
        column = column.cast(pa.string()).dictionary_encode()
    encoded = column.combine_chunks()
    texts, places = encoded.dictionary.cast(pa.string()), encoded.indices.cast(pa.int32())
    if places.null_count:
        places = places.fill_null(len(texts))
        texts = pa.concat_arrays([texts, pa.array([""], pa.string())])
    return texts, places


def _counted(reasons: _Reasons, places: pa.Array, distinct: int) -> dict[str, int]:
    """The number of rows for each reason, in the order of the reasons' names."""
    if not reasons:
        return {}
    rows = np.bincount(places.to_numpy(), minlength=distinct)
    counts = {
        reason: sum(int(rows[place]) for place, why in reasons.items() if why == reason)
        for reason in sorted(set(reasons.values()))
    }
    return {reason: count for reason, count in counts.items() if count}


def _texts(texts: pa.Array, _column: Column) -> _Outcome:
    """Identifiers and texts exactly as received; nothing but white space is null."""
    return _nulled(texts, pc.equal(pc.utf8_trim_whitespace(texts), ""), EMPTY)


def _trimmed(texts: pa.Array, _column: Column) -> _Outcome:
    """Codes without the white space around them; whether they are valid is for quality control to say."""
    return pc.utf8_trim_whitespace(texts), {}


def _categories(texts: pa.Array, column: Column) -> _Outcome:
    """Categories without the white space around them; placeholders and the empty text are null."""
    trimmed = pc.utf8_trim_whitespace(texts)
    known, empty = _nulled(trimmed, pc.equal(trimmed, ""), EMPTY)
    unknown = pc.is_in(trimmed, pa.array(sorted(column.missing_values), pa.string()))
    values, placeholders = _nulled(known, unknown, PLACEHOLDER)
    return values, empty | placeholders


def _nulled(texts: pa.Array, where: pa.Array, reason: str) -> _Outcome:
    """The texts with null where the flag is set, for the reason."""
    places = np.flatnonzero(where.to_numpy(zero_copy_only=False)).tolist()
    return (pc.if_else(where, None, texts) if places else texts), dict.fromkeys(places, reason)


def _numbers(texts: pa.Array, column: Column) -> _Outcome:
    """Numbers: plain ones by Arrow, the others by `_number`."""
    plain = pc.match_substring_regex(texts, _PLAIN[column.kind])
    places = np.flatnonzero(~plain.to_numpy(zero_copy_only=False)).tolist()
    if not places:
        return texts.cast(column.kind.type), {}
    values = pc.if_else(plain, texts, None).cast(column.kind.type)
    return _patched(values, texts, places, [_number(texts[place].as_py(), column.kind) for place in places])


def _dates(texts: pa.Array, column: Column) -> _Outcome:
    """Dates d/M/yyyy of the proleptic Gregorian calendar, with one or two digits for day and month."""
    places = list(range(len(texts)))
    return _patched(pa.nulls(len(texts), column.kind.type), texts, places, [_date(text) for text in texts.to_pylist()])


def _patched(values: pa.Array, texts: pa.Array, places: list[int], found: list[Any]) -> _Outcome:
    """The values with what was found at some places: a value, or the reason (a text) why there is none."""
    mask = np.zeros(len(texts), bool)
    mask[places] = True
    news = pa.array([None if isinstance(value, str) else value for value in found], values.type)
    reasons = {place: value for place, value in zip(places, found, strict=True) if isinstance(value, str)}
    return pc.replace_with_mask(values, pa.array(mask), news), reasons


def _number(text: str, kind: Kind) -> int | float | str:
    """The one number in a text, with its sign, or the reason why there is none.

    Junk around the number is dropped. Anything that could mean more than one number is ambiguous: two runs of digits,
    a sign that is doubled or trails, parentheses, letters, digits and minus signs beyond ASCII.
    """
    match = _NUMBER.fullmatch(text)
    if not match:
        if not text.strip():
            return EMPTY
        return AMBIGUOUS if _DIGIT.search(text) else NO_NUMBER
    number = Decimal(match[1])
    if abs(number) > LARGEST:
        return TOO_LARGE
    if kind is Kind.DECIMAL:
        return float(number)
    if number != number.to_integral_value():
        return NOT_WHOLE
    return NEGATIVE if kind is Kind.COUNT and number < 0 else int(number)


def _date(text: str) -> date | str:
    """The date of a text d/M/yyyy, or the reason why there is none."""
    match = _DATE.fullmatch(text.strip())
    if not match:
        return NO_DATE if text.strip() else EMPTY
    day, month, year = map(int, match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return NO_SUCH_DAY


_CLEANERS: Mapping[Kind, Callable[[pa.Array, Column], _Outcome]] = MappingProxyType(
    {
        Kind.IDENTIFIER: _texts,
        Kind.TEXT: _texts,
        Kind.CATEGORY: _categories,
        Kind.CODE: _trimmed,
        Kind.INTEGER: _numbers,
        Kind.COUNT: _numbers,
        Kind.DECIMAL: _numbers,
        Kind.DATE: _dates,
    }
)
