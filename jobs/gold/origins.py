"""The features of one loan with the rows that each was made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.book.features import Computed, Feature, Latest, Window
from jobs.gold.features import feature_values
from jobs.gold.labels import loans_of
from jobs.gold.point_in_time import KnownRows

HIDDEN = "•••"


@dataclass(frozen=True)
class FeatureOrigin:
    """A feature of a loan: its value, and the rows (date when it became known, key, value read) that it was made of.

    `inputs` are the features and values that a computed feature was made of. `note` says when the value is no row's
    value. Personal values are hidden.
    """

    feature: str
    value: Any
    rows: Sequence[Mapping[str, Any]] = ()
    inputs: Mapping[str, Any] | None = None
    note: str = ""


@dataclass(frozen=True)
class LoanOrigins:
    """A loan with its dates (by name), its features, and why it has none for a model ('' when it has)."""

    loan: Mapping[str, Any]
    features: Sequence[FeatureOrigin]
    left_out: str = ""


def loan_origins(tables: Mapping[str, pa.Table], book: Book, loan_id: str) -> LoanOrigins | None:
    """The features of a loan and their rows; None when the tables have no such loan.

    `tables` are the governed tables by silver name (at least the columns that the book reads).
    """
    loans = loans_of(tables[book.loan_source], book)
    loans = loans.filter(pc.equal(loans[book.loan_id], loan_id))
    if loans.num_rows == 0:
        return None
    known = {source.silver: KnownRows(loans, tables[source.silver], source, book) for source in book.sources}
    shown = replace(book, features=tuple(replace(feature, hidden=False) for feature in book.features))
    found = feature_values(known, 1, shown)
    value_of = {name: column[0].as_py() for name, column in found.values.items()}
    features = [_origin(feature, book, known, value_of) for feature in book.features]
    without = [name for name, there in found.there.items() if not there[0]]
    left_out = f"no row of {' and '.join(without)} was known on its prediction date" if without else ""
    return LoanOrigins(loans.to_pylist()[0], features, left_out)


def _origin(feature: Feature, book: Book, known: Mapping[str, KnownRows], values: Mapping[str, Any]) -> FeatureOrigin:
    value = values[feature.name]
    if isinstance(feature, Computed):
        inputs = {name: _masked(book, name, values[name]) for name in feature.of}
        return FeatureOrigin(feature.name, value, inputs=inputs)
    source, rows = book.by_table[feature.source], known[feature.source]
    numbers = _newest(rows) if isinstance(feature, Latest) else rows.within(feature)[0].tolist()
    found = _rows(rows.table, source, feature, numbers)
    return FeatureOrigin(feature.name, _masked(book, feature.name, value), found, note=_note(feature, found, value))


def _newest(rows: KnownRows) -> list[int]:
    (number,) = rows.newest().tolist()
    return [number] if number >= 0 else []


def _rows(table: pa.Table, source: Source, feature: Latest | Window, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The rows with these numbers: when they became known, their key, and the value that the feature reads."""
    names = [
        name for name in dict.fromkeys((source.known_on, *source.key, feature.reads)) if name in table.column_names
    ]
    found: list[dict[str, Any]] = table.select(names).take(pa.array(numbers, pa.int64())).to_pylist()
    return [
        {name: HIDDEN if name in source.personal and value is not None else value for name, value in row.items()}
        for row in found
    ]


def _note(feature: Latest | Window, rows: Sequence[Mapping[str, Any]], value: Any) -> str:
    if not rows:
        return "no row was known"
    unknown = sum(row[feature.reads] is None for row in rows)
    if isinstance(feature, Latest):
        return "the median of the column, because the row has no value" if unknown and value is not None else ""
    return f"{unknown} of {len(rows)} rows have no value and do not count" if unknown else ""


def _masked(book: Book, name: str, value: Any) -> Any:
    """A feature's value; hidden when its column is personal."""
    feature = book.feature(name)
    personal = isinstance(feature, Latest) and feature.reads in book.by_table[feature.source].personal
    return HIDDEN if personal and value is not None else value
