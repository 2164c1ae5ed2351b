"""The rules of the data in plain Python, row by row: what a pipeline has to make of a made book.

Nothing here uses the product: the names of columns and the rules stand here a second time.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

Row = dict[str, Any]
EXTRACTS = {
    "clickstream": "feature_clickstream",
    "attributes": "features_attributes",
    "financials": "features_financials",
    "loan_daily": "lms_loan_daily",
}
KEYS = {
    "clickstream": ("Customer_ID", "snapshot_date"),
    "attributes": ("Customer_ID", "snapshot_date"),
    "financials": ("Customer_ID", "snapshot_date"),
    "loan_daily": ("loan_id", "installment_num"),
}
COUNTS = (*("Num_of_Loan", "Num_Bank_Accounts", "Num_Credit_Card", "Num_of_Delayed_Payment", "Num_Credit_Inquiries"),)
DECIMALS = (
    *("Annual_Income", "Monthly_Inhand_Salary", "Outstanding_Debt", "Total_EMI_per_month", "Amount_invested_monthly"),
    *("Monthly_Balance", "Changed_Credit_Limit", "Interest_Rate", "Credit_Utilization_Ratio"),
)
FINANCIALS = (*COUNTS, "Delay_from_due_date", *DECIMALS)
AMOUNTS = ("loan_amt", "due_amt", "paid_amt", "overdue_amt")
WHOLE = (
    *("Age", "Delay_from_due_date", "tenure", "installment_num", "balance", *COUNTS, *AMOUNTS),
    *(f"fe_{number}" for number in range(1, 21)),
)
DATES = ("snapshot_date", "loan_start_date")
NOTHING = {
    "Occupation": ("", "_", "_______"),
    **dict.fromkeys(("Credit_Mix", "Payment_of_Min_Amount", "Payment_Behaviour"), ("", "_", "_______", "NM", "!@9#%8")),
}
LARGEST = 1e15


@dataclass(frozen=True)
class PlainBook:
    """What becomes of the extracts of a folder: silver rows by table, loans, flagged customers by reason."""

    silver: dict[str, list[Row]]
    loans: list[Row]
    flagged: dict[str, set[str]]


def plain_book(folder: Path) -> PlainBook:
    """The book of four `.csv` extracts in which no row is malformed, superseded or later than as-of."""
    cleaned = {
        table: [cleaned_row(row) for row in received(folder / f"{name}.csv")] for table, name in EXTRACTS.items()
    }
    flagged = flags(cleaned)
    guilty = set().union(*flagged.values())
    silver = {
        table: sorted(
            (row for row in rows if row["Customer_ID"] not in guilty),
            key=lambda row: [row[name] for name in KEYS[table]],
        )
        for table, rows in cleaned.items()
    }
    return PlainBook(silver, loans(silver), flagged)


def received(path: Path) -> list[dict[str, str]]:
    """The rows of an extract as the csv module reads them."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def cleaned_row(row: dict[str, str]) -> Row:
    return {name: value(name, text) for name, text in row.items()}


def value(name: str, text: str) -> Any:
    """The value of a received text; None when it is none."""
    if name in DATES:
        day, month, year = map(int, text.split("/"))
        return date(year, month, day)
    if name in WHOLE or name in DECIMALS:
        return number(name, text)
    return None if text.strip() in NOTHING.get(name, ("",)) else text


def number(name: str, text: str) -> float | None:
    digits = text.strip("_")
    if not re.fullmatch(r"-?\d+(\.\d+)?", digits):
        return None
    found = float(digits)
    return None if abs(found) > LARGEST or (name in COUNTS and found < 0) else found


