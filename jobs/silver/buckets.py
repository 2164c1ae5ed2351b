"""Customer buckets: a large book is checked and turned into features one bucket of customers after another.

A customer is in the same bucket on every machine. The number of buckets depends on the number of rows alone.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.declaration import Book
from jobs.job import Job
from jobs.profiles.hashes import Hashes, hashes_of_texts
from jobs.silver.values import Ordered, Spread
from storage.lake.datamart import TableVersion
from storage.lake.pieces import WHOLE, Pieces

ROWS_OF_BUCKET = 4_000_000  # of all tables, of which one process holds the columns that it needs in about 0.6 GB
ROWS_OF_SMALL_BUCKET = 1_000_000  # of a book of few buckets, which are smaller so that several processors have work
MOST_SMALL_BUCKETS = 4
MISSING = "\0"  # stands for an id that is missing or empty
ROWS_OF_PIECE = 250_000  # of one part that is written in pieces: its share of a bucket, which others fill
WHOLE_PART = 4  # times as many rows as a piece has: a part with fewer is written whole
MOST_OF_SHARE = 32  # pieces of a part that is a small share of its book; of a larger part each has more rows


@dataclass(frozen=True)
class Bucket:
    """Bucket `number` (from 0) of `of`, a power of two."""

    number: int = 0
    of: int = 1


EVERYBODY = Bucket()


def is_divisible(book: Book) -> bool:
    """Whether a book can be worked on by bucket: what belongs together has to name the same customer.

    Every source has the customer's id. The loans' source alone has the loan's, and its rows replace each other by loan;
    rows of the other sources replace each other by customer.
    """
    return all(
        book.customer_id in source.names
        and (book.loan_id in source.key if source == book.loans else book.loan_id not in source.names)
        and (source == book.loans or book.customer_id in source.key)
        for source in book.sources
    )


def number_of_buckets(rows: int, most: int) -> int:
    """The smallest power of two with which a bucket has at most `most` of the rows on average."""
    return 1 << max(0, (max(rows, 1) - 1) // most).bit_length()


def hashes_of(ids: pa.ChunkedArray) -> Hashes:
    """A number for each row by its id, the same on every machine; a missing id counts as an empty text."""
    return np.concatenate([np.zeros(0, np.uint64), *map(_hashes_of_chunk, ids.chunks)])


def _hashes_of_chunk(ids: pa.Array) -> Hashes:
    encoded = pa.types.is_dictionary(ids.type)
    names = ids.dictionary.cast(pa.string()) if encoded else ids.cast(pa.string())
    empty = pc.equal(names, "")
    is_missing = names.null_count or pc.any(empty).as_py()
    named = pc.fill_null(pc.if_else(empty, MISSING, names), MISSING) if is_missing else names
    hashes = hashes_of_texts(pa.chunked_array([pa.concat_arrays([named, pa.array([MISSING])])]))
    return hashes[ids.indices.fill_null(len(names)).to_numpy()] if encoded else hashes[:-1]


def buckets_of_rows(ids: pa.ChunkedArray, number: int) -> Hashes:
    """The bucket of each row, below `number` (a power of two), by its customer's id."""
    return _buckets(hashes_of(ids), number)


def _buckets(hashes: Hashes, number: int) -> Hashes:
    return hashes & np.uint64(number - 1)


class Shares:
    """The rows of a cleaned part, a table at a time, in the order of their buckets.

    Each table is sorted while it still is a table of small numbers. The tables are joined later and then are divided
    into one for each bucket, in which the rows keep the order in which they were received.
    """

    def __init__(self, number: int, customer_id: str) -> None:
        self.number = number
        self._customer_id = customer_id
        self._ends: deque[list[int]] = deque()  # of each sorted table that is not divided yet: where its buckets end

    def order(self, columns: Mapping[str, Spread]) -> Ordered:
        """The rows of a table, of which these are the columns, in the order of their buckets."""
        customers = columns[self._customer_id]
        hashes = hashes_of(pa.chunked_array([customers.values]))
        found = _buckets(hashes, self.number).astype(np.uint16)[customers.places]
        self._ends.append(np.cumsum(np.bincount(found, minlength=self.number)).tolist())
        return Ordered(np.argsort(found, kind="stable"), {self._customer_id: hashes})

    def divide(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """A table for each bucket, in their order, of each table that sorted ones were joined to."""
        for table in tables:
            sorted_ones = list(self._parts(table))
            for bucket in range(self.number):
                bounds = [(ends[bucket - 1] if bucket else 0, ends[bucket]) for _, ends in sorted_ones]
                rows = zip(sorted_ones, bounds, strict=True)
                yield pa.concat_tables(
                    [one.slice(first, end - first) for (one, _), (first, end) in rows]
                ).combine_chunks()

    def _parts(self, table: pa.Table) -> Iterator[tuple[pa.Table, list[int]]]:
        """The sorted tables of a joined one, and where their buckets end."""
        start = 0
        while start < table.num_rows:
            ends = self._ends.popleft()
            yield table.slice(start, ends[-1]), ends
            start += ends[-1]

    @property
    def pieces(self) -> Pieces:
        """How the part is written: a piece for each bucket."""
        return WHOLE if self.number == 1 else Pieces(self.number, self.divide)


def shares_of(rows: int, book: Book) -> Shares:
    """How the rows of a cleaned part are divided: by bucket, in one piece where there are few."""
    least = number_of_buckets(rows, WHOLE_PART * ROWS_OF_PIECE) if is_divisible(book) else 1
    number = max(least, min(number_of_buckets(rows, ROWS_OF_PIECE), MOST_OF_SHARE))
    return Shares(1 if least == 1 else number, book.customer_id)


def buckets_of(staged: Iterable[TableVersion], book: Book) -> list[Bucket]:
    """The buckets in which cleaned tables are worked on; one for a book that is small or can't be divided."""
    rows = sum(version.rows for version in staged) if is_divisible(book) else 0
    small = min(number_of_buckets(rows, ROWS_OF_SMALL_BUCKET), MOST_SMALL_BUCKETS)
    number = max(number_of_buckets(rows, ROWS_OF_BUCKET), small)
    return [Bucket(each, number) for each in range(number)]


def bucket_numbers(job: Job) -> list[str]:
    """The partitions of a task that works by bucket: one for each, the only one without a key."""
    buckets = buckets_of_job(job)
    return [str(bucket.number) for bucket in buckets] if len(buckets) > 1 else [""]


def buckets_of_job(job: Job) -> list[Bucket]:
    """The buckets of the task's cleaned tables."""
    return buckets_of((job.table(source.staged_table) for source in job.book.sources), job.book)


def bucket_of_job(job: Job) -> Bucket:
    """The bucket of the task's partition."""
    return buckets_of_job(job)[int(job.partition)] if job.partition else EVERYBODY
