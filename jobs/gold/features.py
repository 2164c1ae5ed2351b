"""The features of a loan, from what was known when it is scored. The same code serves training and inference."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.book.features import Computed, Latest
from jobs.gold.arrears import IN_ARREARS, arrears_at_scoring
from jobs.gold.labels import default_labels, loans_of, splits
from jobs.gold.point_in_time import KnownRows
from jobs.silver.quality.identity import check_matches
from jobs.silver.quality.statistics import Statistics, median_of

Flags = npt.NDArray[np.bool_]
EXPOSURE = "exposure"  # the column with the amount of each loan, where the book names one


@dataclass(frozen=True)
class LoanFeatures:
    """`rows`: one a loan, with ids, dates, label, split and every feature. `left_out`: rows left out, by reason.

    `known` is the number of loans before any was left out, and `without` how many of them have no row of a source that
    should be about every loan, by silver name. `matched` are the numbers of rows of the other sources, and of those
    about a loan. `imputed` has the loan ids of `rows` and, under the name of each
    feature, whether the loan's value was imputed or computed from an imputed one.
    """

    rows: pa.Table
    imputed: pa.Table
    left_out: dict[str, int]
    known: int
    without: dict[str, int]
    matched: dict[str, dict[str, int]]


@dataclass(frozen=True)
class FeatureColumns:
    """The features that are not hidden, by name: `values`, one a loan; `imputed`, flags of those with imputed cells.

    `there` says by silver name which loans each `every_loan` source has.
    """

    values: dict[str, Any]
    imputed: dict[str, Flags]
    there: dict[str, Flags]


def loan_features(tables: Mapping[str, pa.Table], book: Book) -> LoanFeatures:
    """The features of every loan of a book.

    `tables` are the governed tables by silver name (at least the columns that the book reads), without anything later
    than as-of. A loan without a row of a source that is declared `every_loan` is left out, and counted under the first
    such source. Raises InputRejected when that are too many loans, and when another source has rows of no loan.
    """
    found = unchecked_features(tables, book)
    check_matches(found.known, found.without | without_any(found.known, found.matched), book)
    return found


def without_any(loans: int, matched: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The number of loans for each source that has rows, none of which is about a loan. See `LoanFeatures.matched`."""
    return {name: loans for name, count in matched.items() if count["rows"] and not count["of_loans"]}


def unchecked_features(
    tables: Mapping[str, pa.Table], book: Book, statistics: Statistics | None = None
) -> LoanFeatures:
    """The same as `loan_features`, however few loans have their rows.

    `statistics` are those of all rows, where `tables` have those of a bucket.
    """
    loans = loans_of(tables[book.loan_source], book)
    known = {source.silver: KnownRows(loans, tables[source.silver], source, book) for source in book.sources}
    found = feature_values(known, loans.num_rows, book, statistics)
    without = {name: int((~mask).sum()) for name, mask in found.there.items() if not mask.all()}
    others = [source.silver for source in book.sources if source not in (book.loans, *_of_every_loan(book))]
    matched = {name: {"rows": known[name].table.num_rows, "of_loans": known[name].rows_of_loans} for name in others}
    every, left_out = np.ones(loans.num_rows, bool), {}
    for name, mask in found.there.items():
        left_out[f"without_{name}"] = int((every & ~mask).sum())
        every &= mask
    left_out = {reason: count for reason, count in left_out.items() if count} | _without_loan(loans, tables, book)
    kept = pa.array(every)
    newest = statistics.newest_outcome if statistics else None
    rows, cells = _rows(found, known, loans, book, newest), _imputed_cells(found, loans[book.loan_id], book)
    return LoanFeatures(rows.filter(kept), cells.filter(kept), left_out, loans.num_rows, without, matched)


