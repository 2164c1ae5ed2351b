"""A small cleaned book that a test builds row by row."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from jobs.gold.features import loan_features
from jobs.loan_calendar import months_later
from tests.retail import BOOK, NEEDED, SOURCES

SCHEMAS = {source.silver: source.silver_schema for source in SOURCES.values()}
START = date(2024, 1, 15)  # of a loan: scored from 15 April, its outcome known on 15 July
Rows = list[dict[str, Any]]


class Customers:
    """A small governed book, grown row by row."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {name: [] for name in NEEDED}

    def person(self, customer: str, day: date = START, **values: Any) -> "Customers":
        """A customer with attributes and financials of a day."""
        for table in ("attributes", "financials"):
            fields = {name: value for name, value in values.items() if name in SCHEMAS[table].names}
            self.rows[table].append({"Customer_ID": customer, "snapshot_date": day, "Age": 40} | fields)
        return self

    def loan(self, customer: str, loan: str = "l", start: date = START, due: Sequence[int] = ()) -> "Customers":
        """A loan of 10 installments, the first ones with these dues, all paid."""
        common = {"Customer_ID": customer, "loan_id": loan, "loan_start_date": start, "tenure": 10, "loan_amt": 100}
        for number, amount in enumerate(due or [0]):
            self.pay(common, number, amount, amount)
        return self

    def pay(self, common: dict[str, Any], number: int, due: int | None, paid: int | None, overdue: int = 0) -> None:
        (known_on,) = months_later(pa.array([common["loan_start_date"]]), number).to_pylist()
        amounts = {"installment_num": number, "due_amt": due, "paid_amt": paid, "overdue_amt": overdue}
        self.rows["loan_daily"].append(common | amounts | {"snapshot_date": known_on})

    def click(self, customer: str, day: date, value: int | None) -> "Customers":
        self.rows["clickstream"].append({"Customer_ID": customer, "snapshot_date": day, "fe_10": value})
        return self

    def tables(self) -> dict[str, pa.Table]:
        return {
            name: pa.Table.from_pylist(rows, SCHEMAS[name]).select(NEEDED[name]) for name, rows in self.rows.items()
        }

    def features(self) -> dict[str, dict[str, Any]]:
        """The features by loan."""
        return {row["loan_id"]: row for row in loan_features(self.tables(), BOOK).rows.to_pylist()}
