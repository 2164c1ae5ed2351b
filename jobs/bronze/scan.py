"""Which lines of a block are good records and which are malformed, decided on the raw bytes.

Numpy over the positions of newlines, delimiters, quotes, NUL and CR decides which lines surely are a record each; only
the others are looked at one by one. The rules are RFC 4180's, with LF beside CRLF:

- a quote may only open a field, close it, or be doubled inside one; a carriage return is part of a line end or quoted;
- a quoted field may hold line ends. Its record ends with the next line that has an odd number of quotes, if all of it
  is well-formed and not too long. But when most lines in between are records of their own, the quote counts as left
  open. A quote left open costs its own physical line, and reading goes on with the next. As an attempt never passes
  the next odd line, every byte is looked at a fixed number of times;
- a blank line is no record: it is passed over and counted.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_LF, _CR, _QUOTE = 10, 13, 34
_QUOTED = re.compile(rb'"[^"]*+"')

_Positions = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]


class Shape(NamedTuple):
    """What a record must be: its number of fields, its most bytes, and for how many bytes an open quote may wait.

    `delimiter` is the one byte between two fields.
    """

    fields: int
    longest: int
    patience: int
    delimiter: bytes = b","

    @property
    def record(self) -> re.Pattern[bytes]:
        """A well-formed record, with its line end."""
        return _record(self.delimiter)


@cache
def _record(delimiter: bytes) -> re.Pattern[bytes]:
    mark = re.escape(delimiter)
    field = rb'(?:"(?:[^"]++|"")*+"|[^"' + mark + rb"\r\n]*+)"
    return re.compile(field + rb"(?:" + mark + field + rb")*+\r?\n")


class Fault(NamedTuple):
    """A malformed record: its first line (from 0) and its bytes within the block, and what is wrong."""

    line: int
    start: int
    end: int
    reason: str


@dataclass(frozen=True)
class Scan:
    """What a block holds: `good` records, the malformed, blank lines; `quoted_ends`: some quotes hold line ends.

    It was read up to byte `end`, after `lines` lines; what follows is a record whose quote is still open.
    """

    good: int
    faults: list[Fault]
    blank_lines: int
    quoted_ends: bool
    lines: int
    end: int


@dataclass(frozen=True)
class _Lines:
    """A block's lines: where they start and end (their newline), which surely are no record each, and why to ask."""

    data: bytes
    starts: _Positions
    ends: _Positions
    doubtful: _Flags
    odd: _Flags
    blank: _Flags

    def text(self, first: int, last: int) -> bytes:
        return self.data[self.starts[first] : self.ends[last] + 1]


def scanned(data: bytes, shape: Shape) -> Scan:
    """What a block of whole lines holds; `data` must end in a newline."""
    codes = np.frombuffer(data, np.uint8)
    plain = _plain_lines(data, codes, shape)
    if plain is not None:
        return Scan(plain, [], 0, quoted_ends=False, lines=plain, end=len(data))
    return _scan_of(_lines(data, codes, shape), shape)


def sure_start(data: bytes, shape: Shape) -> int | None:
    """The first byte of a line at which no quoted field is open, whatever is before `data`; None when none is certain.

    `data` are whole lines. Only two odd lines (lines with an odd number of quotes) that follow each other can be the
    ends of a record, and whether they may be is seen from the bytes between them alone. If they can't, no record has
    both, so each line after the first of them, up to the second, is outside of quotes. For the last odd line before
    `data` this is certain when the next one ends `shape.longest` bytes or more from the start of `data`: a record that
    had both would be too long. A line that is too long is never an end of such a record, so that it may be cut.
    """
    if len(data) >= shape.longest and b'"' not in data:
        return 0
    lines = _lines(data, np.frombuffer(data, np.uint8), shape)
    odd = np.flatnonzero(lines.odd).tolist()
    if (int(lines.ends[odd[0]]) if odd else len(data)) >= shape.longest:
        return 0
    for first, last in pairwise(odd):
        if _last_line(lines, first, last, shape) == first:
            return int(lines.starts[first + 1])
    after = odd[-1] + 1 if odd else lines.ends.size
    if after < lines.ends.size and len(data) - lines.starts[after - 1] >= shape.longest:
        return int(lines.starts[after])
    return None


def _plain_lines(data: bytes, codes: npt.NDArray[np.uint8], shape: Shape) -> int | None:
    """The number of lines when every one is a record without quotes, which is common and quickly seen; else None."""
    if shape.fields < 2 or b'"' in data or b"\0" in data or data.count(b"\r") != data.count(b"\r\n"):
        return None
    is_end = codes == _LF
    marks = np.flatnonzero(is_end | (codes == ord(shape.delimiter)))
    ends = marks[shape.fields - 1 :: shape.fields]
    if ends.size * shape.fields != marks.size or ends.size != np.count_nonzero(is_end) or not is_end[ends].all():
        return None
    return None if np.diff(ends, prepend=-1).max() > shape.longest else ends.size


