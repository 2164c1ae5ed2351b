"""Extracts of an invented book, written again as other programs export them."""

import csv
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.retail import SOURCES

Row = dict[str, str]
Change = Callable[[list[Row]], Iterable[Row]]
MONEY = ("loan_amt", "due_amt", "paid_amt", "overdue_amt", "balance")
DATES = ("loan_start_date", "snapshot_date")


def rewritten(book: Path, folder: Path, dataset: str, change: Change, delimiter: str = ",") -> Path:
    """A copy of a book with the rows of one dataset changed."""
    shutil.copytree(book, folder)
    (path,) = folder.glob(f"{dataset}.csv*")
    rows = read(path)
    path.unlink()
    with (folder / f"{dataset}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, SOURCES[dataset].names, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(change(rows))
    return folder


def read(path: Path) -> list[Row]:
    """The rows of an extract that is not packed."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def each(columns: Iterable[str], write: Callable[[str], str]) -> Change:
    """A change of every value of some columns."""
    names = tuple(columns)
    return lambda rows: ({**row, **{name: write(row[name]) for name in names if row.get(name)}} for row in rows)


def date_as(form: str) -> Callable[[str], str]:
    """A date d/M/yyyy in another form, of the fields d, m, y and s (the year in two digits)."""

    def write(text: str) -> str:
        day, month, year = (int(part) for part in text.split("/"))
        return form.format(d=day, m=month, y=year, s=year % 100)

    return write


def grouped(text: str) -> str:
    """A number with commas between groups of three digits."""
    return f"{float(text):,.0f}"


def german(text: str) -> str:
    """A number with a decimal comma and points between groups of three digits."""
    return f"{float(text):,.2f}".translate(str.maketrans(",.", ".,"))
