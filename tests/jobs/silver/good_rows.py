"""Cleaned rows of customers about whom nothing is to be said."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from tests.retail import KEYS, SOURCES

AS_OF = date(2024, 6, 1)
BEFORE, LATER = date(2024, 1, 1), date(2024, 7, 1)
SCHEMAS = {source.silver: source.silver_schema for source in SOURCES.values()}
GOOD: Mapping[str, Mapping[str, Any]] = {
    "clickstream": {"fe_1": 1},
    "attributes": {"Age": 40, "SSN": "123-45-6789"},
    "financials": {"Annual_Income": 1.0, "Monthly_Inhand_Salary": 1.0, "Outstanding_Debt": 1.0},
    "loan_daily": {"loan_amt": 1, "due_amt": 1, "paid_amt": 1, "overdue_amt": 0, "installment_num": 0},
}

Rows = dict[str, list[dict[str, Any]]]


def row(table: str, customer: str | None, day: date | None = BEFORE, **values: Any) -> dict[str, Any]:
    """A row of a customer about whom nothing is to be said, apart from `values`."""
    loan = {"loan_id": f"loan-{customer}"} if table == "loan_daily" else {}
    return {"Customer_ID": customer, "snapshot_date": day, **loan, **GOOD[table], **values}


def book(*customers: str) -> Rows:
    return {table: [row(table, customer) for customer in customers] for table in KEYS}


def tables(rows: Rows) -> dict[str, pa.Table]:
    return {table: pa.Table.from_pylist(rows[table], SCHEMAS[table]) for table in KEYS}
