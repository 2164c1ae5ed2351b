"""The header of an extract: the column names of its source as received, in any order."""

import csv
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from jobs.book.columns import Source
from jobs.bronze.extracts import LINE_ENDS, SAVE_AS, check_text, is_utf8
from jobs.bronze.header_faults import SHOWN_NAMES, fault_of, separator
from jobs.errors import InputRejected

PROJECT = Path(__file__).resolve().parents[2]
_MARK = "\ufeff"
_LINES_LOOKED_AT, _MOST_LOOKED_AT = 4, 65_536
_SHOWN_LETTERS = 40
_SIMILARITY = 0.8  # of two names, from 0 to 1, above which one may be the other renamed


@dataclass(frozen=True)
class Header:
    """The header: canonical names in the file's order, its physical line (from 1), and the byte after it."""

    names: tuple[str, ...]
    line: int
    end: int


def header_of(block: bytes, source: Source, file: str) -> Header:
    """The header of a file, from its first block. Blank lines before it are skipped.

    Raises InputRejected for missing, unknown and repeated names, and for UTF-8 text where another encoding is declared.
    """
    start = len(block) - len(block.lstrip(b"\r\n"))
    line = 1 + block.count(b"\n", 0, start)
    end = block.find(b"\n", start) + 1
    text = block[start:end].rstrip(b"\r\n")
    if not text:
        raise InputRejected("is empty", file=file, hint="deliver the extract again")
    if b"\0" in text:
        raise InputRejected("has NUL bytes in its header, as UTF-16 text does", file=file, line=line, hint=SAVE_AS)
    check_text(text, (), file, line, source.dialect)
    if b"\r" in text:
        raise InputRejected("ends lines with CR alone", file=file, line=line, hint=LINE_ENDS)
    if len(text) > _longest_header(source):
        raise InputRejected("the first line is far too long for a header", file=file, line=line, hint=_expected(source))
    received = tuple(next(csv.reader([text.decode()], delimiter=source.dialect.delimiter), []))
    _check_encoding(received, source, file, line)
    _check_names(received, source, file, line, _first_lines(block, start))
    canonical = {column.label: column.name for column in source.columns}
    return Header(tuple(canonical[name] for name in received), line, end)


def _longest_header(source: Source) -> int:
    return 4096 + 8 * sum(len(column.label) for column in source.columns)


def _expected(source: Source) -> str:
    mark = source.dialect.delimiter
    return f"expected, with {separator(mark)} between them, are " + f"{mark} ".join(
        column.label for column in source.columns
    )


def _check_encoding(names: tuple[str, ...], source: Source, file: str, line: int) -> None:
    """Raises InputRejected for UTF-8 text in a source of another encoding, as its column names show."""
    declared = source.dialect.encoding
    if is_utf8(declared):
        return
    try:
        read = tuple(name.encode(declared).decode("utf-8").removeprefix(_MARK) for name in names)
    except UnicodeError:
        return
    expected = {column.label for column in source.columns}
    if any(new in expected and old not in expected for new, old in zip(read, names, strict=True)):
        raise InputRejected(
            f"is UTF-8 text and not {declared}",
            file=file,
            line=line,
            hint=f"save it as {declared} text, or declare its encoding in {declaration_file(source)}",
        )


def _first_lines(block: bytes, start: int) -> list[str]:
    """The header and the lines behind it, as far as they are text."""
    lines = block[start : start + _MOST_LOOKED_AT].split(b"\n")[:_LINES_LOOKED_AT]
    return [line.rstrip(b"\r").decode(errors="replace") for line in lines]


def _check_names(names: tuple[str, ...], source: Source, file: str, line: int, lines: list[str]) -> None:
    expected = [column.label for column in source.columns]
    absent = [column for column in source.columns if column.label not in names]
    missing = [column.label for column in absent if not column.optional]
    unknown = [name for name in names if name not in expected]
    repeated = sorted({name for name in names if names.count(name) > 1 and name in expected})
    if (missing or unknown) and (fault := fault_of(lines, source, declaration_file(source))):
        raise InputRejected(fault[0], file=file, line=line, hint=fault[1])
    # A first line with few of the names is a record, whose values must not be shown.
    if 2 * len(absent) > len(expected) and (missing or unknown):
        what = "the first line is not the header: most of the column names are missing"
        raise InputRejected(what, file=file, line=line, hint=_expected(source))
    faults = {"missing column": missing, "unknown column": unknown, "repeated column": repeated}
    found = [f"{what} {_listed(which)}" for what, which in faults.items() if which]
    if found:
        hint = "; ".join(_hints(missing, unknown, repeated, declaration_file(source)))
        raise InputRejected(", ".join(found), file=file, line=line, hint=hint)


def declaration_file(source: Source) -> str:
    """The file in which a source is declared, as people name it."""
    path = Path(source.where.file)
    return path.relative_to(PROJECT).as_posix() if path.is_relative_to(PROJECT) else str(path)


def _hints(missing: list[str], unknown: list[str], repeated: list[str], book: str) -> list[str]:
    """What to do about the columns, one hint a kind of fault; a renamed column is one fault and not two."""
    renamed = _renamed(missing, unknown)
    hints = [
        f"{new[:_SHOWN_LETTERS]!r} may be {old!r} renamed: restore the name, or declare it in {book}"
        for new, old in list(renamed.items())[:SHOWN_NAMES]
    ]
    if set(missing) - set(renamed.values()):
        hints.append(f"deliver the file with every column, or declare it `optional=True` in {book}")
    if set(unknown) - set(renamed):
        hints.append(f"remove the unknown column or declare it in {book}")
    if repeated:
        hints.append("keep one column of each name")
    return hints


def _renamed(missing: list[str], unknown: list[str]) -> dict[str, str]:
    """Unknown names with the missing name that each is most similar to, if one is similar enough."""
    left = {name.lower(): name for name in missing}
    found: dict[str, str] = {}
    for name in unknown:
        for match in get_close_matches(name.lower(), left, 1, _SIMILARITY):
            found[name] = left.pop(match)
    return found


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name[:_SHOWN_LETTERS]) for name in names[:SHOWN_NAMES])
    return shown + (f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else "")
