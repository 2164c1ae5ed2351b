"""The features of a loan, from what was known when it is scored. The same code serves training and inference."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Kind
from jobs.book.retail import BOOK
from jobs.bronze.sources import SOURCES
from jobs.gold.labels import codes_in, default_labels, loans, splits

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

HISTORY_BEFORE = 3
FINANCIALS = SOURCES["features_financials"]
IMPUTED = (*FINANCIALS.of_kind(Kind.INTEGER, Kind.COUNT), *FINANCIALS.of_kind(Kind.DECIMAL))

CATEGORICAL = BOOK.categories()
FEATURE_SETS: Mapping[str, tuple[str, ...]] = BOOK.feature_sets
SAFE15 = FEATURE_SETS["safe15"]
# What each silver table is read for, and nothing else of it.
NEEDED = {source.silver: list(BOOK.columns_read(source)) for source in BOOK.sources}


def loan_features(tables: Mapping[str, pa.Table]) -> tuple[pa.Table, dict[str, int]]:
    """(one row a loan with keys, dates, label, split and every feature; how many rows were left out, by reason).

    `tables` are the four governed silver tables (at least their NEEDED columns), without anything later than as-of. A
    loan whose customer has no attributes or financials up to its prediction date is left out: nothing vouches for it.
    """
    book = loans(tables["loan_daily"])
    attributes = latest_snapshot(book, tables["attributes"], ("Age", "Occupation"))
    financials = latest_snapshot(
        book, imputed(tables["financials"], IMPUTED), ("Credit_Mix", "Credit_History_Age", *IMPUTED)
    )
    there = {"attributes": attributes.pop(None), "financials": financials.pop(None)}
    columns: dict[str, Any] = {name: book[name] for name in book.column_names}
    columns["label"] = default_labels(tables["loan_daily"], book["loan_id"].combine_chunks())
    columns["split"] = splits(book["loan_id"])
    columns |= {
        **attributes,
        **financials,
        **history(book, tables["loan_daily"]),
        **clicks(book, tables["clickstream"]),
    }
    columns["Age"] = imputed(pa.table({"Age": columns["Age"]}), ("Age",))["Age"]
    columns |= engineered(columns)
    known = there["attributes"] & there["financials"]
    left_out = {f"without_{name}": int((~mask).sum()) for name, mask in there.items() if not mask.all()}
    left_out |= _without_loan(book, tables)
    features = pa.table({name: column for name, column in columns.items() if name != "Credit_History_Age"})
    return features.filter(pa.array(known)), left_out


def _without_loan(book: pa.Table, tables: Mapping[str, pa.Table]) -> dict[str, int]:
    """Customers without a loan, and ledger rows that name no loan or no start, where there are any."""
    ledger = tables["loan_daily"]
    customers = pc.unique(tables["attributes"]["Customer_ID"].cast(pa.string()).combine_chunks())
    borrowers = pc.unique(book["Customer_ID"].combine_chunks())
    counts = {
        "customers_without_loan": int(pc.sum(pc.invert(pc.is_in(customers, value_set=borrowers))).as_py() or 0),
        "rows_without_loan": int(
            pc.sum(pc.or_(pc.is_null(ledger["loan_id"]), pc.is_null(ledger["loan_start_date"]))).as_py() or 0
        ),
    }
    return {what: count for what, count in counts.items() if count}


def imputed(table: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """The table with the nulls of these columns replaced by the column's median (float64; null stays where all are)."""
    for name in names:
        column = table[name].cast(pa.float64())
        if column.null_count:
            values = column.drop_null().to_numpy()
            if len(values):
                column = pc.fill_null(column, float(np.median(values)))
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def latest_snapshot(book: pa.Table, table: pa.Table, names: tuple[str, ...]) -> dict[Any, Any]:
    """Columns of each loan's newest row of `table` with snapshot_date <= prediction_date; under None, who has one."""
    rows, owners = pairs(book, table["Customer_ID"])
    shown = _days(table["snapshot_date"])[rows] <= _days(book["prediction_date"])[owners]
    rows, owners = rows[shown], owners[shown]
    order = np.lexsort((rows, _days(table["snapshot_date"])[rows], owners))
    rows, owners = rows[order], owners[order]
    last = np.flatnonzero(np.append(owners[1:] != owners[:-1], [True] * bool(len(owners))))
    place = np.full(book.num_rows, -1, np.int64)
    place[owners[last]] = rows[last]
    index = pa.array(place, mask=place < 0)
    return {**{name: table[name].take(index) for name in names}, None: place >= 0}


