"""Ids that identify: a loan has one customer, its rows agree, and the loans of one file are found in the others."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.errors import InputRejected
from jobs.job import Job, log
from jobs.loan_calendar import known_by
from jobs.profiles.hashes import Hashes, distinct
from jobs.silver.buckets import EVERYBODY, Bucket, hashes_of
from jobs.silver.customers import names_customer
from jobs.silver.newest import changing, codes_of, contradictions, encoded, row_codes
from jobs.silver.reading import source_rows
from storage.lake.datamart import TableVersion

MOST_UNMATCHED = 0.2  # share of loans that may lack a row of a source which every loan must have
MOST_CHANGING = 0.5  # share of loans for which a fact of the loan may change
FEWEST_LOANS = 10  # loans of which one at least must have its row
FEW_LOANS = 50  # loans whose share says little
BUCKETS_AT_ONCE = 2
CHANGES = "changes"  # the value of a bucket with the loans that change, until all buckets are put together
AND = " "  # between columns
Reader = Callable[[str], pa.ChunkedArray]


def check_customers(ledger: pa.Table, visible: npt.NDArray[np.bool_], book: Book) -> None:
    """Raises InputRejected when a loan has rows of several customers, of the rows that are visible.

    `ledger` are the rows of the loans' source with at least the ids of loan and customer.
    """
    rows = ledger.select(book.ids).filter(pa.array(visible)).drop_null()
    loans, customers = (codes_of(rows[name])[0] for name in (book.loan_id, book.customer_id))
    if not len(loans):
        return
    one = np.zeros(int(loans.max()) + 1, np.int64)
    one[loans] = customers
    shared = np.unique(loans[one[loans] != customers])
    if len(shared):
        first = rows[book.loan_id][int(np.flatnonzero(loans == shared[0])[0])].as_py()
        name = "1 id names" if len(shared) == 1 else f"{len(shared):,} ids name"
        raise InputRejected(
            f"{name} loans of several customers, the first is {first!r}",
            file=book.loans.dataset,
            column=book.loan_id,
            hint="deliver ids that name one loan each",
        )


def check_buckets(job: Job, staged: TableVersion, buckets: Sequence[Bucket]) -> None:
    """Raises InputRejected when a loan has rows of several customers that are in different buckets.

    `check_customers` looks at the rows of one bucket. `staged` is the cleaned table of the loans' source.
    """
    loan = job.book.loan_id
    with ThreadPoolExecutor(BUCKETS_AT_ONCE) as pool:  # of which only the ids are in memory
        parts = list(pool.map(lambda bucket: _hashes_of_loans(_named(job, staged, bucket)[loan]), buckets))
    hashes, counts = np.unique(np.concatenate(parts), return_counts=True)
    shared = hashes[counts > 1]
    if len(shared):
        every = (_named(job, staged, bucket) for bucket in buckets)
        rows = pa.concat_tables(
            rows.filter(pa.array(np.isin(hashes_of(rows[job.book.loan_id]), shared))) for rows in every
        )
        check_customers(rows, np.ones(rows.num_rows, bool), job.book)


def _hashes_of_loans(ids: pa.ChunkedArray) -> Hashes:
    """The hashes of the different loans of these rows, each of which is hashed once."""
    loans = pc.unique(encoded(ids)).cast(pa.string())
    return distinct(hashes_of(pa.chunked_array([loans])))


def _named(job: Job, staged: TableVersion, bucket: Bucket) -> pa.Table:
    """The ids of the rows of the loans' source that count at as-of and have both."""
    known_on = job.book.loans.known_on
    rows = source_rows(job, staged, job.book.loans, (*job.book.ids, known_on), bucket)
    return rows.filter(pa.array(known_by(rows[known_on], job.as_of))).select(job.book.ids).drop_null()


def check_matches(loans: int, without: Mapping[str, int], book: Book) -> None:
    """Raises InputRejected when too many loans have no row of a source that every loan must have.

    `without` are the numbers of loans without a row, by silver name.
    """
    for name, missing in without.items():
        too_many = loans >= FEW_LOANS and missing > MOST_UNMATCHED * loans
        if too_many or FEWEST_LOANS <= loans == missing:
            source = book.by_table[name]
            raise InputRejected(
                f"{missing:,} of {loans:,} loans of {book.loans.dataset} have no row in {source.dataset}",
                file=source.dataset,
                column=book.customer_id if book.customer_id in source.names else book.loan_id,
                hint="deliver files of one time, with ids that are written alike in both",
            )


