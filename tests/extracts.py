"""Extracts that a test writes row by row."""

import csv
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from storage.files.streams import stream_sha256
from tests.retail import SOURCES


class Extracts:
    """Writes raw extracts by hand into a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, dataset: str, rows: Iterable[Mapping[str, Any]], name: str = "") -> Path:
        """The extract of a dataset, in which every column that a row leaves out is empty."""
        path = self.folder / (name or f"{dataset}.csv")
        path.parent.mkdir(exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, SOURCES[dataset].names, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def sha256(self, name: str) -> str:
        with (self.folder / name).open("rb") as file:
            return stream_sha256(file)


def until(data: Path, folder: Path, dataset: str, day: date) -> Path:
    """A copy of a data folder of plain CSV files in which a dataset ends on a day."""
    shutil.copytree(data, folder)
    path = folder / f"{dataset}.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    column = header.strip().split(",").index(SOURCES[dataset].known_on)
    path.write_text(header + "".join(line for line in lines if _day(line, column) <= day), encoding="utf-8")
    return folder


def _day(line: str, column: int) -> date:
    (fields,) = csv.reader([line])
    day, month, year = fields[column].split("/")
    return date(int(year), int(month), int(day))


@pytest.fixture
def extracts(tmp_path: Path) -> Extracts:
    return Extracts(tmp_path / "data")
