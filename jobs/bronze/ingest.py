"""Bronze: each raw extract as Parquet, every column text, nothing changed; what can't be read is kept and counted."""

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from jobs.book.columns import Source
from jobs.bronze.extracts import Limits
from jobs.bronze.records import Chunk, Reject, read_extract
from jobs.errors import InputRejected
from jobs.job import Job, TaskResult, log
from storage.lake.extracts import SourceFile

QUARANTINE_SCHEMA = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())]
)


class Intake:
    """The rows of one extract on their way to Parquet, with what was read and set aside so far."""

    def __init__(self, source: Source, file: SourceFile, limit: float) -> None:
        self._source, self._file, self._limit = source, file, limit
        self.read = 0  # records, counted before they were parsed
        self.blank_lines = 0
        self.rejects: list[Reject] = []

    def rows(self, chunks: Iterator[Chunk]) -> Iterator[pa.Table]:
        """The readable rows; InputRejected at the end when more than the limit's share could not be read."""
        yield self._source.bronze_schema.empty_table()
        for chunk in chunks:
            self.read += chunk.records
            self.blank_lines += chunk.blank_lines
            self.rejects += chunk.rejects
            yield chunk.table
        if len(self.rejects) > self._limit * self.read:
            first = self.rejects[0]
            raise InputRejected(
                f"{len(self.rejects)} of {self.read} rows can't be read, more than {self._limit:.1%} "
                f"(the first: {first.reason})",
                file=self._file.name,
                line=first.line,
                hint="deliver the extract again, or raise quarantine_limit",
            )

    def quarantine(self) -> pa.Table:
        """The records that were set aside: file, line (from 1), reason, text as far as it may be shown."""
        rows = [{"file": self._file.name, **reject._asdict()} for reject in self.rejects]
        return pa.Table.from_pylist(rows, QUARANTINE_SCHEMA)


def file_numbers(job: Job) -> list[str]:
    """The parts of an ingest: one for each file of the dataset."""
    (files,) = job.extracts.values()
    return [str(number) for number in range(len(files))]


def ingest(job: Job) -> TaskResult:
    """One file of the task's dataset, as a part of its bronze and quarantine tables."""
    ((dataset, files),) = job.extracts.items()
    return ingested(job, dataset, files, int(job.partition))


def ingested(job: Job, dataset: str, files: tuple[SourceFile, ...], number: int) -> TaskResult:
    """File `number` of a dataset as part `number` of its bronze and quarantine tables."""
    source, file = job.book.by_dataset[dataset], files[number]
    intake = Intake(source, file, float(job.settings["quarantine_limit"]))
    limits = Limits(unpacked=int(job.settings["extract_limit"]))
    lineage = {f"{file.folder}/{file.name}": file.sha256}
    with file.open() as stream:
        rows = intake.rows(read_extract(stream, source, file.name, limits))
        bronze = job.write(source.bronze_table, rows, number, sources=lineage)
    if file.stamp and not file.is_unchanged():
        raise InputRejected("changed while it was read", file=file.name, hint="run again when it is complete")
    quarantine = job.write(source.quarantine_table, [intake.quarantine()], number, sources=lineage)
    aside = f", {quarantine.rows} quarantined" if quarantine.rows else ""
    log.info("%s: %d records read, %d stored%s", file.name, intake.read, bronze.rows, aside)
    counts = {
        "read": intake.read,
        "stored": bronze.rows,
        "quarantined": quarantine.rows,
        "reasons": dict(sorted(Counter(reject.reason for reject in intake.rejects).items())),
        "blank_lines": intake.blank_lines,
    }
    return TaskResult(
        rows_in=intake.read,
        rows_out=bronze.rows,
        tables=(bronze, quarantine),
        values={**counts, "files": {file.name: counts}},
    )
