"""A source of one column, for tests of cleaning, and a column of each kind."""

from dataclasses import replace

from jobs.book.columns import Column, Kind, Source
from jobs.book.retail import BLANK, UNKNOWN

IDENTIFIER, TEXT, CODE, INTEGER, COUNT, DECIMAL, DATE = (
    Column("x", kind, "")
    for kind in (Kind.IDENTIFIER, Kind.TEXT, Kind.CODE, Kind.INTEGER, Kind.COUNT, Kind.DECIMAL, Kind.DATE)
)
CATEGORY = Column("x", Kind.CATEGORY, "", missing_values=UNKNOWN)
OCCUPATION = replace(CATEGORY, missing_values=BLANK)


def source_of(*columns: Column) -> Source:
    """A source with these columns, the first of which is all of its key."""
    return Source("d", "b", "s", columns[0].name, (columns[0].name,), columns)
