"""What the features of one bucket's loans need to know of the rows of all buckets: medians, and the newest outcome."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.declaration import Book
from jobs.job import Job
from storage.lake.datamart import TableVersion

Medians = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class Statistics:
    """`medians` by silver name and column, None for a column without a value; `newest_outcome` is the last day."""

    medians: Medians = field(default_factory=dict)
    newest_outcome: date | None = None

    def as_json(self) -> dict[str, Any]:
        newest = self.newest_outcome
        return {"medians": self.medians, "newest_outcome": newest.isoformat() if newest else None}


def statistics_from_json(content: Mapping[str, Any]) -> Statistics:
    """The inverse of `Statistics.as_json`."""
    newest = content["newest_outcome"]
    return Statistics(dict(content["medians"]), date.fromisoformat(newest) if newest else None)


def columns_with_median(book: Book) -> dict[str, list[str]]:
    """The columns that features read and whose nulls are replaced by their median, by silver name."""
    found: dict[str, list[str]] = {}
    for source in book.sources:
        columns = (source.column(name) for name in book.columns_read(source))
        found[source.silver] = [column.name for column in columns if column is not None and column.median]
    return {table: names for table, names in found.items() if names}


def median_of(values: pa.ChunkedArray) -> float | None:
    """The median of a column of numbers; None when it has no value."""
    return _median([values])


def medians_of(parts: Callable[[str, str], Iterable[pa.ChunkedArray]], book: Book) -> Medians:
    """The medians of all buckets; `parts` gives a column of a silver table, a bucket at a time."""
    return {
        table: {name: _median(parts(table, name)) for name in names}
        for table, names in columns_with_median(book).items()
    }


def newest_day(days: pa.ChunkedArray) -> list[date]:
    """The newest of these days; none where there is no day."""
    newest = pc.max(days).as_py()
    return [] if newest is None else [newest]


def statistics_of_tables(job: Job, tables: Iterable[TableVersion]) -> Statistics:
    """The statistics of the silver tables, one column of one table at a time."""
    versions = {version.table: version for version in tables}

    def parts(table: str, name: str) -> Iterator[pa.ChunkedArray]:
        version = versions[job.book.by_table[table].silver_table]
        for number in range(len(version.parts)):
            rows = job.datamart.read_part(version, number, [name])
            yield rows[name] if name in rows.column_names else pa.chunked_array([], pa.float64())

    days = (day for part in parts(job.book.outcomes.silver, job.book.outcomes.known_on) for day in newest_day(part))
    return Statistics(medians_of(parts, job.book), max(days, default=None))


def _median(parts: Iterable[pa.ChunkedArray]) -> float | None:
    """The median of a column that comes in parts. One array has the values of all parts, and is sorted in place."""
    chunks = [chunk.drop_null().to_numpy() for part in parts for chunk in part.cast(pa.float64()).chunks]
    known = np.concatenate(chunks) if chunks else np.zeros(0)
    del chunks
    return float(np.median(known, overwrite_input=True)) if len(known) else None
