"""The records of an extract as Arrow tables of text, and the malformed records with line, reason and text.

`jobs.bronze.extracts` splits the file into blocks of whole lines, `jobs.bronze.scan` finds the malformed records, and
Arrow parses the others. Records read = rows + rejects always holds: Arrow's row count is checked against the scan's.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import pyarrow as pa
from pyarrow import csv

from jobs.book.columns import NUMBERS, Kind, Source
from jobs.bronze.extracts import UTF8_BOM, Limits, Readable, check_text, later_blocks, line_blocks, line_ends
from jobs.bronze.header import header_of
from jobs.bronze.scan import Fault, Scan, Shape, scanned
from jobs.errors import InputRejected, JobError

AGAIN = "deliver the extract again"
SHOWN_LETTERS = 2000
_ID = re.compile(r"[A-Za-z]+_[A-Za-z0-9_]*[0-9][A-Za-z0-9_]*")
_ID_DIGITS = 8  # fewer than an SSN has
_NOTHING = Scan(0, [], 0, quoted_ends=False, lines=0, end=0)
_DATE = re.compile(r"[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SMALL = re.compile(r"[-_]*[0-9]{1,3}_*")
_KINDS = (
    ("", re.compile(r"\s*")),
    ("<ssn>", re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")),
    ("<number>", re.compile(r"[-_]*[0-9][0-9.,_]*")),
    ("<text>", re.compile(r".*", re.DOTALL)),
)


class Reject(NamedTuple):
    """A malformed record: the physical line (from 1) where it starts, the reason, and its masked text."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Chunk:
    """Consecutive records: `table` (declared columns, all text) and `rejects`. Blank lines are not records.

    `records` is the number of records, counted on the raw bytes before they were parsed.
    """

    table: pa.Table
    rejects: list[Reject]
    records: int
    blank_lines: int = 0


@dataclass(frozen=True)
class _Extract:
    """A file being read: its source, its name, and its column names in the file's order."""

    source: Source
    file: str
    names: tuple[str, ...]

    def shape(self, longest: int, patience: int) -> Shape:
        """What its records must be."""
        return Shape(len(self.names), longest, patience, self.source.dialect.delimiter.encode())


def read_extract(stream: Readable, source: Source, file: str, limits: Limits | None = None) -> Iterator[Chunk]:
    """The records of a CSV extract, block by block; unpacked when `file` (the name for messages) ends in `.gz`.

    Raises InputRejected for a file that is unusable as a whole: empty, no records, other columns, another encoding,
    CR-only line ends, broken or too large gzip data. The caller decides how many rejects are too many.
    """
    records = 0
    for chunk in read_start(stream, source, file, limits or Limits()):
        records += chunk.records
        yield chunk
    if not records:
        raise without_records(file)


def without_records(file: str) -> InputRejected:
    """The error for a file with a header alone."""
    return InputRejected("has a header but no records", file=file, hint=AGAIN)


def read_start(stream: Readable, source: Source, file: str, limits: Limits) -> Iterator[Chunk]:
    """The records of an extract, of which `stream` may be the start alone; it may have none."""
    blocks = line_blocks(stream, file, limits, source.dialect.encoding)
    first = next(blocks, b"")
    if not first:
        raise InputRejected("is empty", file=file, hint=AGAIN)
    header = header_of(first, source, file)
    extract = _Extract(source, file, header.names)
    yield from _chunks(chain([first[header.end :]], blocks), extract, header.line + 1, limits)


def read_later(
    stream: Readable, source: Source, file: str, limits: Limits, names: tuple[str, ...], line: int
) -> Iterator[Chunk]:
    """The records of a later part of an extract, which begins with a record in `line`; `names` are of its header."""
    return _chunks(later_blocks(stream, file, limits), _Extract(source, file, names), line, limits)


def record_shape(source: Source, names: tuple[str, ...], limits: Limits) -> Shape:
    """What the records of an extract with these columns must be."""
    return _Extract(source, "", names).shape(limits.record, limits.record)


def _chunks(blocks: Iterable[bytes], extract: _Extract, line: int, limits: Limits) -> Iterator[Chunk]:
    """The records of blocks of lines, the first of which is `line` (from 1)."""
    rest = b""
    for block in blocks:
        check_text(block, extract.names, extract.file, line + rest.count(b"\n"), extract.source.dialect)
        data = rest + block
        plain = _plain_table(data, extract, limits.record)
        if plain is not None:
            chunk, rest, line = Chunk(plain, [], plain.num_rows), b"", line + plain.num_rows
        else:
            scan = scanned(data, extract.shape(limits.record, limits.record)) if data else _NOTHING
            chunk = _chunk(extract, data, scan, line)
            rest, line = data[scan.end :], line + scan.lines
        yield chunk
    if rest:
        yield _chunk(extract, rest, scanned(rest, extract.shape(limits.record, 0)), line)