def _rows(
    found: FeatureColumns, known: Mapping[str, KnownRows], loans: pa.Table, book: Book, newest: date | None
) -> pa.Table:
    """Ids, dates, label, split, arrears, exposure and features of the loans, in this order."""
    values = dict(found.values)
    about_loan = [one.name for one in book.features if isinstance(one, Latest) and one.source == book.loan_source]
    columns: dict[str, Any] = {name: loans[name] for name in (book.loan_id, book.customer_id, book.loan_start)}
    columns |= {name: values.pop(name) for name in about_loan if name in values}
    columns |= {name: loans[name] for name in ("prediction_date", "observation_date")}
    of_label = known[book.bad_loan.source]
    columns["label"] = default_labels(of_label.table, loans, book, newest)
    columns["split"] = splits(loans[book.customer_id])
    columns[IN_ARREARS] = arrears_at_scoring(of_label, loans.num_rows, book)
    if book.exposure:
        places, ledger = known[book.loan_source].newest(), known[book.loan_source].table
        columns[EXPOSURE] = ledger[book.exposure].cast(pa.float64()).take(pa.array(places, mask=places < 0))
    return pa.table(columns | values)


def _of_every_loan(book: Book) -> list[Source]:
    return [source for source in book.sources if source.every_loan]


def _imputed_cells(found: FeatureColumns, loan_ids: pa.ChunkedArray, book: Book) -> pa.Table:
    none = np.zeros(len(loan_ids), bool)
    cells = {name: pa.array(found.imputed.get(name, none)) for name in found.values}
    return pa.table({book.loan_id: loan_ids, **cells})


def feature_values(
    known: Mapping[str, KnownRows], loans: int, book: Book, statistics: Statistics | None = None
) -> FeatureColumns:
    """The features, in declared order. `known` are the rows of every source beside `loans` loans, by silver name."""
    newest = {name: known[name].newest() for name in _joined(book)}
    found: dict[str, Any] = {}
    cells: dict[str, Flags] = {}
    for feature in book.features:
        if isinstance(feature, Computed):
            found[feature.name] = feature.function(*(found[name] for name in feature.of))
            of_inputs = [cells[name] for name in feature.of if name in cells]
            cells |= {feature.name: np.logical_or.reduce(of_inputs)} if of_inputs else {}
        elif isinstance(feature, Latest):
            places, table = newest[feature.source], known[feature.source].table
            column = imputed(table, book.by_table[feature.source], feature.reads, statistics)
            found[feature.name] = column.take(pa.array(places, mask=places < 0))
            if column.null_count < table[feature.reads].null_count:
                nulls = pc.is_null(table[feature.reads]).to_numpy(zero_copy_only=False)
                cells[feature.name] = (places >= 0) & nulls[places]
        else:
            found[feature.name] = known[feature.source].statistic(feature)
        if len(found[feature.name]) != loans:
            raise ValueError(f"feature {feature.name} has {len(found[feature.name])} values for {loans} loans")
    kept = [feature.name for feature in book.features if not feature.hidden]
    return FeatureColumns(
        {name: found[name] for name in kept},
        {name: cells[name] for name in kept if name in cells},
        {source.silver: newest[source.silver] >= 0 for source in book.sources if source.every_loan},
    )


def before_imputation(rows: pa.Table, cells: pa.Table, loan_id: str) -> pa.Table:
    """The rows with null for every value that was imputed or computed from an imputed one (see `LoanFeatures`).

    `cells` has all loans of `rows`, in any order; a feature that it does not have stays as it is.
    """
    cells = cells.take(pc.index_in(rows[loan_id], value_set=cells[loan_id].combine_chunks()))
    for place, name in enumerate(rows.column_names):
        if name in cells.column_names and name != loan_id and pc.any(cells[name]).as_py():
            rows = rows.set_column(place, name, pc.if_else(cells[name], None, rows[name]))
    return rows


def imputed(table: pa.Table, source: Source, name: str, statistics: Statistics | None = None) -> pa.ChunkedArray:
    """The column, as float64 with its median for null where it is declared so (null stays where all are null).

    The median is that of `statistics`, of the column when there are none.
    """
    declared, column = source.column(name), table[name]
    if declared is None or not declared.median:
        return column
    if not column.null_count:
        return filled(column, None)
    return filled(column, statistics.medians[source.silver][name] if statistics else median_of(column))


def filled(column: pa.ChunkedArray, value: float | None) -> pa.ChunkedArray:
    """The column as float64, with the value for null unless it is None."""
    column = column.cast(pa.float64())
    return column if value is None else pc.fill_null(column, value)


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
