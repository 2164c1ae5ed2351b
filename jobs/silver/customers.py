"""The customer of each row of a table, and how many there are."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.silver.newest import encoded

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


def customers_of(source: Source, tables: Mapping[str, pa.Table], book: Book) -> pa.ChunkedArray:
    """The customer of each row of a source; where it names only loans, the one of the loan's first row."""
    table = tables[source.silver]
    if book.customer_id in source.names:
        return table[book.customer_id]
    ledger = tables[book.loan_source]
    loan_ids = ledger[book.loan_id].cast(pa.string()).combine_chunks()
    places = pc.index_in(table[book.loan_id].cast(pa.string()), value_set=loan_ids, skip_nulls=True)
    return ledger[book.customer_id].cast(pa.string()).take(places)


def named(customers: pa.ChunkedArray) -> Mask:
    """True for the rows that name their customer."""
    mask: Mask = pc.is_valid(customers).to_numpy(zero_copy_only=False)
    return mask


def names_customer(table: pa.Table, source: Source, book: Book) -> Mask:
    """True for the rows of a source that name their customer; for all rows of one that has no customer's id."""
    return named(table[book.customer_id]) if book.customer_id in source.names else np.ones(table.num_rows, bool)


def with_one_dictionary(customers: Mapping[str, pa.ChunkedArray]) -> dict[str, pa.ChunkedArray]:
    """The columns as dictionary arrays that have one dictionary, so that an index is a customer in each of them."""
    parts = {name: encoded(column) for name, column in customers.items()}
    texts = [part.dictionary.cast(pa.string()) for part in parts.values()]
    people = pa.concat_arrays([pa.array([], pa.string()), *texts]).dictionary_encode()
    found, start = {}, 0
    for name, part in parts.items():
        numbers = people.indices.slice(start, len(part.dictionary)).take(part.indices)
        found[name] = pa.chunked_array([pa.DictionaryArray.from_arrays(numbers, people.dictionary)])
        start += len(part.dictionary)
    return found


def number_of_customers(customers: Mapping[str, pa.ChunkedArray], rows: Mapping[str, Mask]) -> int:
    """The number of different customers of these rows; `customers` have one dictionary."""
    seen: list[Mask] = []
    for name, mask in rows.items():
        column = customers[name].combine_chunks()
        indices = column.indices.filter(pa.array(mask)).drop_null().to_numpy()
        seen.append(np.bincount(indices, minlength=len(column.dictionary)) > 0)
    return int(np.logical_or.reduce(seen).sum()) if seen else 0


def is_one_of(column: pa.ChunkedArray, values: pa.Array) -> Mask:
    """True where a text is one of the values; False for null."""
    mask: Mask = codes_in(column, values) >= 0
    return mask


def codes_in(column: pa.ChunkedArray, values: pa.Array) -> Codes:
    """The place of each text among `values`, -1 for null and for a text that is not there."""
    if pa.types.is_dictionary(column.type):
        part = encoded(column)
        places = pc.index_in(part.dictionary, value_set=values).take(part.indices)
    else:
        places = pc.index_in(column, value_set=values)
    found: Codes = pc.fill_null(places, fill_value=-1).to_numpy().astype(np.int64)
    return found


def plain(column: pa.ChunkedArray) -> pa.Array:
    """The texts as one array that is not dictionary-encoded."""
    return column.cast(pa.string()).combine_chunks()
