"""Received texts turned into numbers, dates and categories; what can't be turned without a guess is null and counted.

Each distinct text of a column is cleaned once, by Arrow where it is plain and one by one where it is not, and the
results are spread over the rows. The book declares the kind of each column and the dialect of its files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import NUMBERS, Column, Dialect, Kind, Source
from jobs.silver.dates import NO_DATE, OUT_OF_RANGE, dates
from jobs.silver.numbers import NEGATIVE, NO_NUMBER, TOO_LARGE, numbers
from jobs.silver.values import EMPTY, PLACEHOLDER, Distinct, Ordered, Places, Reasons, Spread, Values, nulled

NULL_TEXT = "a text for null"
ROUNDED = "a rounded number"
SCIENTIFIC = r"^[0-9](?:(?:[.,][0-9]+)?[eE]\+|[.,][0-9]+[eE])[0-9]+$"
Flags = npt.NDArray[np.bool_]
Order = Callable[[Mapping[str, Spread]], Ordered]
REPEATED_HEADER = "a repeated header"
NULL_TEXTS = ("null", "(null)", "<null>", "none", "nan", "na", "n/a", "#n/a", "<na>", "nat", "\\n")  # in small letters
ABSENT = (EMPTY, PLACEHOLDER, NULL_TEXT, REPEATED_HEADER)  # reasons of texts that hold no value
OTHER_REASONS = (*ABSENT, NEGATIVE, OUT_OF_RANGE, TOO_LARGE)  # null for another reason than that they could not be read
BLANKS = ("-", "--", ".")  # for null in words and ids; in a number a dash may be a zero
AROUND = " \t\r\n\v\f\u00a0\u2007\u202f\u3000\ufeff\u200b"


@dataclass(frozen=True)
class Cleaned:
    """A cleaned `table` (the source's silver schema) and how many values became null: by column, then by reason.

    `first` is the first text of each column that could not be read, without those that hold no value or one out of
    range. `texts` are the distinct texts of numbers and dates, and `distinct` the distinct values of every column.
    `marks` names the columns with a minimum or maximum that could not be read, a text a row, null for none.
    """

    table: pa.Table
    problems: dict[str, dict[str, int]]
    first: dict[str, str]
    texts: dict[str, pa.Array]
    distinct: dict[str, Distinct]
    marks: pa.Array


def cleaned(
    table: pa.Table, source: Source, dialects: Mapping[str, Dialect] = MappingProxyType({}), order: Order | None = None
) -> Cleaned:
    """The source's columns of a table of texts (plain or dictionary-encoded), each cleaned by its kind.

    A null counts as an empty text. Columns of the table that the source does not declare are left out. Rows keep their
    order, or have the one that `order` tells of the cleaned columns. `dialects` are those of columns that are written
    in another one than the source's.
    """
    found = {each.name: _column(table, each, dialects.get(each.name, source.dialect)) for each in source.columns}
    ordered = None if order is None else order(found)
    hashes = {} if ordered is None else ordered.hashes
    columns, problems, kept = [], {}, {}
    first: dict[str, str] = {}
    distinct, marks = {}, {}
    for column in source.columns:
        texts, places, values, reasons = found[column.name]
        counted = np.bincount(places, minlength=len(texts))
        counts = _counted(reasons, counted)
        distinct[column.name] = Distinct(values, counted, counts, hashes.get(column.name))
        if counts and not is_absent(column, table):
            problems[column.name] = counts
            first |= _first(column, reasons, places, texts)
        if ordered is not None:
            places = places[ordered.rows]
        columns.append(pc.take(values, pa.array(places), boundscheck=False))
        if column.bounded:
            marks[column.name] = _unreadable(reasons, places)
        if column.kind.type != pa.string():
            kept[column.name] = texts
    values_of = pa.Table.from_arrays(columns, schema=source.silver_schema)
    return Cleaned(values_of, problems, first, kept, distinct, _marked(marks, table.num_rows))


def _column(table: pa.Table, column: Column, dialect: Dialect) -> Spread:
    """A column, cleaned text by text."""
    texts, places = _distinct(table[column.name])
    return Spread(texts, places.to_numpy(), *cleaned_texts(texts, column, dialect))


def cleaned_texts(texts: pa.Array, column: Column, dialect: Dialect) -> Values:
    """The values of distinct texts, without nulls, and why some texts have none."""
    values, reasons = _CLEANERS[column.kind](texts, column, dialect)
    if column.kind in (*NUMBERS, Kind.DATE):
        reasons = reasons | _not_values(texts, column, reasons)
    missing = {text for text in (*dialect.missing_values, *column.missing_values) if text}
    if not missing:
        return values, reasons
    unknown = pc.is_in(pc.utf8_trim_whitespace(texts), pa.array(sorted(missing), pa.string()))
    values, placeholders = nulled(values, unknown, PLACEHOLDER)
    return values, reasons | placeholders


def _not_values(texts: pa.Array, column: Column, reasons: Reasons) -> Reasons:
    """Why a text without a number or a date is none: it stands for null, or is the column's name in the rows."""
    wordy = [place for place, why in reasons.items() if why == NO_NUMBER or why.startswith(NO_DATE)]
    known = {place: texts[place].as_py().strip(AROUND) for place in wordy}
    found = {place: NULL_TEXT for place, text in known.items() if text.lower() in NULL_TEXTS}
    headers = pc.is_in(pc.utf8_trim(texts, characters=AROUND), pa.array([column.label])) if reasons else pa.array([])
    return found | {int(place): REPEATED_HEADER for place in np.flatnonzero(headers) if place in reasons}


def matches(texts: pa.Array | pa.ChunkedArray, pattern: str) -> pa.Array | pa.ChunkedArray:
    """True where a text matches the whole pattern, white space around it aside; false for null."""
    trimmed = pc.utf8_trim_whitespace(texts.cast(pa.string()))
    return pc.fill_null(pc.match_substring_regex(trimmed, f"^(?:{pattern})$"), fill_value=False)


def is_absent(column: Column, table: pa.Table) -> bool:
    """Whether an optional column was in no file: then its nulls are not unreadable values."""
    return column.optional and table[column.name].null_count == table.num_rows


def nulls_of(table: pa.Table, texts: pa.Table, source: Source) -> dict[str, int]:
    """The nulls of each column of a cleaned table that has any, without optional columns that are in no file."""
    counts = {column.name: table[column.name].null_count for column in source.columns if not is_absent(column, texts)}
    return {name: count for name, count in counts.items() if count}


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


def _first(column: Column, reasons: Reasons, places: Places, texts: pa.Array) -> dict[str, str]:
    """The text of the first row that could not be read, by the column's name; {} when there is none."""
    unreadable = [place for place, reason in reasons.items() if reason not in OTHER_REASONS]
    rows = np.flatnonzero(np.isin(places, unreadable))
    return {column.name: texts[int(places[rows[0]])].as_py()} if len(rows) else {}


def _unreadable(reasons: Reasons, places: Places) -> Flags:
    """The rows with a text that could not be read."""
    unreadable = [place for place, reason in reasons.items() if reason not in OTHER_REASONS]
    return np.isin(places, unreadable) if unreadable else np.zeros(len(places), bool)


def _marked(marks: Mapping[str, Flags], rows: int) -> pa.Array:
    """For each row the names of the columns with a mark, each between commas; null for none."""
    if not any(flags.any() for flags in marks.values()):
        return pa.nulls(rows, pa.string())
    texts = np.full(rows, "", object)
    for name, flags in marks.items():
        texts[flags] += f",{name},"
    return pa.array([text or None for text in texts], pa.string())


def _counted(reasons: Reasons, rows: npt.NDArray[np.int64]) -> dict[str, int]:
    """The number of rows for each reason, in the order of the reasons' names."""
    counts = {
        reason: sum(int(rows[place]) for place, why in reasons.items() if why == reason)
        for reason in sorted(set(reasons.values()))
    }
    return {reason: count for reason, count in counts.items() if count}


def _texts(texts: pa.Array, _column: Column, _dialect: Dialect) -> Values:
    """Texts exactly as received; nothing but white space is null."""
    return nulled(texts, pc.equal(pc.utf8_trim_whitespace(texts), ""), EMPTY)


def _identifiers(texts: pa.Array, _column: Column, _dialect: Dialect) -> Values:
    """Identifiers without the blanks and byte order marks around them; texts that exports write for null are null."""
    trimmed = pc.utf8_trim(texts, characters=AROUND)
    known, empty = nulled(trimmed, pc.equal(trimmed, ""), EMPTY)
    values, nulls = nulled(known, _stand_for_null(trimmed), NULL_TEXT)
    values, rounded = nulled(
        values, pc.fill_null(pc.match_substring_regex(values, SCIENTIFIC), fill_value=False), ROUNDED
    )
    return values, empty | nulls | rounded


def _codes(texts: pa.Array, _column: Column, _dialect: Dialect) -> Values:
    """Codes without the white space around them; whether they are valid is for quality control to say."""
    return pc.utf8_trim_whitespace(texts), {}


def _categories(texts: pa.Array, _column: Column, _dialect: Dialect) -> Values:
    """Categories without the white space around them; white space and texts that exports write for null are null."""
    trimmed = pc.utf8_trim_whitespace(texts)
    known, empty = nulled(trimmed, pc.equal(trimmed, ""), EMPTY)
    values, nulls = nulled(known, _stand_for_null(trimmed), NULL_TEXT)
    return values, empty | nulls


def _stand_for_null(texts: pa.Array) -> pa.Array:
    return pc.is_in(pc.utf8_lower(texts), pa.array((*NULL_TEXTS, *BLANKS)))


def _numbers(texts: pa.Array, column: Column, dialect: Dialect) -> Values:
    return numbers(texts, column.kind, dialect)


def _dates(texts: pa.Array, _column: Column, dialect: Dialect) -> Values:
    return dates(texts, dialect.date_formats)


_CLEANERS: Mapping[Kind, Callable[[pa.Array, Column, Dialect], Values]] = MappingProxyType(
    {
        Kind.IDENTIFIER: _identifiers,
        Kind.TEXT: _texts,
        Kind.CATEGORY: _categories,
        Kind.CODE: _codes,
        Kind.INTEGER: _numbers,
        Kind.COUNT: _numbers,
        Kind.DECIMAL: _numbers,
        Kind.DATE: _dates,
    }
)
