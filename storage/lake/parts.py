"""The parts of a version: where they are, how they are encoded, and which rows go together in a group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from storage.files.drafts import drafted
from storage.lake.names import split_name
from storage.on_use import pa

GROUP_BYTES = 64 * 1024**2
PART_NAME = re.compile(r"part-\d{5}(?:-\d{1,9})?\.parquet")
VERSIONS = ".versions"  # the folder of all versions, each in a folder of its own below its layer and table


def folder_of(table: str, version: str) -> str:
    """The folder of a version, under the datamart."""
    layer, short = split_name(table)
    return f"{VERSIONS}/{layer}/{short}/{version}"


def is_own_file(name: str) -> bool:
    """Whether a file in the folder of a version is a part or the draft of one; others' files may be beside them."""
    own = name.rpartition("/")[2]
    return PART_NAME.fullmatch(drafted(own, PART_NAME) or own) is not None


def encoding_of(layer: str) -> dict[str, Any]:
    """Parquet options. Tables that only the next task reads are written fast; tables for users are compressed more."""
    common: dict[str, Any] = {"write_page_checksum": True, "version": "2.6"}
    if layer in ("staged", "bronze"):
        # Statistics would take a third of the writing time, and no reader filters these tables by them.
        return {**common, "compression": "lz4", "write_statistics": False}
    return {**common, "compression": "zstd", "compression_level": 1}


def row_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of many small tables as few large tables, none of which is held when it has been taken.

    Yields nothing when there are no rows.
    """
    waiting: list[pa.Table] = []
    size = 0
    for table in tables:
        waiting.append(table)
        size += table.nbytes
        del table
        if size >= GROUP_BYTES:
            size = 0
            yield _joined(waiting)
    if any(table.num_rows for table in waiting):
        yield _joined(waiting)


def _joined(waiting: list[pa.Table]) -> pa.Table:
    """One table of several, of which the list no longer has any."""
    joined = pa.concat_tables(waiting)
    waiting.clear()
    return joined
