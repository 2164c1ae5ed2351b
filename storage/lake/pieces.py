"""Pieces of a part: the rows that belong together are in row groups of their own, and are read without the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from storage.on_use import pa

NUMBER = b"loanwatch.pieces"


@dataclass(frozen=True)
class Pieces:
    """Into how many pieces the rows are divided, and how: `divide` makes `number` tables of each table, in order."""

    number: int = 1
    divide: Callable[[Iterable[pa.Table]], Iterator[pa.Table]] | None = None

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """The schema of the file, which has the number of its own pieces, not that of the table it was made of."""
        kept = {name: value for name, value in (schema.metadata or {}).items() if name != NUMBER}
        return schema.with_metadata(kept if self.divide is None else {**kept, NUMBER: str(self.number)})

    def divided(self, tables: Iterable[pa.Table]) -> Iterable[pa.Table]:
        """The tables that are written, one row group each if there are several pieces."""
        return tables if self.divide is None else self.divide(tables)


WHOLE = Pieces()


@dataclass(frozen=True)
class Piece:
    """Piece `number` of `of`, and how its rows are found in a row group that has rows of several.

    `own_rows` gets the columns that are wanted and `column`, and a name for the row group by its content.
    """

    number: int
    of: int
    column: str
    own_rows: Callable[[pa.Table, str], pa.Table]


def pieces_in(schema: pa.Schema) -> int:
    """The number of pieces of a file."""
    return int((schema.metadata or {}).get(NUMBER, 1))