def conflicts(
    job: Job,
    staged: Mapping[str, TableVersion],
    checked: tuple[Mapping[str, pa.Table], Collection[str]],
    sources: Iterable[Source],
    bucket: Bucket = EVERYBODY,
) -> dict[str, dict[str, Any]]:
    """Contradictions in the rows of a bucket that are known at as-of and name their customer, by table.

    `conflicts` counts keys with other values on one date. `changes` has the number of loans with several rows, and how
    many of them change in which columns; `conflicts_in_all` makes `changing_loans` of it. `checked` are the checked
    columns of the bucket's cleaned rows, and the tables in which a key may have several rows.
    """
    tables, repeating = checked
    read = {source.silver: partial(_column, job, staged[source.silver], source, bucket) for source in sources}
    several = [name for name in read if name in repeating]
    of_keys = {name: _conflicts(job, tables[name], job.book.by_table[name], read[name]) for name in several}
    ledger = job.book.loan_source
    return {
        "conflicts": {name: count for name, count in of_keys.items() if count},
        CHANGES: {name: _changes(job, tables[name], read[name]) for name in read if name == ledger},
    }


def conflicts_in_all(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with what `conflicts` counted in all buckets: `changing_loans`, by table, in place of `changes`.

    A column that changes for more than half of the loans with several rows is no fact of a loan. Writes the log.
    """
    for table, count in values["conflicts"].items():
        log.warning("%s: %d keys have other values on one date", table, count)
    changing = {table: _changing_loans(table, found) for table, found in values[CHANGES].items()}
    others = {name: value for name, value in values.items() if name != CHANGES}
    return {**others, "changing_loans": {table: count for table, count in changing.items() if count}}


def _changing_loans(table: str, found: Mapping[str, Any]) -> int:
    of_columns = {tuple(names.split(AND)): count for names, count in found["loans"].items()}
    of_column = Counter[str]()
    for names, count in of_columns.items():
        of_column.update(dict.fromkeys(names, count))
    facts = {name for name, count in of_column.items() if count <= MOST_CHANGING * found["several"]}
    for name in sorted(facts):
        log.warning("%s: %s changes for %d loans", table, name, of_column[name])
    return sum(count for names, count in of_columns.items() if facts.intersection(names))


def _conflicts(job: Job, checked: pa.Table, source: Source, read: Reader) -> int:
    rows = _counted(job, checked, source)
    identity = (*source.key, source.known_on)
    others = [name for name in source.names if name not in identity]
    columns = [partial(read, name) for name in others]
    return contradictions(row_codes(checked, identity), rows, columns)


def _changes(job: Job, checked: pa.Table, read: Reader) -> dict[str, Any]:
    """The number of loans with several rows, and of those that change, by the columns in which they do."""
    rows = _counted(job, checked, job.book.loans)
    groups = row_codes(checked, [job.book.loan_id])[rows]
    sizes = np.bincount(groups)
    names = list(job.book.loan_facts)
    flags = [changing(groups, len(sizes), read(name).take(pa.array(rows))) for name in names]
    changed = np.array(flags, bool).reshape(len(names), len(sizes))
    loans = Counter(
        AND.join(name for name, is_one in zip(names, loan, strict=True) if is_one)
        for loan in changed[:, changed.any(axis=0)].T
    )
    return {"several": int((sizes > 1).sum()), "loans": dict(sorted(loans.items()))}


def _counted(job: Job, checked: pa.Table, source: Source) -> npt.NDArray[np.int64]:
    """The rows that are known at as-of and name their customer."""
    return np.flatnonzero(known_by(checked[source.known_on], job.as_of) & names_customer(checked, source, job.book))


def _column(job: Job, staged: TableVersion, source: Source, bucket: Bucket, name: str) -> pa.ChunkedArray:
    return source_rows(job, staged, source, [name], bucket)[name]