def _lines(data: bytes, codes: npt.NDArray[np.uint8], shape: Shape) -> _Lines:
    ends = np.flatnonzero(codes == _LF)
    starts = np.concatenate(([0], ends[:-1] + 1))
    quotes = np.flatnonzero(codes == _QUOTE)
    quotes_in = np.diff(np.searchsorted(quotes, ends), prepend=0)
    odd = quotes_in % 2 == 1
    delimiters = np.flatnonzero(codes == ord(shape.delimiter))
    delimiters_in = np.diff(np.searchsorted(delimiters, ends), prepend=0)
    doubtful = odd | (ends - starts >= shape.longest)
    doubtful |= delimiters_in - _quoted_delimiters(quotes, quotes_in, delimiters) != shape.fields - 1
    returns = np.flatnonzero(codes == _CR) if b"\r" in data else quotes[:0]
    for places in (
        np.flatnonzero(codes == 0) if b"\0" in data else quotes[:0],
        returns[codes[returns + 1] != _LF],
        _misplaced(quotes, quotes_in, codes, shape.delimiter),
    ):
        doubtful[np.searchsorted(ends, places)] = True
    blank = (starts == ends) | ((starts + 1 == ends) & (codes[starts] == _CR))
    return _Lines(data, starts, ends, doubtful, odd, blank)


def _quoted_delimiters(quotes: _Positions, quotes_in: _Positions, delimiters: _Positions) -> _Positions:
    """How many delimiters each line holds inside quotes; 0 for lines with an odd number of quotes."""
    pairs_in = np.where(quotes_in % 2 == 0, quotes_in // 2, 0)
    pairs = quotes[np.repeat(quotes_in % 2 == 0, quotes_in)].reshape(-1, 2)
    quoted = np.diff(np.searchsorted(delimiters, pairs), axis=1).ravel()
    until: _Positions = np.concatenate(([0], np.cumsum(quoted)))[np.cumsum(pairs_in)]
    return np.diff(until, prepend=0)


def _misplaced(quotes: _Positions, quotes_in: _Positions, codes: npt.NDArray[np.uint8], delimiter: bytes) -> _Positions:
    """The quotes that neither open a field, close one, nor stand for a quote inside, each line taken alone."""
    first = np.cumsum(quotes_in) - quotes_in
    opens = (np.arange(quotes.size) - np.repeat(first, quotes_in)) % 2 == 0
    before = np.where(quotes > 0, codes[quotes - 1], _LF)
    before_open = np.isin(np.arange(256), (ord(delimiter), _LF, _QUOTE))
    after_close = np.isin(np.arange(256), (ord(delimiter), _LF, _CR, _QUOTE))
    placed: _Flags = np.where(opens, before_open[before], after_close[codes[quotes + 1]])
    return quotes[~placed]


def _scan_of(lines: _Lines, shape: Shape) -> Scan:
    """The scan, after a look at each doubtful line, with the lines that its quotes may join to it."""
    inside = np.zeros(lines.ends.size, bool)
    faults: list[Fault] = []
    odd = np.flatnonzero(lines.odd).tolist()
    quoted_ends, stop, upto = False, lines.ends.size, -1
    for first in np.flatnonzero(lines.doubtful & ~lines.blank).tolist():
        if first <= upto:
            continue
        after = bisect_right(odd, first)
        if lines.odd[first] and after == len(odd) and len(lines.data) - lines.starts[first] <= shape.patience:
            stop = first
            break
        upto = _last_line(lines, first, odd[after], shape) if lines.odd[first] and after < len(odd) else first
        reason = _reason(lines.text(first, upto), shape)
        if reason:
            faults.append(Fault(first, int(lines.starts[first]), int(lines.ends[upto]) + 1, reason))
        inside[first + 1 : upto + 1] = True
        quoted_ends |= not reason
    blank = int(np.count_nonzero((lines.blank & ~inside)[:stop]))
    records = stop - blank - int(np.count_nonzero(inside[:stop]))
    end = int(lines.starts[stop]) if stop < lines.ends.size else len(lines.data)
    return Scan(records - len(faults), faults, blank, quoted_ends, stop, end)


def _last_line(lines: _Lines, first: int, last: int, shape: Shape) -> int:
    """The last line of the record that starts at `first`, an odd line: `last`, the next odd one, or `first` itself."""
    if lines.ends[last] - lines.starts[first] >= shape.longest or not shape.record.fullmatch(lines.text(first, last)):
        return first
    between = slice(first + 1, last)
    others = int(np.count_nonzero(lines.doubtful[between] | lines.blank[between]))
    return first if 2 * others < last - first - 1 else last


def _reason(record: bytes, shape: Shape) -> str:
    """What is wrong with a record, given with its line end; nothing when it is well-formed after all."""
    if len(record) > shape.longest:
        return f"longer than {shape.longest:,} bytes"
    if b"\0" in record:
        return "a NUL byte"
    bare = _QUOTED.sub(b"", record)
    if not shape.record.fullmatch(record):
        lone = b"\r" in bare.removesuffix(b"\n").removesuffix(b"\r")
        return "a carriage return inside a line" if lone and b'"' not in bare else "a broken quote"
    fields = bare.count(shape.delimiter) + 1
    return f"{fields} instead of {shape.fields} fields" if fields != shape.fields else ""
