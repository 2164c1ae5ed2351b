"""The bytes of an extract: unpacked, checked to be UTF-8 text, cut into blocks of whole lines, its header understood.

Nothing here knows what a record is (`jobs.bronze.records` does). Everything that makes a whole file unusable is refused
here, with `InputRejected`. The messages show column names and positions, never a value: a file may hold personal data.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol, cast

from jobs.bronze.sources import Source
from jobs.errors import InputRejected

_UTF8_BOM = b"\xef\xbb\xbf"
_SIGNATURES = {
    b"\xff\xfe": "is UTF-16 text",
    b"\xfe\xff": "is UTF-16 text",
    b"\x1f\x8b": "is packed with gzip though its name does not end in .gz",
    b"PK\x03\x04": "is a zip archive or a spreadsheet",
    b"PAR1": "is a Parquet file",
}
_LONGEST_SIGNATURE = 4
_LINE_ENDS = "use LF or CRLF line ends"
_SAVE_AS = "save it as UTF-8 CSV text"
_CONTINUATION = range(0x80, 0xC0)
_LONGEST_CHARACTER = 4
_SHOWN_NAMES = 5
_SHOWN_LETTERS = 40


class Readable(Protocol):
    """Anything binary that reads at most n bytes at a time: an open file, a pyarrow NativeFile."""

    def read(self, n: int, /) -> bytes:
        """At most n bytes; none at the end."""
        ...


@dataclass(frozen=True)
class Limits:
    """How much is taken at a time and at most, in bytes.

    `block` is read at once; a record longer than `record` is malformed; a packed file may unpack to `unpacked`.
    """

    block: int = 4 << 20
    record: int = 1 << 20
    unpacked: int = 8 << 30


@dataclass(frozen=True)
class Header:
    """The first line understood: `names` in the file's order, its physical line (from 1), where the records begin."""

    names: tuple[str, ...]
    line: int
    end: int


class _Unpacked:
    """The content of a gzip stream, refused when it is broken or grows beyond a limit."""

    def __init__(self, stream: Readable, file: str, limit: int) -> None:
        self._inner = gzip.GzipFile(fileobj=cast(IO[bytes], stream), mode="rb")
        self._file, self._limit, self._left = file, limit, limit

    def read(self, n: int, /) -> bytes:
        piece, broken = b"", ""
        try:
            piece = self._inner.read(min(n, self._left + 1))
        except EOFError:
            broken = "ends in the middle of its gzip data"
        except (gzip.BadGzipFile, zlib.error):
            broken = "is not intact gzip data"
        if broken:
            raise InputRejected(broken, file=self._file, hint="copy it here again")
        self._left -= len(piece)
        if self._left < 0:
            raise InputRejected(
                f"unpacks to more than the limit of {self._limit:,} bytes",
                file=self._file,
                hint="split it into parts, or raise the limit if it really is that large",
            )
        return piece


def line_blocks(stream: Readable, file: str, limits: Limits) -> Iterator[bytes]:
    r"""Blocks of whole lines, each ending in a newline (one is added to a file that lacks the last).

    A byte order mark is dropped. Of a line longer than `limits.record` only a start, still longer than that, is kept,
    so one endless line never fills the memory. Raises InputRejected for UTF-16, other formats, a broken or too large
    gzip file, and line ends of CR alone.
    """
    reader: Readable = _Unpacked(stream, file, limits.unpacked) if file.lower().endswith(".gz") else stream
    piece = _without_mark(_start(reader, limits.block), file)
    tail, lines = b"", 0  # what has no end yet; how many times lines were handed out
    while piece:
        if len(tail) > limits.record + _LONGEST_CHARACTER:
            _check_first_line(tail, lines, file)
            newline = piece.find(b"\n")
            tail, piece = _line_start(tail, limits.record), piece[newline if newline >= 0 else len(piece) :]
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield tail + piece[:cut]
            tail, lines = piece[cut:], lines + 1
        else:
            tail += piece
        piece = reader.read(limits.block)
    if tail:
        if b"\r" in tail:
            _check_first_line(tail, lines, file)
        yield tail + b"\n"


def _check_first_line(start: bytes, lines: int, file: str) -> None:
    """Raise InputRejected when no line of the file has ended so far."""
    if lines:
        return
    if b"\r" in start:
        raise InputRejected("ends its lines with CR alone", file=file, line=1, hint=_LINE_ENDS)
    raise InputRejected("the first line is far too long for a header", file=file, line=1, hint=_SAVE_AS)