def history(book: pa.Table, ledger: pa.Table) -> dict[str, Any]:
    """Sums over each loan's installments before number 3, and paid over due (1 when nothing was due); null if none."""
    early = ledger.filter(pc.less(ledger["installment_num"], HISTORY_BEFORE))
    codes = codes_in(early["loan_id"], book["loan_id"].combine_chunks())
    own, size = codes >= 0, book.num_rows
    sums = {
        name: np.bincount(codes[own], _floats(early[name], 0.0)[own], size)
        for name in ("paid_amt", "due_amt", "overdue_amt")
    }
    none = np.bincount(codes[own], minlength=size) == 0
    ratio = np.where(sums["due_amt"] == 0, 1.0, _ratio(sums["paid_amt"], sums["due_amt"]))
    named = {
        "hist_total_paid": sums["paid_amt"],
        "hist_total_due": sums["due_amt"],
        "hist_total_overdue_amount": sums["overdue_amt"],
        "hist_Loan_Payment_Ratio": ratio,
    }
    return {name: pa.array(values, mask=none) for name, values in named.items()}


def clicks(book: pa.Table, clickstream: pa.Table) -> dict[str, Any]:
    """Mean and sample deviation of fe_10 over each loan's customer's months before the loan began.

    The mean is null without such a month, the deviation with fewer than two. Summed in row order, so that the same rows
    give the same bytes.
    """
    seen = clickstream.filter(pc.and_(pc.is_valid(clickstream["fe_10"]), pc.is_valid(clickstream["snapshot_date"])))
    rows, owners = pairs(book, seen["Customer_ID"])
    before = _days(seen["snapshot_date"])[rows] < _days(book["loan_start_date"])[owners]
    rows, owners = rows[before], owners[before]
    values, size = _floats(seen["fe_10"], np.nan)[rows], book.num_rows
    count = np.bincount(owners, minlength=size)
    mean = _ratio(np.bincount(owners, values, size), count)
    squares = np.bincount(owners, (values - mean[owners]) ** 2, size)
    deviation = np.sqrt(_ratio(squares, count - 1))
    return {"fe_10_mean": pa.array(mean, mask=count < 1), "fe_10_std": pa.array(deviation, mask=count < 2)}


def engineered(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Credit_History_Months (int64) and the ratios; a division by zero is null."""
    value = {name: _floats(columns[name], np.nan) for name in IMPUTED}
    salary = value["Monthly_Inhand_Salary"]
    ratios = {
        "DTI": _ratio(value["Total_EMI_per_month"], salary),
        "Savings_Ratio": _ratio(value["Amount_invested_monthly"], salary),
        "Monthly_Surplus": salary - value["Total_EMI_per_month"] - value["Amount_invested_monthly"],
        "Debt_to_Annual_Income": _ratio(value["Outstanding_Debt"], value["Annual_Income"]),
    }
    filled = {name: pa.array(ratio, mask=~np.isfinite(ratio)) for name, ratio in ratios.items()}
    return {"Credit_History_Months": credit_history_months(columns["Credit_History_Age"]), **filled}


def credit_history_months(texts: Any) -> Any:
    """Months (int64) of `10 Years and 9 Months`; null for anything else."""
    parts = pc.extract_regex(texts, r"^\s*(?P<years>[0-9]{1,4}) Years? and (?P<months>[0-9]{1,4}) Months?\s*$")
    years = pc.struct_field(parts, "years").cast(pa.int64())
    return pc.add(pc.multiply(years, 12), pc.struct_field(parts, "months").cast(pa.int64()))


def pairs(book: pa.Table, customers: pa.ChunkedArray) -> tuple[Codes, Codes]:
    """(row numbers of a table, row numbers of the book): every pair of a row and a loan of the row's customer."""
    people = pc.unique(book["Customer_ID"].combine_chunks()).drop_null()
    owner = codes_in(book["Customer_ID"], people)
    by_customer = np.argsort(owner, kind="stable")
    number = np.bincount(owner[owner >= 0], minlength=len(people))
    first = np.cumsum(number) - number + int((owner < 0).sum())
    codes = codes_in(customers, people)
    matched = np.flatnonzero(codes >= 0)
    repeats = number[codes[matched]]
    rows = np.repeat(matched, repeats)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return rows, by_customer[first[codes[rows]] + within]


def _days(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Days since 1970; a date that is not there counts as later than all others."""
    numbers = pc.fill_null(column.cast(pa.int32()), np.iinfo(np.int32).max).to_numpy()
    return np.asarray(numbers, np.int64)


def _floats(column: Any, missing: float) -> Floats:
    values: Floats = pc.fill_null(column.cast(pa.float64()), missing).to_numpy()
    return values


def _ratio(part: Any, whole: Any) -> Floats:
    """Part / whole, NaN where whole is not positive or negative (zero or missing)."""
    over = np.asarray(whole, np.float64)
    usable = over != 0
    return np.where(usable, np.divide(part, over, where=usable, out=np.full(len(over), np.nan)), np.nan)
