"""Columns and sources: what a lender delivers, in which dialect, and what every column means."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from enum import StrEnum

from storage.on_use import pa


class Kind(StrEnum):
    """What a column holds. `jobs.silver.cleaning` has one function for each kind."""

    IDENTIFIER = "identifier"
    TEXT = "text"
    CODE = "code"
    CATEGORY = "category"
    INTEGER = "integer"
    COUNT = "count"
    DECIMAL = "decimal"
    DATE = "date"

    @property
    def type(self) -> pa.DataType:
        """The Arrow type of a cleaned column of this kind."""
        return pa.type_for_alias(TYPES.get(self, "string"))


TYPES = {Kind.INTEGER: "int64", Kind.COUNT: "int64", Kind.DECIMAL: "double", Kind.DATE: "date32"}
NUMBERS = (Kind.INTEGER, Kind.COUNT, Kind.DECIMAL)


@dataclass(frozen=True)
class Where:
    """The file and line of a declaration, for findings about it."""

    file: str = ""
    line: int = 0


def declared_here() -> Where:
    """Where the declaration that is being made stands: the nearest caller outside of this package's own classes."""
    frame = sys._getframe(1)  # noqa: SLF001 - the only way to know the line of a declaration
    while frame.f_back is not None and (
        frame.f_code.co_filename == "<string>" or frame.f_globals.get("__name__") in OWN
    ):
        frame = frame.f_back
    return Where(frame.f_code.co_filename, frame.f_lineno)


OWN = {"jobs.book.columns", "jobs.book.features", "jobs.book.declaration", "dataclasses"}


@dataclass(frozen=True)
class Dialect:
    """How the files of a source are written, in the words of Frictionless. Dates: `d/M/yyyy`, `yyyy-MM-dd`.

    As long as decimal character, thousands character and date formats are those below, each file may be written in
    others, which are decided from its values. `exact` says that no file is.
    """

    delimiter: str = ","
    decimal_char: str = "."
    thousands_char: str = ""
    encoding: str = "utf-8"
    date_formats: tuple[str, ...] = ("d/M/yyyy",)
    missing_values: tuple[str, ...] = ()
    exact: bool = False


@dataclass(frozen=True)
class Column:
    """One column of a source.

    `received` is its name in the files, where that is another one. An `optional` column may be absent from a file; its
    values are null then. The values of a `personal` column are shown nowhere. `missing_values` stand for "not known".
    `median` replaces a null by the median of the column when features are computed. A customer is flagged who fails a
    check: a `required` value that is null, a number below `minimum`, above `maximum` or present but unreadable, a text
    that does not match `pattern` as a whole. `unreadable` is the share of values that may be present but unreadable.
    """

    name: str
    kind: Kind
    description: str
    received: str = ""
    optional: bool = False
    personal: bool = False
    missing_values: tuple[str, ...] = ()
    median: bool = False
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    unreadable: float = 0.01
    where: Where = field(default_factory=declared_here, compare=False, repr=False, init=False)

    @property
    def label(self) -> str:
        """The name in the files."""
        return self.received or self.name

    @property
    def bounded(self) -> bool:
        """Whether a number of the column has a minimum or a maximum."""
        return self.minimum is not None or self.maximum is not None

    @property
    def checked(self) -> bool:
        """Whether a customer can be flagged because of this column."""
        return self.required or bool(self.pattern) or self.bounded


@dataclass(frozen=True)
class Source:
    """One dataset: the name of its files, its bronze and silver tables, and its columns in order.

    `known_on` is the date column that says when a row became known. Of several rows with the same `key` the newest
    counts. With `every_loan`, a loan without a row up to its prediction date has no features and is left out.
    `cadence` is the number of days within which a newer row is expected: a source whose newest row is older is stale.
    With `new_loans_only` the files have rows only for loans that begin, so that the age counts up to the start of the
    newest loan; otherwise it counts up to as-of.
    """

    dataset: str
    bronze: str
    silver: str
    known_on: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    dialect: Dialect = Dialect()
    every_loan: bool = False
    cadence: int = 45
    new_loans_only: bool = False
    where: Where = field(default_factory=declared_here, compare=False, repr=False, init=False)

    @property
    def bronze_table(self) -> str:
        """The table of the rows as received."""
        return f"bronze.{self.bronze}"

    @property
    def quarantine_table(self) -> str:
        """The table of the malformed records."""
        return f"quarantine.{self.dataset}"

    @property
    def staged_table(self) -> str:
        """The table of the cleaned rows, before quality control."""
        return f"staged.{self.silver}"

    @property
    def silver_table(self) -> str:
        """The table of the rows that quality control keeps."""
        return f"silver.{self.silver}"

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in declared order."""
        return tuple(column.name for column in self.columns)

    @property
    def personal(self) -> tuple[str, ...]:
        """The columns whose values are shown nowhere."""
        return tuple(column.name for column in self.columns if column.personal)

    @property
    def bronze_schema(self) -> pa.Schema:
        """The columns as received: every one text."""
        return pa.schema([(name, pa.string()) for name in self.names])

    @property
    def silver_schema(self) -> pa.Schema:
        """The columns as cleaned: int64, float64, date32 and text."""
        return pa.schema([(column.name, column.kind.type) for column in self.columns])

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """The columns of these kinds, in declared order."""
        return tuple(column.name for column in self.columns if column.kind in kinds)

    def column(self, name: str) -> Column | None:
        """The column of that name; None when the source has none."""
        return next((column for column in self.columns if column.name == name), None)
