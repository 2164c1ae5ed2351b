"""The cleaned tables after quality control at as-of, as features need them: of inference, and of one loan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jobs.book.declaration import Book
from jobs.gold.labels import number_of_loans
from jobs.job import Job
from jobs.silver.identity import conflicts
from jobs.silver.quality import checked_columns, quality_report
from jobs.silver.reading import source_rows
from storage.lake.datamart import TableVersion


@dataclass(frozen=True)
class CheckedTables:
    """Cleaned tables after quality control at as-of, by silver name: the rows and columns that features need.

    `governed` are the rows that stay, `flagged` those of flagged customers that count at as-of, `why` their reasons by
    customer, `counts` what quality control counted.
    """

    governed: dict[str, pa.Table]
    flagged: dict[str, pa.Table]
    why: Mapping[str, str]
    counts: dict[str, Any]

    def loans(self, book: Book) -> int:
        """The number of loans, those of flagged customers included."""
        return sum(number_of_loans(tables[book.loan_source], book) for tables in (self.governed, self.flagged))


def checked_tables(job: Job, staged: Mapping[str, TableVersion], refreshed: Collection[str] = ()) -> CheckedTables:
    """The cleaned tables after quality control at as-of.

    Rows that contradict each other are counted in the datasets that were refreshed.
    """
    book = job.book
    tables = {
        source.silver: source_rows(
            job,
            staged[source.silver],
            source,
            dict.fromkeys((*checked_columns(source, book), *book.columns_read(source))),
        )
        for source in book.sources
    }
    report = quality_report(tables, job.as_of, book)
    kept, flagged = (
        {name: table.filter(pa.array(masks[name])) for name, table in tables.items()}
        for masks in (report.kept, report.of_flagged)
    )
    rows = {name: table.num_rows for name, table in kept.items()}
    counts = report.values({name: version.rows for name, version in staged.items()}, rows)
    new = [source for source in book.sources if source.dataset in refreshed]
    return CheckedTables(kept, flagged, report.why, counts | conflicts(job, staged, tables, new))
