"""The datamart: immutable versions of Parquet tables, written part by part, and the links that people read."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from storage.errors import DamagedFile
from storage.files.folder import Folder
from storage.lake.names import LINKED_LAYERS, is_table_name, layer_of, split_name

ROW_GROUP = 1_000_000
GROUP_BYTES = 64 * 1024**2


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

    `dates` are the days (ISO) at which the visible content changes with as-of; `sources` says which files or table
    versions it was made from (name to SHA-256).
    """

    table: str
    version: str
    parts: tuple[Part, ...]
    dates: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)

    @property
    def digest(self) -> str:
        """SHA-256 over the parts' digests in their order: equal for equal content, whatever the version's name."""
        return hashlib.sha256("\n".join(part.sha256 for part in self.parts).encode()).hexdigest()

    def with_parts_of(self, other: "TableVersion") -> "TableVersion":
        """This version with the parts of `other` appended."""
        dates = tuple(sorted({*self.dates, *other.dates}))
        return TableVersion(
            self.table, self.version, self.parts + other.parts, dates, {**self.sources, **other.sources}
        )


class Datamart:
    """Reads and writes versions below one folder; which version is the current one, the ledger knows."""

    def __init__(self, root: str) -> None:
        self.folder = Folder.at(root)

    def write(self, table: str, version: str, number: int, tables: Iterable[pa.Table]) -> Part:
        """The part `number` of a version, made of `tables` (all of one schema; at least one, which may be empty)."""
        layer, short = split_name(table)
        name = f".versions/{layer}/{short}/{version}/part-{number:05d}.parquet"
        remaining = iter(tables)
        first = next(remaining)
        rows = 0
        with (
            self.folder.writing(name) as sink,
            parquet.ParquetWriter(sink, first.schema, **_encoding(layer)) as writer,
        ):
            for group in _row_groups(chain([first], remaining)):
                writer.write_table(group, row_group_size=ROW_GROUP)
                rows += group.num_rows
        return Part(name, rows, sink.bytes, sink.sha256())

    def read(
        self, version: TableVersion, columns: list[str] | None = None, *, categories: list[str] | None = None
    ) -> pa.Table:
        """All rows of a version, `categories` as dictionary arrays; DamagedFile names a file that can't be read."""
        return pa.concat_tables(
            [self.read_part(version, number, columns, categories=categories) for number in range(len(version.parts))]
        )

    def read_part(
        self,
        version: TableVersion,
        number: int,
        columns: list[str] | None = None,
        *,
        categories: list[str] | None = None,
    ) -> pa.Table:
        """The rows of one part, checked page by page against the checksums that were written with them."""
        name = version.parts[number].name
        if columns is not None and categories is not None:
            categories = [column for column in categories if column in columns]
        with self._opened(name, categories) as file, _damage_named(self.folder.path(name)):
            return file.read(columns=columns)

    def groups(
        self, version: TableVersion, number: int | None = None, *, categories: list[str] | None = None
    ) -> Iterator[pa.Table]:
        """The rows of a version, or of its part `number`, a bounded table at a time."""
        parts = version.parts if number is None else version.parts[number : number + 1]
        for part in parts:
            with self._opened(part.name, categories) as file, _damage_named(self.folder.path(part.name)):
                if file.num_row_groups == 0:
                    yield file.read()
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group)

    def head(self, version: TableVersion, rows: int, columns: list[str] | None = None) -> pa.Table:
        """The first rows of a version, at most `rows`, without reading those behind them."""
        found: list[pa.Table] = []
        for part in version.parts:
            wanted = rows - sum(table.num_rows for table in found)
            if found and (wanted <= 0 or part.rows == 0):
                continue
            with self._opened(part.name, None) as file, _damage_named(self.folder.path(part.name)):
                schema = (
                    file.schema_arrow if columns is None else pa.schema([file.schema_arrow.field(c) for c in columns])
                )
                batches = file.iter_batches(batch_size=max(wanted, 1), columns=columns)
                found.append(pa.Table.from_batches(islice(batches, 1), schema))
        return pa.concat_tables(found).slice(0, rows)

    def verify(self, version: TableVersion) -> None:
        """DamagedFile unless every part still has the size and SHA-256 that it was written with."""
        for part in version.parts:
            size = self.folder.size(part.name)
            if size is None:
                raise DamagedFile(self.folder.path(part.name), "it is gone")
            if size != part.bytes or self.folder.sha256(part.name) != part.sha256:
                raise DamagedFile(self.folder.path(part.name), "its bytes are not those that were written")

    def link(self, version: TableVersion) -> None:
        """Points the path that people read at this version: the file itself, or the folder of its parts."""
        if layer_of(version.table) in LINKED_LAYERS:
            self.folder.link(*_link_and_target(version))

    def is_linked(self, version: TableVersion) -> bool:
        """Whether people who read the table's path read this version; true for a table that has no such path."""
        linked = layer_of(version.table) in LINKED_LAYERS
        return not linked or self.folder.links_to(*_link_and_target(version))

    def versions(self) -> set[tuple[str, str]]:
        """(table, version) of everything that has files here."""
        paths = [name.split("/") for name in self.folder.names(".versions")]
        return {(f"{path[1]}.{path[2]}", path[3]) for path in paths if is_table_name(f"{path[1]}.{path[2]}")}

    def drop(self, table: str, version: str) -> None:
        """Deletes the files of one version."""
        layer, short = split_name(table)
        self.folder.delete(f".versions/{layer}/{short}/{version}")

    def _opened(self, name: str, categories: list[str] | None) -> Any:
        with _damage_named(self.folder.path(name)):
            return parquet.ParquetFile(
                self.folder.open(name), read_dictionary=categories, page_checksum_verification=True
            )


@contextmanager
def _damage_named(path: str) -> Iterator[None]:
    """Turns Arrow's complaints about bytes into DamagedFile with the file's name."""
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        raise DamagedFile(path, str(error).splitlines()[0][:120]) from error


def _link_and_target(version: TableVersion) -> tuple[str, str]:
    layer, short = split_name(version.table)
    first = version.parts[0].name
    return f"{layer}/{short}.parquet", first if len(version.parts) == 1 else first.rpartition("/")[0]


def _encoding(layer: str) -> dict[str, Any]:
    """Parquet options: what is read once, by the next task, is written fast; what people query is packed well."""
    common: dict[str, Any] = {"write_page_checksum": True, "version": "2.6"}
    if layer in ("staged", "bronze"):
        # Least and greatest values, by which nobody filters these, cost a third of the time of writing them.
        return {**common, "compression": "lz4", "write_statistics": False}
    return {**common, "compression": "zstd", "compression_level": 1}


def _row_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of many small tables in few large ones; nothing for tables without rows."""
    waiting: list[pa.Table] = []
    size = 0
    for table in tables:
        waiting.append(table)
        size += table.nbytes
        if size >= GROUP_BYTES:
            yield pa.concat_tables(waiting)
            waiting, size = [], 0
    if any(table.num_rows for table in waiting):
        yield pa.concat_tables(waiting)
