"""Python source text: literals and calls that are at most 120 columns wide, whatever the names in them."""

import keyword
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 120
PIECE = 80  # letters of a long text on one line
UNKNOWN = "..."


def literal(text: str) -> str:
    """A text as Python writes it, in double quotes where that is possible."""
    if text.isprintable() and "\\" not in text and '"' not in text:
        return f'"{text}"'
    return repr(text) if text.isprintable() else ascii(text)


def listed(values: Sequence[str], indent: int) -> list[str]:
    """The lines of a tuple of these values, which are Python texts: one when that is short enough."""
    line = f"({', '.join(values)}{',' if len(values) == 1 else ''})"
    return [line] if indent + len(line) < WIDTH else ["(", *(f"    {value}," for value in values), ")"]


def argument(name: str, lines: Sequence[str], indent: int = 4) -> list[str]:
    """The lines of a named argument on lines of its own."""
    first, *others = [*lines[:-1], f"{lines[-1]},"]
    return [" " * indent + line for line in (f"{name}={first}", *others)]


def wide(text: str, indent: int) -> list[str]:
    """The lines of a text as an argument: one, or pieces in parentheses."""
    if indent + len(literal(text)) < WIDTH:
        return [literal(text)]
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    if any(len(literal(piece)) > WIDTH - indent - 4 for piece in pieces):
        pieces = [text[start : start + PIECE // 10] for start in range(0, len(text), PIECE // 10)]
    return ["(", *(f"    {literal(piece)}" for piece in pieces), ")"]


def call(function: str, arguments: Iterable[tuple[str, str | list[str]]], indent: int) -> list[str]:
    """The lines of a call with these arguments (name or "", value or its lines), each line indented.

    It stands on one line when that is short enough.
    """
    pairs = [(f"{name}=" if name else "", [value] if isinstance(value, str) else value) for name, value in arguments]
    line = f"{function}({', '.join(name + value[0] for name, value in pairs)}),"
    margin = " " * indent
    if all(len(value) == 1 for _, value in pairs) and indent + len(line) <= WIDTH:
        return [margin + line]
    inner = []
    for name, (first, *others) in pairs:
        lines = [f"{name}{first}", *others]
        inner += [f"{margin}    {each}" for each in lines[:-1]] + [f"{margin}    {lines[-1]},"]
    return [f"{margin}{function}(", *inner, f"{margin}),"]


def comment(text: str, indent: int) -> list[str]:
    """A comment, on as many lines as it needs."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    margin = " " * indent + "# "
    return textwrap.wrap(plain, WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)


def constant(name: str, taken: set[str]) -> str:
    """The name of a constant for this name, unlike those that are taken; it is taken afterwards."""
    found = name.upper()[:60]
    while found in taken or keyword.iskeyword(found):
        found += "_SOURCE"
    taken.add(found)
    return found
