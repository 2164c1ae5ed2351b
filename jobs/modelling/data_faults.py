"""The data faults of a model's features: sentences that name the features, their columns and their datasets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jobs.book.declaration import Book
from jobs.modelling.frames import is_category
from jobs.modelling.splits import as_floats
from jobs.statistics.faults import EVERY, OF_NEWEST, feature_fault
from jobs.statistics.reference import reference_from_json

MOST_NAMED = 3  # features, and columns of a dataset, in a sentence about several
OF_SEVERAL = {
    "empty": "have no value in any of {}; in the baseline they had",
    "missing": "are missing in far more of {} than in the baseline",
    "levels": "have levels that the baseline does not have in nearly all values of {}",
    "unit": "are in another unit than in the baseline, in all {}",
    "constant": "have one and the same value in all {}; the baseline has several",
    "never known": "have no value in any of {}",
}


@dataclass(frozen=True)
class DataFault:
    """A feature with a data fault, its kind (a key of OF_SEVERAL), and a sentence for people.

    `loans` says in which loans (`150 loans of 2025-07`); `columns` are the labels of the feature's columns by dataset.
    """

    feature: str
    kind: str
    sentence: str
    loans: str
    columns: Mapping[str, Sequence[str]]


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
            found.append(fault_of(name, fault.kind, fault.text, f"{rows.num_rows:,} {loans}", book))
    return found


def fault_of(feature: str, kind: str, text: str, loans: str, book: Book) -> DataFault:
    """The fault of a feature; `text` is the predicate of its sentence."""
    columns: dict[str, list[str]] = {}
    for source, column in book.inputs_of(feature):
        columns.setdefault(source.dataset, []).append(column.label)
    return DataFault(feature, kind, f"{feature} {text}; check {_columns_text(columns)}.", loans, columns)


def fault_sentences(faults: Iterable[DataFault]) -> list[str]:
    """The sentences of these faults, one for all faults of a kind in the same loans, in the order of the faults.

    As when a whole extract is broken: `21 features (A, B, C and 18 more) have no value in any of 150 loans; ...`.
    """
    groups: dict[tuple[str, str], list[DataFault]] = {}
    for fault in faults:
        groups.setdefault((fault.kind, fault.loans), []).append(fault)
    return [_sentence_of(group) for group in groups.values()]


def _sentence_of(group: Sequence[DataFault]) -> str:
    first = group[0]
    if len(group) == 1:
        return first.sentence
    columns: dict[str, list[str]] = {}
    for fault in group:
        for dataset, labels in fault.columns.items():
            of = columns.setdefault(dataset, [])
            of += [label for label in labels if label not in of]
    names = _few([fault.feature for fault in group], MOST_NAMED)
    told = OF_SEVERAL[first.kind].format(first.loans)
    return f"{len(group)} features ({names}) {told}; check {_columns_text(columns, MOST_NAMED)}."


def values_like(frozen: Mapping[str, Any], column: pa.ChunkedArray) -> Any:
    """The values of a feature as its frozen reference counts them: texts or None, or floats with NaN for null."""
    texts: Any = column.to_pylist() if frozen["kind"] == "category" else None
    return as_floats(column) if texts is None else texts


def counted_before_imputation(reference: Mapping[str, Any]) -> bool:
    """Whether a model's reference counts missing values before imputation; not so for models of earlier releases."""
    return bool(reference.get("before_imputation", False))


def _columns_text(columns: Mapping[str, Sequence[str]], most: int | None = None) -> str:
    """`column A of loans, columns B and C of clients`, at most so many named; the extracts when there are none."""
    told = [f"column{'s' * (len(of) > 1)} {_few(of, most)} of {dataset}" for dataset, of in columns.items()]
    return ", ".join(told) or "the extracts"


def _few(names: Sequence[str], most: int | None = None) -> str:
    """`A, B and C`; of more than `most` names, `A, B, C and 9 more`."""
    shown = list(names[:most])
    if len(shown) < len(names):
        shown.append(f"{len(names) - len(shown):,} more")
    return " and ".join([text for text in (", ".join(shown[:-1]), shown[-1]) if text])
