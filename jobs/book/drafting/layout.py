"""How a file is written: its encoding, its delimiter, its column names, and the sampled rows as texts."""

import csv
import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 300  # lines that decide on the delimiter
_WINDOWS_ONLY = re.compile(rb"[\x80-\x9f]")
_VALUE = re.compile(r"[+-]?[0-9][0-9.,/: -]*|[^@\s]+@[^@\s]+\.[a-zA-Z]+|[A-Z]{2}[0-9]{2}[A-Z0-9 ]{11,30}")


class NoTable(ValueError):
    """A file that cannot be drafted; the message says why and what to do."""


@dataclass(frozen=True)
class Layout:
    """A file as text: its columns by name, in order, with the sampled values; `odd` rows have another length."""

    encoding: str
    delimiter: str | None
    columns: dict[str, list[str]]
    rows: int
    odd: int


def layout_of(blocks: Sequence[bytes]) -> Layout:
    """The layout of a file of which these are blocks of whole lines, the first one with the header.

    NoTable when there is no header to name the columns by. The delimiter is None for a single column.
    """
    if not any(block.strip() for block in blocks):
        raise NoTable("it is empty; ask for the extract again")
    encoding = encoding_of(blocks)
    texts = [block.decode(encoding, errors="replace").replace("\0", "") for block in blocks]
    delimiter = delimiter_of(texts[0])
    records = [row for text in texts for row in _records(text, delimiter or ",")]
    header, *rows = records
    names = [name.strip() for name in header]
    _refuse_without_names(names)
    fitting = [row for row in rows if len(row) == len(names)]
    if not fitting:
        raise NoTable("it has no row with as many fields as its first line; check its delimiter and quotes")
    columns = {name: [row[place].strip() for row in fitting] for place, name in enumerate(names)}
    if any(values.count(name) * 100 > len(values) for name, values in columns.items()):
        raise NoTable("its first line looks like a row; put a line with the column names before it")
    return Layout(encoding, delimiter, columns, len(fitting), len(rows) - len(fitting))


def encoding_of(blocks: Sequence[bytes]) -> str:
    """The encoding: ascii, utf-8, utf-8-sig for a byte order mark, latin-1, or cp1252 where that has control codes."""
    if blocks[0].startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NoTable("it is UTF-16; convert it to UTF-8")
    if all(block.isascii() for block in blocks):
        return "ascii"
    try:
        for block in blocks:
            block.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252" if any(_WINDOWS_ONLY.search(block) for block in blocks) else "latin-1"
    return "utf-8-sig" if blocks[0].startswith(BOM_UTF8) else "utf-8"


def delimiter_of(text: str) -> str | None:
    """The delimiter that splits most lines into as many fields as the first one; None when none splits it."""
    start = "".join(islice(io.StringIO(text, newline=""), LOOKED_AT))

    def agreement(delimiter: str) -> tuple[float, int]:
        header, *rows = list(_records(start, delimiter)) or [[]]
        same = sum(len(row) == len(header) for row in rows)
        return (round(same / max(len(rows), 1), 1), len(header)) if len(header) > 1 else (-1.0, 0)

    best = max(DELIMITERS, key=agreement)
    return best if agreement(best)[1] > 1 else None


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    except csv.Error as error:
        raise NoTable("a field of it is longer than 128 kB; check its quotes") from error


def _refuse_without_names(names: list[str]) -> None:
    if any(not name or _VALUE.fullmatch(name) for name in names):
        raise NoTable("its first line has values or nothing where column names should be; give every column a name")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise NoTable(f"its first line has {twice!r} more than once; give every column a name of its own")