def flags(cleaned: dict[str, list[Row]]) -> dict[str, set[str]]:
    """The customers that leave all tables, by reason; reasons that nobody meets are left out."""
    people = cleaned["attributes"]
    found = {
        "Age missing": (row for row in people if row["Age"] is None),
        "Age under 18": (row for row in people if row["Age"] is not None and row["Age"] < 18),
        "Age over 100": (row for row in people if row["Age"] is not None and row["Age"] > 100),
        "SSN invalid": (row for row in people if not re.fullmatch(r"\d{3}-\d{2}-\d{4}", row["SSN"] or "")),
    }
    for table, names in (("financials", ("Annual_Income", "Monthly_Inhand_Salary", "Outstanding_Debt")),
                         ("loan_daily", AMOUNTS)):  # fmt: skip
        for name in names:
            found[f"{name} negative"] = below_zero(cleaned[table], name)
    customers = {reason: {row["Customer_ID"] for row in rows} for reason, rows in found.items()}
    return {reason: who for reason, who in customers.items() if who}


def below_zero(rows: Iterable[Row], name: str) -> Iterable[Row]:
    return (row for row in rows if row[name] is not None and row[name] < 0)


def loans(silver: dict[str, list[Row]]) -> list[Row]:
    """A row for each loan, by its id: keys, dates, label and the full set of features; a customer has one loan here."""
    people = {row["Customer_ID"]: row for row in silver["attributes"]}
    medians = {name: median(known(row[name] for row in silver["financials"])) for name in FINANCIALS}
    figures = {
        row["Customer_ID"]: row | {name: medians[name] if row[name] is None else row[name] for name in FINANCIALS}
        for row in silver["financials"]
    }
    clicks: dict[str, list[Row]] = {}
    for row in silver["clickstream"]:
        clicks.setdefault(row["Customer_ID"], []).append(row)
    ledger: dict[str, list[Row]] = {}
    for row in silver["loan_daily"]:
        ledger.setdefault(row["loan_id"], []).append(row)
    assert set(Counter(rows[0]["Customer_ID"] for rows in ledger.values()).values()) == {1}
    return [
        loan(
            rows,
            people[rows[0]["Customer_ID"]],
            figures[rows[0]["Customer_ID"]],
            clicks.get(rows[0]["Customer_ID"], []),
        )
        for _, rows in sorted(ledger.items())
    ]


def loan(ledger: list[Row], person: Row, figures: Row, clicks: list[Row]) -> Row:
    first, start = ledger[0], ledger[0]["loan_start_date"]
    before = [row for row in clicks if row["snapshot_date"] < start]
    tens = [row["fe_10"] for row in before]
    types = {each.removeprefix("and ") for each in (figures["Type_of_Loan"] or "").split(", ")}
    years, months = re.fullmatch(r"(\d+) Years and (\d+) Months", figures["Credit_History_Age"]).groups()  # type: ignore[union-attr]
    salary = figures["Monthly_Inhand_Salary"]
    return {
        **{name: first[name] for name in ("Customer_ID", "loan_id", "loan_amt", "tenure")},
        "prediction_date": later(start, 3),
        "observation_date": later(start, 6),
        "label": int(any(3 <= row["installment_num"] <= 6 and row["overdue_amt"] > 0 for row in ledger)),
        **{name: person[name] for name in ("Age", "Occupation")},
        **{name: figures[name] for name in ("Credit_Mix", "Payment_of_Min_Amount", "Payment_Behaviour", *FINANCIALS)},
        "Credit_History_Months": int(years) * 12 + int(months),
        "Savings_Ratio": figures["Amount_invested_monthly"] / salary if salary else None,
        "DTI": figures["Total_EMI_per_month"] / salary if salary else None,
        "Monthly_Surplus": salary - figures["Total_EMI_per_month"] - figures["Amount_invested_monthly"],
        "Debt_to_Annual_Income": figures["Outstanding_Debt"] / figures["Annual_Income"],
        "Loan_Types": len(types) if figures["Type_of_Loan"] else None,
        **{f"fe_{n}_mean": mean(row[f"fe_{n}"] for row in before) if before else None for n in range(1, 21)},
        "fe_10_std": stdev(tens) if len(tens) > 1 else None,
    }


def later(day: date, months: int) -> date:
    """So many months later, for the first of a month."""
    assert day.day == 1
    return date(day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1, 1)


def known(values: Iterable[Any]) -> list[Any]:
    return [each for each in values if each is not None]
