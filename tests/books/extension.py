"""Book files that extend the default book, the extracts that they need, and deployments that use them."""

import csv
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.deployment import Deployment
from storage.settings import load_settings
from tests.sandbox import ONE_CANDIDATE, Sandbox

IMPORTS = """\
from dataclasses import replace
from engine.definitions.task import Pipeline, Task
from jobs.book.columns import Column, Dialect, Kind, Source
from jobs.book.features import BadLoan, Candidate, Latest, Window
from jobs.book.retail import BOOK
from jobs.job import TaskResult
"""
Row = dict[str, str]


def written(file: Path, declaration: str, most: int = 99) -> Path:
    """A book file with the imports above and a declaration of at most so many lines."""
    assert lines_of(declaration) <= most, lines_of(declaration)
    assert max(len(line) for line in declaration.splitlines()) <= 120
    file.write_text(f"{IMPORTS}\n{declaration}", encoding="utf-8")
    return file


def lines_of(declaration: str) -> int:
    """The lines of a declaration that are not blank."""
    return sum(bool(line.strip()) for line in declaration.splitlines())


def with_book(home: Path, file: Path | None, candidates: str = ONE_CANDIDATE) -> Sandbox:
    """The deployment of a home, new or not, with a book; None for the default book."""
    settings = load_settings(home=home, retry_pause=0.0, book=str(file or ""), candidates=candidates)
    return Sandbox(home, Deployment.open(settings))


def copied(extracts: Path, folder: Path) -> Path:
    """A folder with the same extracts, to be changed."""
    return Path(shutil.copytree(extracts, folder))


def rows_of(extract: Path) -> list[Row]:
    """The rows of an extract."""
    with extract.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(extract: Path, rows: list[Row], delimiter: str = ",") -> None:
    """Writes an extract anew."""
    with extract.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def add_column(extract: Path, name: str, value: Callable[[Mapping[str, str]], object]) -> None:
    """Adds a column to an extract: its value in each row, a text or a number."""
    write_rows(extract, [{**row, name: str(value(row))} for row in rows_of(extract)])
