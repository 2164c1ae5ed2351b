"""What the cleaned tables have of one customer: found by the id of the customer or of a loan."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.gold.labels import loans_of
from jobs.job import Job
from jobs.silver.quality.report import checked_columns, quality_report
from jobs.silver.reading import source_rows
from storage.lake.texts import equal_to


@dataclass(frozen=True)
class Subject:
    """A customer and the customer's loans; `loan` is the one that was asked for, '' when it was the customer."""

    customer: str
    loans: tuple[str, ...]
    loan: str = ""


@dataclass(frozen=True)
class CustomerRows:
    """The rows of a customer that count at as-of, by silver name, and why the customer is flagged ('' when not so).

    `loans` has ids, start, prediction_date and observation_date of the customer's loans, `superseded` the number of
    rows that a newer row replaced, `later` that of rows later than as-of.
    """

    tables: Mapping[str, pa.Table]
    loans: list[dict[str, Any]]
    flagged: str
    superseded: int
    later: int


def subject_of(job: Job, wanted: str) -> Subject | None:
    """Whom an id is about: the id of a loan, or else of a customer; None when no cleaned table has it."""
    book = job.book
    pairs = _ids(job, book.loans)
    of_loan = pairs.filter(equal_to(pairs[book.loan_id], wanted))[book.customer_id].drop_null()
    if len(of_loan):
        customer = str(of_loan[0].as_py())
        return Subject(customer, _loans(pairs, customer, book), wanted)
    loans = _loans(pairs, wanted, book)
    others = (source for source in book.sources if source != book.loans and book.customer_id in source.names)
    if loans or any(pc.any(equal_to(_ids(job, one)[book.customer_id], wanted)).as_py() for one in others):
        return Subject(wanted, loans)
    return None


def customer_rows(job: Job, subject: Subject) -> CustomerRows:
    """The customer's rows at as-of, after the same quality control as in every run."""
    book = job.book
    tables = {source.silver: _rows(job, source, subject) for source in book.sources}
    report = quality_report(tables, job.as_of, book)
    valid = {
        name: table.filter(pa.array(report.kept[name] | report.of_flagged[name])) for name, table in tables.items()
    }
    counts = report.accounting.values()
    return CustomerRows(
        tables=valid,
        loans=loans_of(valid[book.loan_source], book).to_pylist(),
        flagged=report.why.get(subject.customer, ""),
        superseded=sum(one["superseded"] for one in counts),
        later=sum(one["later_than_as_of"] for one in counts),
    )


def payments(found: CustomerRows, book: Book, loan: str) -> list[dict[str, Any]]:
    """The rows of a loan's payments in their order, oldest first, without the columns that every row repeats.

    They are those of the source that says which loans went bad.
    """
    source = book.outcomes
    table = found.tables[source.silver]
    if book.loan_id in table.column_names:
        table = table.filter(pc.equal(table[book.loan_id], loan))
    repeated = {*book.ids, *book.loan_facts, *source.personal} - {book.bad_loan.column, book.bad_loan.month}
    names = [column for column in source.names if column in table.column_names and column not in repeated]
    order = [(source.known_on, "ascending"), *((name, "ascending") for name in source.key if name in names)]
    rows: list[dict[str, Any]] = table.sort_by(list(dict(order).items())).select(names).to_pylist()
    return rows


def quarantined(job: Job, ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """The quarantined records in which one of the ids is a field: dataset, file, line, reason and masked text."""
    found: list[dict[str, Any]] = []
    for source in job.book.sources:
        if source.quarantine_table not in job.tables:
            continue
        for group in job.datamart.groups(job.tables[source.quarantine_table]):
            rows = group.filter(_naming(group["text"], ids)).to_pylist()
            found += [{"dataset": source.dataset, **row} for row in rows if _has_field(row["text"], source, ids)]
    return found


def rows_by_id(job: Job, table: str, column: str, ids: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The rows of a published table that have one of the ids in a column, by id; none of a table that is not there."""
    found: dict[str, dict[str, Any]] = {}
    for group in job.datamart.groups(job.tables[table]) if table in job.tables else ():
        rows = group.filter(pc.is_in(group[column].cast(pa.string()), pa.array(ids, pa.string())))
        found |= {str(row[column]): row for row in rows.to_pylist()}
    return found


def _ids(job: Job, source: Source) -> pa.Table:
    """The ids of every row of a source as plain texts."""
    names = [name for name in job.book.ids if name in source.names]
    table = source_rows(job, job.table(source.staged_table), source, names)
    return pa.table({name: table[name].cast(pa.string()) for name in names})


def _loans(pairs: pa.Table, customer: str, book: Book) -> tuple[str, ...]:
    own = pairs.filter(equal_to(pairs[book.customer_id], customer))[book.loan_id]
    return tuple(sorted(pc.unique(own.drop_null()).to_pylist()))


def _rows(job: Job, source: Source, subject: Subject) -> pa.Table:
    """The customer's rows of a cleaned table, before quality control."""
    book = job.book
    of_payments = source.names if source in (book.outcomes, book.loans) else ()
    columns = dict.fromkeys((*checked_columns(source, book), *book.columns_read(source), *of_payments))
    table = source_rows(job, job.table(source.staged_table), source, columns)
    if book.customer_id in table.column_names:
        mask = equal_to(table[book.customer_id].cast(pa.string()), subject.customer)
    else:
        mask = pc.is_in(table[book.loan_id].cast(pa.string()), pa.array(subject.loans, pa.string()))
    return table.filter(mask)


def _naming(texts: pa.ChunkedArray, ids: tuple[str, ...]) -> pa.ChunkedArray:
    """Where one of the ids stands anywhere in a text."""
    mask = pc.match_substring(texts, ids[0])
    for other in ids[1:]:
        mask = pc.or_(mask, pc.match_substring(texts, other))
    return mask


def _has_field(text: str, source: Source, ids: tuple[str, ...]) -> bool:
    fields = re.split(f"[{re.escape(source.dialect.delimiter)}\r\n]", text)
    return not set(ids).isdisjoint(field.strip('" \t') for field in fields)
