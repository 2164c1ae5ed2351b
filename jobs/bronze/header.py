"""The header of an extract: the column names of its source, in any order."""

import csv
from dataclasses import dataclass
from difflib import get_close_matches

from jobs.book.columns import Source
from jobs.bronze.extracts import LINE_ENDS, SAVE_AS, check_text
from jobs.errors import InputRejected

_SHOWN_NAMES = 5
_SHOWN_LETTERS = 40
_SIMILARITY = 0.8  # of two names, from 0 to 1, above which one may be the other renamed


@dataclass(frozen=True)
class Header:
    """The header: `names` in the file's order, its physical line (from 1), and the byte where the records begin."""

    names: tuple[str, ...]
    line: int
    end: int


def header_of(block: bytes, source: Source, file: str) -> Header:
    """The header of a file, from its first block. Blank lines before it are skipped.

    Raises InputRejected for missing, unknown and repeated names.
    """
    start = len(block) - len(block.lstrip(b"\r\n"))
    line = 1 + block.count(b"\n", 0, start)
    end = block.find(b"\n", start) + 1
    text = block[start:end].rstrip(b"\r\n")
    if not text:
        raise InputRejected("is empty", file=file, hint="deliver the extract again")
    if b"\0" in text:
        raise InputRejected("has NUL bytes in its header, as UTF-16 text does", file=file, line=line, hint=SAVE_AS)
    check_text(text, (), file, line)
    if b"\r" in text:
        raise InputRejected("ends lines with CR alone", file=file, line=line, hint=LINE_ENDS)
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
    faults = {"missing column": missing, "unknown column": unknown, "repeated column": repeated}
    found = [f"{what} {_listed(which)}" for what, which in faults.items() if which]
    if found:
        hint = "; ".join(_hints(missing, unknown, repeated))
        raise InputRejected(", ".join(found), file=file, line=line, hint=hint)


def _hints(missing: list[str], unknown: list[str], repeated: list[str]) -> list[str]:
    """What to do about the columns, one hint a kind of fault; a renamed column is one fault and not two."""
    renamed = _renamed(missing, unknown)
    hints = [
        f"{new[:_SHOWN_LETTERS]!r} may be {old!r} renamed: restore the name, or declare it in jobs/book/retail.py"
        for new, old in list(renamed.items())[:_SHOWN_NAMES]
    ]
    if set(missing) - set(renamed.values()):
        hints.append("deliver the file with every column")
    if set(unknown) - set(renamed):
        hints.append("remove the unknown column or declare it in jobs/book/retail.py")
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
    shown = ", ".join(repr(name[:_SHOWN_LETTERS]) for name in names[:_SHOWN_NAMES])
    return shown + (f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else "")
