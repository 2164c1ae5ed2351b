"""The features of a loan, from what was known when it is scored. The same code serves training and inference."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.book.features import Computed, Latest
from jobs.gold.labels import default_labels, loans_of, splits
from jobs.gold.point_in_time import KnownRows
from jobs.silver.identity import check_matches


def loan_features(tables: Mapping[str, pa.Table], book: Book) -> tuple[pa.Table, dict[str, int]]:
    """(one row a loan with ids, dates, label, split and every feature; how many were left out, by reason).

    `tables` are the governed tables by silver name (at least the columns that the book reads), without anything later
    than as-of. A loan without a row of a source that is declared `every_loan` is left out, and counted under the first
    such source. Raises InputRejected when that are too many loans.
    """
    loans = loans_of(tables[book.loan_source], book)
    known = {source.silver: KnownRows(loans, tables[source.silver], source, book) for source in book.sources}
    values, there = feature_values(known, loans.num_rows, book)
    about_loan = [one.name for one in book.features if isinstance(one, Latest) and one.source == book.loan_source]
    columns: dict[str, Any] = {name: loans[name] for name in (book.loan_id, book.customer_id, book.loan_start)}
    columns |= {name: values.pop(name) for name in about_loan if name in values}
    columns |= {name: loans[name] for name in ("prediction_date", "observation_date")}
    columns["label"] = default_labels(tables[book.bad_loan.source], loans, book)
    columns["split"] = splits(loans[book.loan_id])
    columns |= values
    without = {name: int((~mask).sum()) for name, mask in there.items() if not mask.all()}
    check_matches(loans.num_rows, without, book)
    every, left_out = np.ones(loans.num_rows, bool), {}
    for name, mask in there.items():
        left_out[f"without_{name}"] = int((every & ~mask).sum())
        every &= mask
    left_out = {reason: count for reason, count in left_out.items() if count} | _without_loan(loans, tables, book)
    return pa.table(columns).filter(pa.array(every)), left_out


def feature_values(known: Mapping[str, KnownRows], loans: int, book: Book) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the features that are not hidden, a column each, in declared order; which loans each `every_loan` source has).

    `known` are the rows of every source beside `loans` loans, by silver name.
    """
    newest = {name: known[name].newest() for name in _joined(book)}
    found: dict[str, Any] = {}
    for feature in book.features:
        if isinstance(feature, Computed):
            found[feature.name] = feature.function(*(found[name] for name in feature.of))
        elif isinstance(feature, Latest):
            places = newest[feature.source]
            column = imputed(known[feature.source].table, book.by_table[feature.source], feature.reads)
            found[feature.name] = column.take(pa.array(places, mask=places < 0))
        else:
            found[feature.name] = known[feature.source].statistic(feature)
        if len(found[feature.name]) != loans:
            raise ValueError(f"feature {feature.name} has {len(found[feature.name])} values for {loans} loans")
    kept = {feature.name: found[feature.name] for feature in book.features if not feature.hidden}
    return kept, {source.silver: newest[source.silver] >= 0 for source in book.sources if source.every_loan}


def imputed(table: pa.Table, source: Source, name: str) -> pa.ChunkedArray:
    """The column, as float64 with its median for null where it is declared so (null stays where all are null)."""
    declared, column = source.column(name), table[name]
    if declared is None or not declared.median:
        return column
    column = column.cast(pa.float64())
    known = column.drop_null().to_numpy() if column.null_count else ()
    return pc.fill_null(column, float(np.median(known))) if len(known) else column


def _joined(book: Book) -> list[str]:
    """The sources whose newest rows are needed."""
    of_features = (feature.source for feature in book.features if isinstance(feature, Latest))
    of_every_loan = (source.silver for source in book.sources if source.every_loan)
    return list(dict.fromkeys((*of_features, *of_every_loan)))


def _without_loan(loans: pa.Table, tables: Mapping[str, pa.Table], book: Book) -> dict[str, int]:
    """Customers without a loan, and rows of the loans' source that name no loan or no start, where there are any."""
    ledger = tables[book.loan_source]
    nameless = pc.or_(pc.is_null(ledger[book.loan_id]), pc.is_null(ledger[book.loan_start]))
    counts = {"rows_without_loan": int(pc.sum(nameless).as_py() or 0)}
    about_customers = next((one for one in book.sources if one.every_loan and book.customer_id in one.names), None)
    if about_customers is not None:
        customers = pc.unique(tables[about_customers.silver][book.customer_id].cast(pa.string()).combine_chunks())
        borrowers = pc.unique(loans[book.customer_id].combine_chunks())
        without = pc.sum(pc.invert(pc.is_in(customers, value_set=borrowers)))
        counts = {"customers_without_loan": int(without.as_py() or 0), **counts}
    return {what: count for what, count in counts.items() if count}
