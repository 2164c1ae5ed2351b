"""The bytes of an extract: unpacked, turned into UTF-8 text, and split into blocks of whole lines.

`jobs.bronze.header` reads the header and `jobs.bronze.records` the records. A file that is unusable as a whole is
refused with `InputRejected`. The messages show positions and never a value, because a file may hold personal data.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol, cast

from jobs.book.columns import Dialect
from jobs.errors import InputRejected
from storage.on_use import np

UTF8_BOM = b"\xef\xbb\xbf"
_SIGNATURES = {
    b"\xff\xfe": "is UTF-16 text",
    b"\xfe\xff": "is UTF-16 text",
    b"\x1f\x8b": "is packed with gzip though its name does not end in .gz",
    b"PK\x03\x04": "is a zip archive or a spreadsheet",
    b"PAR1": "is a Parquet file",
}
_LONGEST_SIGNATURE = 4
LINE_ENDS = "use LF or CRLF line ends"
SAVE_AS = "save it as UTF-8 CSV text"
UTF8 = "utf-8"
_CONTINUATION = range(0x80, 0xC0)
_LONGEST_CHARACTER = 4


class Readable(Protocol):
    """A binary stream, such as an open file or a pyarrow NativeFile."""

    def read(self, n: int, /) -> bytes:
        """At most n bytes; none at the end."""
        ...


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes: `block` is read at once, a record may have `record`, a gzip file may unpack to `unpacked`."""

    block: int = 4 << 20
    record: int = 1 << 20
    unpacked: int = 8 << 30


class _Unpacked:
    """The content of a gzip stream. Raises InputRejected when it is broken or exceeds a limit."""

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
            raise InputRejected(broken, file=self._file, hint="copy the file again")
        self._left -= len(piece)
        if self._left < 0:
            raise _too_large("unpacks to", self._file, self._limit)
        return piece


def check_size(size: int, file: str, limit: int) -> None:
    """Raises InputRejected when the file as received has more bytes than the limit."""
    if size > limit:
        raise _too_large(f"has {size:,} bytes,", file, limit)


def _too_large(what: str, file: str, limit: int) -> InputRejected:
    told = f"{what} more than the limit of {limit:,} bytes"
    return InputRejected(told, file=file, hint="split the file, or raise extract_limit")


