"""The data faults of a model's features: one sentence each, which names the feature, its columns and its dataset."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jobs.book.declaration import Book
from jobs.modelling.pipelines import is_category
from jobs.modelling.splits import as_floats
from jobs.statistics.faults import EVERY, OF_NEWEST, Kind, feature_fault
from jobs.statistics.reference import reference_from_json


@dataclass(frozen=True)
class DataFault:
    """A feature with a data fault, its kind, and a sentence for people."""

    feature: str
    kind: Kind
    sentence: str


def data_faults(
    rows: pa.Table, reference: Mapping[str, Any], book: Book, minimum_rows: int = 1, newest: str = ""
) -> list[DataFault]:
    """The faults of the features of `rows` against a model's reference, in the model's order.

    Both are values before imputation, or both after it. With fewer than `minimum_rows` rows there are none. `newest`
    names the rows when they are the newest loans alone (`loans of 2025-07`), which are judged for `OF_NEWEST` only.
    """
    found = []
    kinds, loans = (OF_NEWEST, newest) if newest else (EVERY, "loans")
    for name, frozen in reference["features"].items():
        if name not in rows.column_names or is_category(rows[name].type) != (frozen["kind"] == "category"):
            continue  # the book declares the feature otherwise now, or no longer
        fault = feature_fault(reference_from_json(frozen), values_like(frozen, rows[name]), minimum_rows, kinds, loans)
        if fault is not None:
            found.append(DataFault(name, fault.kind, f"{name} {fault.text}; check {columns_of(name, book)}."))
    return found


def values_like(frozen: Mapping[str, Any], column: pa.ChunkedArray) -> Any:
    """The values of a feature as its frozen reference counts them: texts or None, or floats with NaN for null."""
    texts: Any = column.to_pylist() if frozen["kind"] == "category" else None
    return as_floats(column) if texts is None else texts


def columns_of(feature: str, book: Book) -> str:
    """`column A of loans, columns B and C of clients`; the extracts when the book does not know the feature."""
    names: dict[str, list[str]] = {}
    for source, column in book.inputs_of(feature):
        names.setdefault(source.dataset, []).append(column.label)
    told = [f"column{'s' * (len(of) > 1)} {' and '.join(of)} of {dataset}" for dataset, of in names.items()]
    return ", ".join(told) or "the extracts"


def counted_before_imputation(reference: Mapping[str, Any]) -> bool:
    """Whether a model's reference counts missing values before imputation; not so for models of earlier releases."""
    return bool(reference.get("before_imputation", False))
