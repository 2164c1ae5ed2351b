"""The books that are exported: small sample books with other amounts, other days and other ids."""

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.book.columns import Kind
from jobs.sample.write import SampleSpec, write_sample
from tests.retail import SOURCES

LEDGER, CLICKS = "lms_loan_daily", "feature_clickstream"
CUSTOMERS = 70
AS_OF = date(2025, 3, 1)
MONEY = ("loan_amt", "due_amt", "paid_amt", "overdue_amt", "balance")
BLANKED = (
    *("Occupation", "Credit_Mix", "Monthly_Inhand_Salary", "Num_Bank_Accounts", "Interest_Rate", "fe_10"),
    *("Credit_History_Age", "Amount_invested_monthly"),
)
SCALES: Mapping[str, Callable[[int], float]] = {
    "as they are": lambda _: 1,
    "below 1,000": lambda _: 0.05,
    "of many sizes": lambda place: (17 + 31 * (place % 97)) / 10,
    "with cents": lambda place: (1001 + place * 7 % 3000) / 1000,
}
Row = dict[str, str]
Tables = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Base:
    """A sample book: its seed, its amounts, whether loans start on other days than the first, its year, its ids."""

    seed: int
    amounts: str = "as they are"
    any_day: bool = False
    year: int | None = None
    numeric_ids: bool = False


@cache
def tables_of(base: Base) -> Tables:
    """The rows of each dataset."""
    tables = {name: [dict(row) for row in rows] for name, rows in _sample(base.seed).items()}
    places = {row["Customer_ID"]: place for place, row in enumerate(tables["features_attributes"])}
    years = {row["Customer_ID"]: row["snapshot_date"][-4:] for row in tables["features_attributes"]}
    for name, rows in tables.items():
        if base.year:
            rows[:] = [row for row in rows if _is_of_year(name, row, years, str(base.year))]
        for row in rows:
            _change(name, row, places.get(row["Customer_ID"], 0), base)
    return tables


def _is_of_year(name: str, row: Row, years: Mapping[str, str], year: str) -> bool:
    """Whether the customer's loan started in a year, and a month of the clickstream is of it."""
    return years.get(row["Customer_ID"]) == year and (name != CLICKS or row["snapshot_date"].endswith(year))


def _change(name: str, row: Row, place: int, base: Base) -> None:
    """The row of the customer with a place, changed as the base says."""
    for column in MONEY if name == LEDGER else ():
        row[column] = f"{float(row[column]) * SCALES[base.amounts](place):.2f}".removesuffix(".00")
    for column in BLANKED:
        if column in row and (place + len(column) * 3) % 11 == 0:
            row[column] = ""
    if base.any_day and name != CLICKS:
        _move(row, place % 27)
    if base.numeric_ids:
        _renumber(row)


def _move(row: Row, days: int) -> None:
    """The dates of a row some days later, in the same month."""
    for column in ("loan_start_date", "snapshot_date"):
        if column in row:
            day = day_of(row[column]) + timedelta(days)
            row[column] = f"{day.day}/{day.month}/{day.year}"


def _renumber(row: Row) -> None:
    """Ids of 15 digits in place of ids with letters."""
    number = 410_000_000_000_000 + 7919 * int(row["Customer_ID"].removeprefix("CUS_"), 16)
    if "loan_id" in row:
        row["loan_id"] = f"{number + 1}"
    row["Customer_ID"] = str(number)


@cache
def _sample(seed: int) -> Tables:
    with TemporaryDirectory() as folder:
        write_sample(Path(folder) / "data", SampleSpec(CUSTOMERS, seed))
        tables = {name: _rows(Path(folder) / "data" / f"{name}.csv") for name in SOURCES}
    tables[CLICKS] = [row for row in tables[CLICKS] if int(row["snapshot_date"].split("/")[1]) % 2]
    return tables


def _rows(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def day_of(text: str) -> date:
    """A date that is written d/M/yyyy."""
    day, month, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


NUMBER = re.compile(r"([^0-9]*?)(-?)([0-9]+)(?:\.([0-9]+))?([^0-9]*)")
NUMBERS = (Kind.INTEGER, Kind.COUNT, Kind.DECIMAL)
