"""The datamart: immutable versions of Parquet tables, written part by part, and links to the current ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from storage.errors import DamagedFile
from storage.files.away import RETRY_SECONDS
from storage.files.folder import Folder
from storage.lake.damage import damage_as_error
from storage.lake.names import LINKED_LAYERS, is_table_name, layer_of, split_name
from storage.lake.parts import VERSIONS, encoding_of, folder_of, is_own_file, row_groups
from storage.lake.pieces import WHOLE, Piece, Pieces, pieces_in
from storage.on_use import pa, parquet

ROW_GROUP = 1_000_000


@dataclass(frozen=True)
class Part:
    """One Parquet file of a version: its name under the datamart, rows, bytes and SHA-256."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class TableVersion:
    """One immutable version of a table.

    `dates` are the as-of days (ISO) from which more of the content is visible. `sources` are the files and table
    versions it was made from (name to SHA-256). `days` are the distinct days (ISO, sorted) of date columns of which
    `dates` do not tell them, `date_orders` what the dates of each file tell of the order of day and month. Tables of
    earlier releases have neither. `ranges` is the number of parts of each source that has several.
    """

    table: str
    version: str
    parts: tuple[Part, ...]
    dates: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    days: dict[str, tuple[str, ...]] = field(default_factory=dict)
    date_orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    ranges: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)

    @property
    def digest(self) -> str:
        """SHA-256 over the parts' digests in their order. Equal content has an equal digest in every version."""
        return hashlib.sha256("\n".join(part.sha256 for part in self.parts).encode()).hexdigest()

    def with_parts_of(self, other: TableVersion) -> TableVersion:
        """This version with the parts of `other` appended."""
        dates = tuple(sorted({*self.dates, *other.dates}))
        days = {
            name: tuple(sorted({*self.days.get(name, ()), *other.days.get(name, ())}))
            for name in dict.fromkeys((*self.days, *other.days))
        }
        sources = {**self.sources, **other.sources}
        orders = {**self.date_orders, **other.date_orders}
        ranges = {name: self.ranges.get(name, 0) + other.ranges.get(name, 0) for name in self.ranges | other.ranges}
        return TableVersion(self.table, self.version, self.parts + other.parts, dates, sources, days, orders, ranges)


