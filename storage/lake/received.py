"""Which parts of a bronze table are of which received file."""

from dataclasses import replace
from typing import NamedTuple

from storage.lake.datamart import TableVersion


class ReceivedFile(NamedTuple):
    """A file as the lineage of a bronze table has it, and the table with its parts alone."""

    path: str
    table: TableVersion


def files_of(bronze: TableVersion) -> list[ReceivedFile]:
    """The files that a bronze table was made of, in the order of its parts.

    A part whose file is not known has the table's name for it.
    """
    counts = {path: bronze.ranges.get(path, 1) for path in bronze.sources}
    paths = [path for path, count in counts.items() for _ in range(count)]
    found: list[ReceivedFile] = []
    for place, part in enumerate(bronze.parts):
        path = paths[place] if place < len(paths) else bronze.table
        if place and place < len(paths) and path == found[-1].path:
            found[-1] = ReceivedFile(path, replace(found[-1].table, parts=(*found[-1].table.parts, part)))
        else:
            found.append(ReceivedFile(path, replace(bronze, parts=(part,))))
    return found
