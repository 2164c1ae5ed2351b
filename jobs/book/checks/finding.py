"""A finding: what is wrong in a declaration, in which file and line, and what to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jobs.book.columns import Where


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to change before a book can be used. Findings sort by file and line."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """`file:line: message`, the file as seen from the working directory; without the line when it is 0."""
        path = Path(self.file)
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        return f"{shown}:{self.line}: {self.message}" if self.line else f"{shown}: {self.message}"


class Declared(Protocol):
    """A declaration that knows its place."""

    @property
    def where(self) -> Where:
        """The file and line."""


def at(declared: Declared, message: str) -> Finding:
    """The finding about a declaration."""
    return Finding(declared.where.file, declared.where.line, message)
