"""Bronze: each raw extract as Parquet, every column text, nothing changed; what can't be read is kept and counted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from jobs.book.columns import Source
from jobs.bronze.extracts import Limits, check_size
from jobs.bronze.ranges import ByteRange, RangeReader, ranges_of
from jobs.bronze.records import Chunk, Reject, read_extract, without_records
from jobs.errors import InputRejected
from jobs.job import Job, TaskResult, combined, log
from storage.lake.datamart import TableVersion
from storage.lake.extracts import SourceFile

QUARANTINE_SCHEMA = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())]
)
MANY_REJECTS = 500_000  # take some 200 MB of memory
RANGES = "ranges"  # what the ranges of large files tell of them until they are put together, by file


class Intake:
    """The rows of an extract, or of a range of it, on their way to Parquet, with what was set aside so far."""

    def __init__(self, source: Source, file: SourceFile) -> None:
        self._source, self._file = source, file
        self.read = 0  # records, counted before they were parsed
        self.blank_lines = 0
        self.rejects: list[Reject] = []

    def rows(self, chunks: Iterable[Chunk]) -> Iterator[pa.Table]:
        """The readable rows."""
        yield self._source.bronze_schema.empty_table()
        for chunk in chunks:
            self.read += chunk.records
            self.blank_lines += chunk.blank_lines
            self.rejects += chunk.rejects
            yield chunk.table

    def rows_within(self, limit: float, chunks: Iterable[Chunk]) -> Iterator[pa.Table]:
        """The readable rows; InputRejected at the end when more than the limit's share could not be read.

        InputRejected before the end when it is most of a large number of records, which would fill the memory.
        """
        for table in self.rows(chunks):
            if len(self.rejects) > MANY_REJECTS:
                self._check(max(limit, 0.5), " read so far")
            yield table
        self._check(limit)

    def _check(self, limit: float, of: str = "") -> None:
        first = self.rejects[0] if self.rejects else None
        check_readable(self._file.name, self.read, len(self.rejects), limit, first, of)

    def counts(self, stored: int, quarantined: int) -> dict[str, Any]:
        """How many records were read, how many of them are in each table, and why they were set aside."""
        reasons = Counter(reject.reason for reject in self.rejects)
        return {
            "read": self.read,
            "stored": stored,
            "quarantined": quarantined,
            "reasons": dict(sorted(reasons.items())),
            "blank_lines": self.blank_lines,
        }

    def quarantine(self) -> pa.Table:
        """The records that were set aside: file, line (from 1), reason, text as far as it may be shown."""
        rows = [{"file": self._file.name, **reject._asdict()} for reject in self.rejects]
        return pa.Table.from_pylist(rows, QUARANTINE_SCHEMA)


def check_readable(file: str, read: int, rejected: int, limit: float, first: Reject | None, of: str = "") -> None:
    """Raises InputRejected when a larger share of the records of a file than the limit was rejected.

    `of` says of which records, when it is not all of the file's.
    """
    if first is not None and rejected > limit * read:
        raise InputRejected(
            f"{rejected} of {read} rows{of} can't be read, more than {limit:.1%} (the first: {first.reason})",
            file=file,
            line=first.line,
            hint="deliver the extract again, or raise quarantine_limit",
        )


def file_numbers(job: Job) -> list[str]:
    """The partitions of an ingest: one for each file of the dataset, several for a large one; '' for a single one."""
    ((dataset, files),) = job.extracts.items()
    ranges = ranges_of(files, job.book.by_dataset[dataset])
    return [""] if len(ranges) == 1 else [str(number) for number in range(len(ranges))]


def ingest(job: Job) -> TaskResult:
    """One file of the task's dataset, or a range of one, as a part of its bronze and quarantine tables."""
    ((dataset, files),) = job.extracts.items()
    return ingested(job, dataset, files, int(job.partition or 0))


def ingest_all(job: Job, dataset: str, files: tuple[SourceFile, ...]) -> TaskResult:
    """All files of a dataset as its bronze and quarantine tables."""
    ranges = ranges_of(files, job.book.by_dataset[dataset])
    return whole_files(job, [ingested(job, dataset, files, number) for number in range(len(ranges))])


