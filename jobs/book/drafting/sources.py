"""The text of the drafted sources: one declaration each, with the evidence for every column as a comment."""

from collections import Counter
from dataclasses import dataclass

from jobs.book.drafting.kinds import Drafted
from jobs.book.drafting.layout import Layout
from jobs.book.drafting.names import Names
from jobs.book.drafting.numbers import Marks
from jobs.book.drafting.roles import Table
from jobs.book.drafting.text import UNKNOWN, call, comment, literal, texts, wide

INDENT = 8


@dataclass(frozen=True)
class SourceDraft:
    """A source as drafted: its constant's name, silver name, layout, marks in numbers, columns, and known-on and key."""

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
    key = texts([names[name] for name in source.key]) if source.key else UNKNOWN
    columns = [line for column in source.table.columns for line in _column(column, names[column.received])]
    dataset = wide(source.table.dataset, INDENT)
    arguments: list[tuple[str, str | list[str]]] = [
        ("dataset", dataset),
        ("bronze", literal(source.silver)),
        ("silver", literal(source.silver)),
        ("known_on", known_on),
        ("key", key),
    ]
    lines = [line.removeprefix("    ") for line in call("Source", arguments, 4)]
    opened = lines if len(lines) > 1 else _exploded(arguments)
    return [
        *comment(evidence, 0),
        f"{source.constant} = {opened[0]}",
        *opened[1:-1],
        *_dialect(source),
        "    columns=(",
        *columns,
        "    ),",
        ")",
    ]


def _exploded(arguments: list[tuple[str, str | list[str]]]) -> list[str]:
    return [
        "Source(",
        *(f"    {name}={value if isinstance(value, str) else value[0]}," for name, value in arguments),
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
    first, *others = call("dialect=Dialect", list(arguments), 4)
    return [first, *others]


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
        arguments.append(("missing_values", texts(column.missing)))
    return [*comment(column.evidence, INDENT), *call("Column", arguments, INDENT)]