class _Transcoded:
    """A stream of text in another encoding, as UTF-8. A byte that the encoding does not have stays as it is.

    Raises InputRejected at the end when all of it, with letters beyond ASCII, was UTF-8 where one byte a letter is
    declared: such text is hardly ever UTF-8 by chance.
    """

    def __init__(self, inner: Readable, file: str, encoding: str) -> None:
        self._inner, self._file, self._encoding = inner, file, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
        self._utf8 = codecs.getincrementaldecoder(UTF8)()
        high = bytes(range(0x80, 0x100))
        self._may_be_utf8, self._is_ascii = len(high.decode(encoding, "replace")) == len(high), True

    def read(self, n: int, /) -> bytes:
        while piece := self._inner.read(n):
            self._look_at(piece)
            if text := self._decoder.decode(piece):
                return text.encode(UTF8, errors="surrogateescape")
        self._look_at(b"", final=True)
        if self._may_be_utf8 and not self._is_ascii:
            raise InputRejected(
                f"is UTF-8 text and not {self._encoding}",
                file=self._file,
                hint=f"save it as {self._encoding} text, or declare `encoding='utf-8'` in the dialect of its source",
            )
        return self._decoder.decode(b"", final=True).encode(UTF8, errors="surrogateescape")

    def _look_at(self, piece: bytes, *, final: bool = False) -> None:
        self._is_ascii &= piece.isascii()
        if self._may_be_utf8:
            try:
                self._utf8.decode(piece, final)
            except UnicodeDecodeError:
                self._may_be_utf8 = False


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is UTF-8 (or its part ASCII), with or without a byte order mark."""
    return codecs.lookup(encoding).name in (UTF8, "utf-8-sig", "ascii")


def line_blocks(stream: Readable, file: str, limits: Limits, encoding: str = UTF8) -> Iterator[bytes]:
    r"""Blocks of whole lines in UTF-8, each with a newline at its end (added where the last line lacks it).

    A byte order mark is dropped. A line longer than `limits.record` is cut, but stays longer than that, so that one
    endless line never fills the memory. Raises InputRejected for UTF-16, other formats, a broken or too large gzip
    file, and line ends of CR alone.
    """
    reader: Readable = _Unpacked(stream, file, limits.unpacked) if file.lower().endswith(".gz") else stream
    if not is_utf8(encoding):
        reader = _Transcoded(reader, file, encoding)
    return _blocks(reader, _without_mark(_start(reader, limits.block), file), file, limits)


def later_blocks(stream: Readable, file: str, limits: Limits) -> Iterator[bytes]:
    """The same for UTF-8 text that begins with a line of a file, not with its first."""
    return _blocks(stream, stream.read(limits.block), file, limits, 1)


def _blocks(reader: Readable, piece: bytes, file: str, limits: Limits, lines: int = 0) -> Iterator[bytes]:
    """The blocks of a stream whose first bytes are `piece`, after `lines` blocks of the same file."""
    tail = b""  # the line that has no end yet
    while piece:
        if len(tail) > limits.record + _LONGEST_CHARACTER:
            _check_first_line(tail, lines, file)
            newline = piece.find(b"\n")
            tail, piece = _line_start(tail, limits.record), piece[newline if newline >= 0 else len(piece) :]
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield b"".join((tail, memoryview(piece)[:cut]))
            tail, lines = piece[cut:], lines + 1
        else:
            tail += piece
        piece = reader.read(limits.block)
    if tail:
        if b"\r" in tail:
            _check_first_line(tail, lines, file)
        yield tail + b"\n"


def _check_first_line(start: bytes, lines: int, file: str) -> None:
    """Raises InputRejected when no line of the file has ended so far."""
    if lines:
        return
    if b"\r" in start:
        raise InputRejected("ends its lines with CR alone", file=file, line=1, hint=LINE_ENDS)
    raise InputRejected("the first line is far too long for a header", file=file, line=1, hint=SAVE_AS)


def _start(reader: Readable, size: int) -> bytes:
    """The first bytes, enough for a signature even when the stream returns fewer at a time."""
    start = b""
    while len(start) < _LONGEST_SIGNATURE and (piece := reader.read(size)):
        start += piece
    return start


def _without_mark(start: bytes, file: str) -> bytes:
    for signature, what in _SIGNATURES.items():
        if start.startswith(signature):
            raise InputRejected(what, file=file, hint=SAVE_AS)
    return start.removeprefix(UTF8_BOM)


def _line_start(line: bytes, longest: int) -> bytes:
    """The start of a too long line, cut between two characters and padded so that it stays too long."""
    ends = range(longest + 1, longest + _LONGEST_CHARACTER)
    return line[: next((end for end in ends if line[end] not in _CONTINUATION), ends.stop)].ljust(ends.stop + 1)


def line_ends(data: bytes) -> int:
    """How many lines end in the bytes, counted in a third of the time that `bytes.count` takes for short lines."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))


def check_text(block: bytes, header: tuple[str, ...], file: str, line: int, dialect: Dialect) -> None:
    """Raises InputRejected with line and column unless the block is text; `line` is that of its first byte."""
    if block.isascii():
        return
    at = -1
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
    if at < 0:
        return
    # Raised outside of `except`: the decoding error holds the bytes and would become the context.
    before = _quotes_removed(block[block.rfind(b"\n", 0, at) + 1 : at]).count(dialect.delimiter.encode())
    encoding = "UTF-8" if is_utf8(dialect.encoding) else dialect.encoding
    raise InputRejected(
        f"the byte 0x{block[at]:02x} is not {encoding} text",
        file=file,
        line=line + block.count(b"\n", 0, at),
        column=header[before] if before < len(header) else None,
        hint=SAVE_AS if is_utf8(dialect.encoding) else "declare the encoding that the file has",
    )


def _quotes_removed(line: bytes) -> bytes:
    """The line without its quoted parts; an open quote extends to the end."""
    return b"".join(line.split(b'"')[::2])