def ingested(job: Job, dataset: str, files: tuple[SourceFile, ...], number: int) -> TaskResult:
    """Range `number` of the files of a dataset as part `number` of its bronze and quarantine tables."""
    source = job.book.by_dataset[dataset]
    one = ranges_of(files, source)[number]
    check_size(one.file.bytes, one.file.name, int(job.settings["extract_limit"]))
    if one.of > 1:
        return _ingested_range(job, source, one, number)
    intake, file = Intake(source, one.file), one.file
    with file.open() as stream:
        chunks = read_extract(stream, source, file.name, _limits(job))
        rows = intake.rows_within(float(job.settings["quarantine_limit"]), chunks)
        bronze = job.write(source.bronze_table, rows, number, sources=_lineage(file))
    if _has_changed(file):
        raise _changed(file.name)
    quarantine = job.write(source.quarantine_table, [intake.quarantine()], number, sources=_lineage(file))
    return _result(intake, file.name, file.name, (bronze, quarantine))


def whole_files(job: Job, results: Sequence[TaskResult]) -> TaskResult:
    """The result for all files of a dataset. Those that were read in ranges are judged here, each as a whole."""
    result = combined(results)
    values = dict(result.values)
    for file, ranges in values.pop(RANGES, {}).items():
        counts = values["files"][file]
        if fault := next((each["fault"] for each in ranges if each["fault"]), None):
            raise InputRejected(**fault)
        if not counts["read"]:
            raise without_records(file)
        first = next((Reject(*each["first"]) for each in ranges if each["first"]), None)
        limit = float(job.settings["quarantine_limit"])
        check_readable(file, counts["read"], counts["quarantined"], limit, first)
        if any(each["changed"] for each in ranges):
            raise _changed(file)
    return replace(result, values=values)


def _ingested_range(job: Job, source: Source, one: ByteRange, number: int) -> TaskResult:
    """One range of a file. An error of it is kept for `whole_files`: a range before may have one too."""
    intake, file = Intake(source, one.file), one.file
    tables: tuple[TableVersion, ...] = ()
    fault = None
    try:
        with file.open_anywhere() as stream:
            reader = RangeReader(stream, source, one, _limits(job))
            facts: dict[str, Any] = {"sources": _lineage(file), "ranges": {path_of(file): 1}}
            bronze = job.write(source.bronze_table, intake.rows(reader.chunks()), number, **facts)
        tables = (bronze, job.write(source.quarantine_table, [intake.quarantine()], number, **facts))
    except InputRejected as error:
        fault = {name: getattr(error, name) for name in ("what", "file", "line", "column", "hint")}
    first = list(intake.rejects[0]) if intake.rejects else None
    told = {"first": first, "fault": fault, "changed": _has_changed(file)}
    result = _result(intake, file.name, f"{file.name}, range {one.number + 1} of {one.of}", tables)
    return replace(result, values=result.values | {RANGES: {file.name: [told]}})


def _result(intake: Intake, file: str, what: str, tables: tuple[TableVersion, ...]) -> TaskResult:
    """The result of a file or of a range of it; `what` names it in the log."""
    stored, quarantined = (table.rows for table in tables) if tables else (0, 0)
    counts = intake.counts(stored, quarantined)
    aside = f", {counts['quarantined']} quarantined" if counts["quarantined"] else ""
    log.info("%s: %d records read, %d stored%s", what, counts["read"], counts["stored"], aside)
    return TaskResult(
        rows_in=counts["read"],
        rows_out=counts["stored"],
        tables=tables,
        values={**counts, "files": {file: counts}},
    )


def path_of(file: SourceFile) -> str:
    """The file as the lineage of a table has it."""
    return f"{file.folder}/{file.name}"


def _lineage(file: SourceFile) -> dict[str, str]:
    return {path_of(file): file.sha256}


def _limits(job: Job) -> Limits:
    return Limits(unpacked=int(job.settings["extract_limit"]))


def _has_changed(file: SourceFile) -> bool:
    return bool(file.stamp) and not file.is_unchanged()


def _changed(file: str) -> InputRejected:
    return InputRejected("changed while it was read", file=file, hint="run again when it is complete")
