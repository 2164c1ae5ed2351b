"""The text of the drafted sources: one declaration each, with the evidence for every column as a comment."""

from collections import Counter
from dataclasses import dataclass

from jobs.book.drafting.kinds import Drafted
from jobs.book.drafting.layout import Layout
from jobs.book.drafting.names import Names
from jobs.book.drafting.numbers import Marks
from jobs.book.drafting.roles import Table
from jobs.book.drafting.text import UNKNOWN, argument, call, comment, listed, literal, wide

INDENT = 8


@dataclass(frozen=True)
class SourceDraft:
    """A source as drafted. `constant` is the name of its declaration, `key` and `known_on` are names as received."""

    constant: str
    silver: str
    table: Table
    layout: Layout
    marks: Marks
    names: Names
    known_on: str | None
    key: tuple[str, ...] | None


def source_text(source: SourceDraft) -> list[str]:
    """The lines that declare a source."""
    layout, names = source.layout, source.names
    evidence = f"{layout.rows:,} rows sampled; {layout.odd:,} more have another number of fields"
    known_on = literal(names[source.known_on]) if source.known_on else UNKNOWN
    key = listed([literal(names[name]) for name in source.key], 8) if source.key else [UNKNOWN]
    columns = [line for column in source.table.columns for line in _column(column, names[column.received])]
    return [
        *comment(evidence, 0),
        f"{source.constant} = Source(",
        *argument("dataset", wide(source.table.dataset, INDENT)),
        f"    bronze={literal(source.silver)},",
        f"    silver={literal(source.silver)},",
        f"    known_on={known_on},",
        *argument("key", key),
        *_dialect(source),
        "    columns=(",
        *columns,
        "    ),",
        ")",
    ]


def _dialect(source: SourceDraft) -> list[str]:
    layout, marks = source.layout, source.marks
    formats = Counter(form for column in source.table.columns for form in column.dates)
    dates = ", ".join(literal(form) if form else UNKNOWN for form, _ in formats.most_common())
    arguments = [
        ("delimiter", UNKNOWN if layout.delimiter is None else _character(layout.delimiter)),
        ("decimal_char", UNKNOWN if marks.decimal is None else literal(marks.decimal)),
        ("thousands_char", UNKNOWN if marks.thousands is None else literal(marks.thousands)),
        ("encoding", literal(layout.encoding)),
        ("date_formats", f"({dates}{',' if len(formats) == 1 else ''})"),
    ]
    return call("dialect=Dialect", list(arguments), 4)


def _character(character: str) -> str:
    return literal(character) if character.isprintable() else f'"{character.encode("unicode_escape").decode()}"'


def _column(column: Drafted, name: str) -> list[str]:
    kind = f"Kind.{column.kind.name}" if column.kind else UNKNOWN
    arguments: list[tuple[str, str | list[str]]] = [("", wide(name, INDENT + 4)), ("", kind), ("", UNKNOWN)]
    if name != column.received:
        arguments.append(("received", wide(column.received, INDENT + 14)))
    if column.personal:
        arguments.append(("personal", "True"))
    if column.missing:
        arguments.append(("missing_values", listed([literal(text) for text in column.missing], INDENT + 20)))
    return [*comment(column.evidence, INDENT), *call("Column", arguments, INDENT)]
