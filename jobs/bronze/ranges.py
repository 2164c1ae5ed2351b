"""The ranges of a large extract: each is read by a call of its own, and together they give what one reader would give.

A range begins at the first line, near a multiple of its size, at which no quoted field can be open (see
`jobs.bronze.scan.sure_start`). The one reader is outside of quotes there too, so that it decides on the records before
and after without regard of each other. Where no line is certain, the range before goes on. Each range is read in the
blocks of the one reader, cut at the range's ends, so that a line that is too long is cut at the same byte.

The number of ranges depends on the file's size alone. Files that are packed or in another encoding than UTF-8, which
can't be read from the middle, have one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jobs.book.columns import Source
from jobs.bronze.extracts import Limits, is_utf8, line_blocks
from jobs.bronze.header import Header, header_of
from jobs.bronze.records import Chunk, read_later, read_start, record_shape
from jobs.bronze.scan import Shape, sure_start
from storage.lake.extracts import SourceFile

LOOKED_THROUGH = 2  # longest records in which the start of a range is looked for


@dataclass(frozen=True)
class ByteRange:
    """Range `number` (from 0) of the `of` ranges of a file, which one call reads; a small file is one range."""

    file: SourceFile
    number: int = 0
    of: int = 1


@dataclass(frozen=True)
class Start:
    """Where a range begins: its first byte, and the lines of the file before it."""

    byte: int
    lines: int


class Section:
    """The bytes of a stream from `start` up to `end`, in blocks that end at multiples of their size."""

    def __init__(self, stream: Any, start: int, end: int) -> None:
        self._stream, self._at, self._end = stream, start, end
        stream.seek(start)

    def read(self, n: int, /) -> bytes:
        """The next bytes, up to a multiple of n; none at the end."""
        block: bytes = self._stream.read(min(n - self._at % n, self._end - self._at))
        self._at += len(block)
        return block


def ranges_of(files: tuple[SourceFile, ...], source: Source) -> list[ByteRange]:
    """The ranges of the files of a dataset, in order."""
    found = []
    for file in files:
        of = max(len(file.lines), 1) if is_utf8(source.dialect.encoding) else 1
        found += [ByteRange(file, number, of) for number in range(of)]
    return found


class RangeReader:
    """Reads one range of an extract from a random-access `stream` of it."""

    def __init__(self, stream: Any, source: Source, wanted: ByteRange, limits: Limits) -> None:
        self._stream, self._source, self._range, self._limits = stream, source, wanted, limits
        self._file = wanted.file

    def chunks(self) -> Iterator[Chunk]:
        """The records of the range; none where the range before goes on. InputRejected as for the whole file.

        That a file has no records is for who has read all its ranges to say.
        """
        source, name, limits = self._source, self._file.name, self._limits
        header = self._header()
        shape = record_shape(source, header.names, limits)
        start = self._start(self._range.number, shape)
        if start is None:
            return
        later = (self._start(number, shape) for number in range(self._range.number + 1, self._range.of))
        end = next((each.byte for each in later if each is not None), self._file.bytes)
        section = Section(self._stream, start.byte, end)
        if self._range.number == 0:
            yield from read_start(section, source, name, limits)
        else:
            yield from read_later(section, source, name, limits, header.names, start.lines + 1)

    def _header(self) -> Header:
        blocks = line_blocks(Section(self._stream, 0, self._file.bytes), self._file.name, self._limits)
        return header_of(next(blocks, b""), self._source, self._file.name)

    def _start(self, number: int, shape: Shape) -> Start | None:
        """Where a range begins; None when no line near its first byte is certain to be outside of quotes."""
        first = number * self._file.range
        if not number:
            return Start(0, 0)
        self._stream.seek(first - 1)
        seen: bytes = self._stream.read(LOOKED_THROUGH * self._limits.record + 1)
        begin, end = seen.find(b"\n") + 1, seen.rfind(b"\n") + 1
        found = sure_start(seen[begin:end], shape) if begin < end else None
        if found is None or begin - 1 + found >= self._file.range:
            return None
        return Start(first - 1 + begin + found, self._file.lines[number] + seen.count(b"\n", 1, begin + found))
