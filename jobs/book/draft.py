"""A declaration to start from, drafted from the extracts of an unknown lender."""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.book.drafting.book import book_text
from jobs.book.drafting.kinds import drafted_column
from jobs.book.drafting.layout import Layout, NoTable, layout_of
from jobs.book.drafting.names import column_names
from jobs.book.drafting.numbers import Marks, marks_of
from jobs.book.drafting.roles import Roles, Table, roles_of
from jobs.book.drafting.samples import Extract, extracts, sampled
from jobs.book.drafting.sources import SourceDraft
from jobs.book.drafting.text import constant
from jobs.book.drafting.words import simple
from storage.errors import UsageError

RESERVED = frozenset({"BOOK", "FEATURES"})


@dataclass(frozen=True)
class Draft:
    """The Python text of a book, the datasets that it declares, and why others of the folder are left out."""

    text: str
    datasets: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    """What the sample of one extract holds."""

    extract: Extract
    layout: Layout
    values: dict[str, Counter[str]]


def draft(folder: Path) -> Draft:
    """The draft of a book for the extracts in a folder: `D.csv`, `D.csv.gz` or a folder `D` of such parts each.

    Only a sample of big files is read. What the sample does not tell is `...` in the text, and no personal value stands
    in it. UsageError when the folder has no extract that can be read.
    """
    try:
        found = extracts(folder)
    except OSError as error:
        raise UsageError(f"{folder} cannot be read ({error.strerror}); name a folder of extracts.") from error
    reads, problems = _reads(found)
    if not reads:
        reasons = "".join(f" {problem}." for problem in problems)
        raise UsageError(f"{folder} has no extract to draft a book from; put .csv or .csv.gz files there.{reasons}")
    marks = _marks(reads)
    tables = [_table(read, each) for read, each in zip(reads, marks, strict=True)]
    roles = roles_of(tables)
    sources = _sources(reads, tables, marks, roles)
    text = book_text(sources, roles, problems)
    return Draft(text, tuple(table.dataset for table in tables), tuple(problems))


def _reads(found: Sequence[Extract]) -> tuple[list[_Read], list[str]]:
    reads, problems = [], []
    datasets = Counter(extract.dataset for extract in found)
    for extract in found:
        if datasets[extract.dataset] > 1:
            problems.append(f"{extract.dataset}: it is there more than once; leave the one that counts")
            continue
        try:
            layout = layout_of(sampled(extract))
        except (OSError, EOFError, zlib.error, NoTable) as error:
            problems.append(f"{extract.dataset}: {getattr(error, 'strerror', None) or error}")
        else:
            values = {name: Counter(texts) for name, texts in layout.columns.items()}
            reads.append(_Read(extract, layout, values))
    return _with_encodings(reads), list(dict.fromkeys(problems))


def _with_encodings(reads: Sequence[_Read]) -> list[_Read]:
    """The same, where an extract that is plain ASCII has the encoding of the others; utf-8 when all are."""
    others = Counter(read.layout.encoding for read in reads if read.layout.encoding not in ("ascii", "utf-8-sig"))
    common = others.most_common(1)[0][0] if others else "utf-8"
    return [
        replace(read, layout=replace(read.layout, encoding=common)) if read.layout.encoding == "ascii" else read
        for read in reads
    ]


def _marks(reads: Sequence[_Read]) -> list[Marks]:
    """The marks in the numbers of each extract; an extract that shows no decimal character has that of the others."""
    alone = [marks_of(read.values.values()) for read in reads]
    common = Counter(marks.decimal for marks in alone if marks.decimal).most_common(1)
    otherwise = common[0][0] if common else None
    return [marks_of(read.values.values(), otherwise) for read in reads]


def _table(read: _Read, marks: Marks) -> Table:
    columns = tuple(drafted_column(name, values, marks) for name, values in read.values.items())
    return Table(read.extract.dataset, columns, read.layout.columns)


def _sources(
    reads: Sequence[_Read], tables: Sequence[Table], marks: Sequence[Marks], roles: Roles
) -> list[SourceDraft]:
    taken, names = set(RESERVED), column_names(tables, roles)
    return [
        SourceDraft(
            constant=constant(simple(table.dataset), taken),
            silver=simple(table.dataset),
            table=table,
            layout=read.layout,
            marks=each,
            names=names[table.dataset],
            known_on=roles.known_on[table.dataset],
            key=roles.keys[table.dataset],
        )
        for read, table, each in zip(reads, tables, marks, strict=True)
    ]