def _plain_table(data: bytes, extract: _Extract, longest: int) -> pa.Table | None:
    """The records of a block whose every line is a record without quotes or CR, parsed fast by Arrow; else None."""
    if not data or b'"' in data or b"\r" in data or b"\0" in data or _has_long_line(data, longest):
        return None
    table = _parsed(data, extract, csv.ParseOptions(delimiter=extract.source.dialect.delimiter, quote_char=False))
    return table if table is not None and table.num_rows == line_ends(data) else None


def _has_long_line(data: bytes, longest: int) -> bool:
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + longest)  # a record counts with its line end
        if end < 0:
            return True
        start = end + 1
    return False


def _chunk(extract: _Extract, data: bytes, scan: Scan, line: int) -> Chunk:
    """The chunk of a scanned block whose first line is `line` (from 1)."""
    table = _table(_without(data[: scan.end], scan.faults), extract, scan)
    if table.num_rows != scan.good:
        raise JobError(
            f"{extract.file}: of the {scan.good} good records from line {line} on, {table.num_rows} were parsed; "
            "nothing was stored; please report this."
        )
    rejects = [Reject(line + fault.line, fault.reason, _shown(data, fault, extract)) for fault in scan.faults]
    return Chunk(table, rejects, scan.good + len(scan.faults), scan.blank_lines)


def _without(data: bytes, faults: list[Fault]) -> bytes:
    """The bytes of the good records."""
    if not faults:
        return data
    starts = [0, *(fault.end for fault in faults)]
    ends = [*(fault.start for fault in faults), len(data)]
    return b"".join(data[start:end] for start, end in zip(starts, ends, strict=True))


def _table(good: bytes, extract: _Extract, scan: Scan) -> pa.Table:
    """The parsed records: columns in declared order, all text, null where the file lacks the column."""
    options = csv.ParseOptions(delimiter=extract.source.dialect.delimiter, newlines_in_values=scan.quoted_ends)
    table = _parsed(good, extract, options) if scan.good else None
    return extract.source.bronze_schema.empty_table() if table is None else table


def _parsed(data: bytes, extract: _Extract, options: csv.ParseOptions) -> pa.Table | None:
    """The records as Arrow parses them; None when Arrow refuses them."""
    if data.startswith(UTF8_BOM[:1]):  # Arrow drops a byte order mark from the first value, and skips a blank line
        data = b"\n" + data
    table = None
    with suppress(pa.ArrowInvalid):  # its message quotes a record, maybe with personal data
        table = csv.read_csv(
            pa.py_buffer(data),
            read_options=csv.ReadOptions(column_names=extract.names, block_size=len(data)),
            parse_options=options,
            convert_options=csv.ConvertOptions(
                column_types=extract.source.bronze_schema,
                include_columns=extract.source.names,
                include_missing_columns=True,  # optional ones, which are null
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    return table


def _shown(data: bytes, fault: Fault, extract: _Extract) -> str:
    """The start of a malformed record; the values are replaced by their kinds if the source has personal columns."""
    start = data[fault.start : min(fault.end, fault.start + 4 * SHOWN_LETTERS)]
    text = start.decode("utf-8", errors="ignore").rstrip("\r\n")[:SHOWN_LETTERS]
    return _masked(text, extract) if extract.source.personal else text


def _masked(text: str, extract: _Extract) -> str:
    """The text with each value replaced by its kind, except dates, an id in an id column, and a single small number.

    Two small numbers may be pieces of a longer one, so then neither is shown. Dates, ids and numbers are not shown
    either when a personal column holds such values: the values of a malformed record may be in the wrong columns.
    """
    delimiter = extract.source.dialect.delimiter
    fields = [field.strip('" \t') for field in re.split(f"[{re.escape(delimiter)}\r\n]", text)]
    personal = {column.kind for column in extract.source.columns if column.personal}
    ids = () if Kind.IDENTIFIER in personal else extract.source.of_kind(Kind.IDENTIFIER)
    names = [*extract.names, *[""] * len(fields)]
    dates = Kind.DATE not in personal
    small = personal.isdisjoint(NUMBERS) and sum(1 for field in fields if _SMALL.fullmatch(field)) == 1
    return delimiter.join(
        field
        if (dates and _DATE.fullmatch(field)) or (small and _SMALL.fullmatch(field)) or (name in ids and _is_id(field))
        else next(kind for kind, pattern in _KINDS if pattern.fullmatch(field))
        for field, name in zip(fields, names, strict=False)
    )


def _is_id(field: str) -> bool:
    return bool(_ID.fullmatch(field)) and sum(letter.isdigit() for letter in field) <= _ID_DIGITS