def _start(reader: Readable, size: int) -> bytes:
    """The first bytes, enough to hold a signature, however little the stream gives at a time."""
    start = b""
    while len(start) < _LONGEST_SIGNATURE and (piece := reader.read(size)):
        start += piece
    return start


def _without_mark(start: bytes, file: str) -> bytes:
    for signature, what in _SIGNATURES.items():
        if start.startswith(signature):
            raise InputRejected(what, file=file, hint=_SAVE_AS)
    return start.removeprefix(_UTF8_BOM)


def _line_start(line: bytes, longest: int) -> bytes:
    """The start of a line that is too long, cut between two characters and padded, so that it stays too long."""
    ends = range(longest + 1, longest + _LONGEST_CHARACTER)
    return line[: next((end for end in ends if line[end] not in _CONTINUATION), ends.stop)].ljust(ends.stop + 1)


def check_text(block: bytes, header: tuple[str, ...], file: str, line: int) -> None:
    """Raise InputRejected, naming line and column, unless the block is UTF-8; `line` is that of its first byte."""
    if block.isascii():
        return
    at = -1
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
    if at < 0:
        return
    # Raised out here: the decoding error holds the bytes, and would travel along as context.
    before = _quotes_removed(block[block.rfind(b"\n", 0, at) + 1 : at]).count(b",")
    raise InputRejected(
        f"the byte 0x{block[at]:02x} is not UTF-8 text",
        file=file,
        line=line + block.count(b"\n", 0, at),
        column=header[before] if before < len(header) else None,
        hint=_SAVE_AS,
    )


def _quotes_removed(line: bytes) -> bytes:
    """The line without its quoted parts; a quote left open reaches to the end."""
    return b"".join(line.split(b'"')[::2])


def header_of(block: bytes, source: Source, file: str) -> Header:
    """The header of a file, from its first block: the source's names in any order.

    Blank lines before it are passed over. Raises InputRejected for missing, unknown and repeated names.
    """
    start = len(block) - len(block.lstrip(b"\r\n"))
    line = 1 + block.count(b"\n", 0, start)
    end = block.find(b"\n", start) + 1
    text = block[start:end].rstrip(b"\r\n")
    if not text:
        raise InputRejected("is empty", file=file, hint="deliver the extract again")
    if b"\0" in text:
        raise InputRejected("holds NUL bytes in its header, as UTF-16 text does", file=file, line=line, hint=_SAVE_AS)
    check_text(text, (), file, line)
    if b"\r" in text:
        raise InputRejected("ends lines with CR alone", file=file, line=line, hint=_LINE_ENDS)
    if len(text) > _longest_header(source):
        raise InputRejected("the first line is far too long for a header", file=file, line=line, hint=_expected(source))
    names = tuple(next(csv.reader([text.decode()]), []))
    _check_names(names, source, file, line)
    return Header(names, line, end)


def _longest_header(source: Source) -> int:
    return 4096 + 8 * sum(len(name) for name in source.names)


def _expected(source: Source) -> str:
    return "expected, with commas between them, are " + ", ".join(source.names)


def _check_names(names: tuple[str, ...], source: Source, file: str, line: int) -> None:
    missing = [name for name in source.names if name not in names]
    unknown = [name for name in names if name not in source.names]
    repeated = sorted({name for name in names if names.count(name) > 1 and name in source.names})
    # A first line with few of the names is a record, whose values must not be shown.
    if 2 * len(missing) > len(source.names):
        what = "the first line is not the header: most of the column names are missing"
        raise InputRejected(what, file=file, line=line, hint=_expected(source))
    faults = [
        (missing, "missing column", "add what is missing"),
        (unknown, "unknown column", "remove it or declare it in jobs/bronze/sources.py"),
        (repeated, "repeated column", "keep one of each"),
    ]
    found = [(_named(which), what, hint) for which, what, hint in faults if which]
    if found:
        raise InputRejected(
            ", ".join(f"{what} {which}" for which, what, _ in found),
            file=file,
            line=line,
            hint="; ".join(hint for _, _, hint in found),
        )


def _named(names: list[str]) -> str:
    shown = ", ".join(repr(name[:_SHOWN_LETTERS]) for name in names[:_SHOWN_NAMES])
    return shown + (f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else "")
