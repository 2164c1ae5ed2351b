"""The files of a dataset as another program exports them, made of the rows of its extract."""

import csv
import io
import random
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from tests.cases.rewritten import Change, Row, read
from tests.fuzz.bases import day_of
from tests.retail import SOURCES

Texts = Mapping[str, str]
Export = Callable[[str, list[Row]], Texts]  # (a dataset, its rows) -> the text of each file, by its name
EVERY = 40  # one of so many customers is chosen


def export(book: Path, folder: Path, exports: Mapping[str, Export]) -> Path:
    """A copy of a book in which some datasets are exported in another way."""
    shutil.copytree(book, folder)
    for dataset, write in exports.items():
        path = folder / f"{dataset}.csv"
        rows = read(path)
        path.unlink()
        for name, text in write(dataset, rows).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(text.encode())
    return folder


def table(change: Change) -> Export:
    """One file of changed rows."""
    return lambda dataset, rows: {f"{dataset}.csv": text_of(dataset, change(rows))}


def text(change: Callable[[str], str], delimiter: str = ",") -> Export:
    """One file whose text is changed."""
    return lambda dataset, rows: {f"{dataset}.csv": change(text_of(dataset, rows, delimiter))}


def parts(changes: Mapping[str, Change]) -> Export:
    """A folder with a file for each name."""
    return lambda dataset, rows: {
        f"{dataset}/{name}.csv": text_of(dataset, change(rows)) for name, change in changes.items()
    }


def text_of(dataset: str, rows: Iterable[Row], delimiter: str = ",") -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, SOURCES[dataset].names, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def both(*changes: Change) -> Change:
    """Changes after each other."""

    def change(rows: list[Row]) -> list[Row]:
        for one in changes:
            rows = list(one(rows))
        return rows

    return change


def is_chosen(customer: str) -> bool:
    """Whether a customer is one of the few whose rows are changed."""
    return int(customer.removeprefix("CUS_"), 16) % EVERY == 0


def chosen(column: str, write: Callable[[str], str]) -> Change:
    """A change of a column in the rows of the chosen customers."""
    return lambda rows: ({**row, column: write(row[column])} if is_chosen(row["Customer_ID"]) else row for row in rows)


def share(start: int, end: int) -> Change:
    """The rows from one percentage to another."""
    return lambda rows: rows[start * len(rows) // 100 : end * len(rows) // 100]


def reversed_rows(rows: list[Row]) -> list[Row]:
    return rows[::-1]


def shuffled(rows: list[Row]) -> list[Row]:
    return random.Random(1).sample(rows, len(rows))  # noqa: S311


def twice(rows: list[Row]) -> list[Row]:
    return [row for row in rows for _ in range(2)]


def with_older_versions(rows: list[Row]) -> list[Row]:
    """The ledger with an older version of every third row, which a newer one restates, behind the others."""
    return [
        *rows,
        *({**row, "overdue_amt": "77", "snapshot_date": moved(row["snapshot_date"], -9)} for row in rows[::3]),
    ]


def with_first_starts(rows: list[Row]) -> list[Row]:
    """The ledger in which all but the newest row of each chosen loan have another start than the newest."""
    newest: dict[str, Row] = {}
    for row in rows:
        if row["loan_id"] not in newest or int(row["installment_num"]) > int(newest[row["loan_id"]]["installment_num"]):
            newest[row["loan_id"]] = row
    return [
        {**row, "loan_start_date": moved(row["loan_start_date"], 40)}
        if is_chosen(row["Customer_ID"]) and newest[row["loan_id"]] is not row
        else row
        for row in rows
    ]


def moved(day: str, days: int) -> str:
    """A date d/M/yyyy some days later."""
    later = day_of(day) + timedelta(days)
    return f"{later.day}/{later.month}/{later.year}"