class Datamart:
    """Reads and writes versions below one folder. The ledger records which version is current."""

    def __init__(self, root: str, retry: float = RETRY_SECONDS) -> None:
        self.folder = Folder.at(root, retry, "LOANWATCH_DATAMART")

    def write(
        self,
        table: str,
        version: str,
        number: int,
        tables: Iterable[pa.Table],
        attempt: int = 1,
        pieces: Pieces = WHOLE,
    ) -> Part:
        """Part `number` of a version, made of `tables`: at least one table, which may be empty; all of one schema.

        Each attempt has a file of its own, so that an attempt that ends late changes nothing of its successor's.
        `pieces` divides its rows, so that each piece can be read without the others.
        """
        again = f"-{attempt}" if attempt > 1 else ""
        name = f"{folder_of(table, version)}/part-{number:05d}{again}.parquet"
        layer = layer_of(table)
        remaining = iter(tables)
        first = next(remaining)
        rows = 0
        with (
            self.folder.writing(name) as sink,
            parquet.ParquetWriter(sink, pieces.schema(first.schema), **encoding_of(layer)) as writer,
        ):
            for group in pieces.divided(row_groups(chain([first], remaining))):
                writer.write_table(group, row_group_size=ROW_GROUP if pieces.number == 1 else max(group.num_rows, 1))
                rows += group.num_rows
        return Part(name, rows, sink.bytes, sink.sha256())

    def read(
        self, version: TableVersion, columns: list[str] | None = None, *, categories: list[str] | None = None
    ) -> pa.Table:
        """All rows of a version, `categories` as dictionary arrays. Raises DamagedFile for an unreadable file."""
        parts = [self.read_part(version, n, columns, categories=categories) for n in range(len(version.parts))]
        return pa.concat_tables(parts, promote_options="default")  # the type of a part's column without a value is null

    def by_part(self, version: TableVersion, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """The rows of a version, a part at a time."""
        return (self.read_part(version, number, columns) for number in range(len(version.parts)))

    def read_part(
        self,
        version: TableVersion,
        number: int,
        columns: list[str] | None = None,
        *,
        categories: list[str] | None = None,
    ) -> pa.Table:
        """The rows of one part. Every page is checked against the checksum that was written with it."""
        name = version.parts[number].name
        if columns is not None and categories is not None:
            categories = [column for column in categories if column in columns]
        with self._opened(name, categories) as file, damage_as_error(self.folder.path(name)):
            return self.folder.call(name, lambda: file.read(columns=columns))

    def groups(
        self,
        version: TableVersion,
        number: int | None = None,
        columns: list[str] | None = None,
        *,
        categories: list[str] | None = None,
    ) -> Iterator[pa.Table]:
        """These columns of a version, or of its part `number`, as tables of limited size."""
        parts = version.parts if number is None else version.parts[number : number + 1]
        for part in parts:
            with self._opened(part.name, categories) as file:
                for group in range(file.num_row_groups):
                    yield self._group(part.name, file, [group], columns)
                if file.num_row_groups == 0:
                    yield file.read(columns=columns)

    def piece(
        self, version: TableVersion, piece: Piece, columns: list[str], *, categories: list[str]
    ) -> Iterator[pa.Table]:
        """The rows of one piece, as tables of limited size.

        A part that was written in fewer pieces has rows of others too, which `piece.own_rows` leaves out.
        """
        for part in version.parts:
            with self._opened(part.name, categories) as file:
                there = [name for name in columns if name in file.schema_arrow.names]
                pieces = min(piece.of, pieces_in(file.schema_arrow))
                yield file.schema_arrow.empty_table().select(there)
                read = there if pieces == piece.of else list(dict.fromkeys((*there, piece.column)))
                for group in range(piece.number % pieces, file.num_row_groups, pieces):
                    rows = self._group(part.name, file, [group], read)
                    own = rows if pieces == piece.of else piece.own_rows(rows, f"{part.sha256}/{group}")
                    yield own.select(there)

    def head(self, version: TableVersion, rows: int, columns: list[str] | None = None) -> pa.Table:
        """The first rows of a version, at most `rows`, without reading the other rows."""
        tables: list[pa.Table] = []
        for part in version.parts:
            missing = rows - sum(table.num_rows for table in tables)
            if tables and (missing <= 0 or part.rows == 0):
                continue
            with self._opened(part.name, None) as file, damage_as_error(self.folder.path(part.name)):
                schema = file.schema_arrow
                wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
                tables.append(self.folder.call(part.name, lambda: _first_rows(file, missing, columns, wanted)))  # noqa: B023
        return pa.concat_tables(tables).slice(0, rows)

    def verify(self, version: TableVersion) -> None:
        """Raises DamagedFile unless every part has the size and SHA-256 with which it was written."""
        for part in version.parts:
            if (size := self.folder.size(part.name)) is None:
                raise DamagedFile(self.folder.path(part.name), "it is missing")
            if size != part.bytes or self.folder.sha256(part.name) != part.sha256:
                raise DamagedFile(self.folder.path(part.name), "its bytes changed after it was written")

    def address(self, version: TableVersion) -> str:
        """Where people read a version: its link on a disk, else its file, or with a `/` the folder of its parts."""
        link, target = _link_and_target(version)
        return f"{self.folder.address}/{link if self.folder.is_local else target + '/' * (len(version.parts) > 1)}"

    def link(self, version: TableVersion) -> None:
        """Points the table's link at this version: at the file, or at the folder of its parts."""
        if layer_of(version.table) in LINKED_LAYERS:
            self.folder.link(*_link_and_target(version))

    def is_linked(self, version: TableVersion) -> bool:
        """Whether the table's link points at this version. True for a table without a link."""
        return layer_of(version.table) not in LINKED_LAYERS or self.folder.links_to(*_link_and_target(version))

    def versions(self) -> set[tuple[str, str]]:
        """(table, version) of every version that has files here."""
        return set(self.files())

    def files(self) -> dict[tuple[str, str], dict[str, int]]:
        """The files below each (table, version), by their name under the datamart, with their bytes."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for name, size in self.folder.sizes(VERSIONS).items():
            path = name.split("/")
            if len(path) > 4 and is_table_name(table := f"{path[1]}.{path[2]}"):
                found.setdefault((table, path[3]), {})[name] = size
        return found

    def drop(self, table: str, version: str) -> None:
        """Deletes the files of one version; those that others put beside them stay."""
        folder = folder_of(table, version)
        names = self.folder.names(folder)
        if all(is_own_file(name) for name in names):
            self.folder.delete(folder)
            return
        for name in filter(is_own_file, names):
            self.folder.delete(name)

    def _group(self, name: str, file: Any, groups: list[int], columns: list[str] | None = None) -> pa.Table:
        with damage_as_error(self.folder.path(name)):
            return self.folder.call(name, lambda: file.read_row_groups(groups, columns))

    def _opened(self, name: str, categories: list[str] | None) -> Any:
        options = {"read_dictionary": categories, "page_checksum_verification": True}
        with damage_as_error(self.folder.path(name)):
            return self.folder.call(name, lambda: parquet.ParquetFile(self.folder.open(name), **options))


def _first_rows(file: Any, rows: int, columns: list[str] | None, schema: pa.Schema) -> pa.Table:
    batches = file.iter_batches(batch_size=max(rows, 1), columns=columns)
    return pa.Table.from_batches(islice(batches, 1), schema)


def _link_and_target(version: TableVersion) -> tuple[str, str]:
    layer, short = split_name(version.table)
    first = version.parts[0].name
    return f"{layer}/{short}.parquet", first if len(version.parts) == 1 else first.rpartition("/")[0]
