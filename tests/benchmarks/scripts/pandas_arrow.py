"""The data part of training as a pandas script: Arrow's CSV reader and types, four CSVs to three layers of Parquet.

One extract after another, so that the texts of only one are in memory.
`python -m tests.benchmarks.scripts.pandas_arrow DATA OUT AS_OF`.
"""

import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from tests.benchmarks.scripts.columns import (
    AMOUNTS,
    BRONZE,
    CATEGORIES,
    CATEGORY,
    CLICKS,
    COUNTS,
    DATES,
    DECIMAL,
    FINANCIALS,
    HIDDEN,
    LARGEST,
    LAYERS,
    OCCUPATION,
    SILVER,
    WHOLE,
    extract,
    split_of,
)

TEXT = pd.ArrowDtype(pa.string())
INTEGER, FLOAT = pd.ArrowDtype(pa.int64()), pd.ArrowDtype(pa.float64())


def number(text: pd.Series, kind: pd.ArrowDtype) -> pd.Series:
    """A column of texts as numbers, null for what is none; only a column that has such meets the slow way."""
    try:
        value = text.astype(kind)
    except (pa.ArrowInvalid, ValueError):
        stripped = text.str.replace(r"[^0-9.\-]", "", regex=True)
        value = pd.to_numeric(stripped, errors="coerce", dtype_backend="pyarrow")
        value = value.where(value.abs() <= LARGEST).astype(kind)
    value = value.where(value.abs() <= LARGEST)
    return value.where(value >= 0) if text.name in COUNTS else value


def category(text: pd.Series, placeholders: tuple[str, ...]) -> pd.Series:
    """A column of texts, trimmed, null for placeholders."""
    value = text.str.strip()
    return value.where(~value.isin(["", *placeholders]))


def cleaned(name: str, bronze: pd.DataFrame) -> pd.DataFrame:
    """The bronze rows of a dataset with typed columns."""
    columns = {column: number(bronze[column], INTEGER) for column in WHOLE[name]}
    columns |= {column: number(bronze[column], FLOAT) for column in DECIMAL[name]}
    for column in DATES[name]:
        columns[column] = pd.to_datetime(bronze[column], format="%d/%m/%Y", errors="coerce")
    if name == "features_attributes":
        columns |= {"Occupation": category(bronze["Occupation"], OCCUPATION), "SSN": bronze["SSN"].str.strip()}
    if name == "features_financials":
        columns |= {column: category(bronze[column], CATEGORY) for column in CATEGORIES}
    return bronze.assign(**columns)


def failing(name: str, rows: pd.DataFrame) -> pd.Series:
    """The customers of a dataset that fail quality control."""
    if name == "features_attributes":
        valid = rows["SSN"].str.match(r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$").fillna(False)
        wrong = rows["Age"].isna() | (rows["Age"] < 18) | (rows["Age"] > 100) | ~valid
    else:
        debts = ["Annual_Income", "Monthly_Inhand_Salary", "Outstanding_Debt"]
        wrong = (rows[debts if name == "features_financials" else AMOUNTS] < 0).any(axis=1)
    return rows.loc[wrong.fillna(False).astype(bool), "Customer_ID"]


def book(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a loan: dates, label, amounts, history."""
    loans = rows.drop_duplicates("loan_id").set_index("loan_id")
    loans = loans[["Customer_ID", "loan_start_date", "loan_amt", "tenure"]]
    months = rows[["loan_id", "installment_num", "paid_amt", "due_amt", "overdue_amt"]]
    early = months[months["installment_num"] < 3].groupby("loan_id")
    late = months[months["installment_num"].between(3, 6)].groupby("loan_id")
    sums = early[["paid_amt", "due_amt", "overdue_amt"]].sum().reindex(loans.index)
    paid, due = sums["paid_amt"], sums["due_amt"]
    return loans.assign(
        prediction_date=loans["loan_start_date"] + pd.DateOffset(months=3),
        observation_date=loans["loan_start_date"] + pd.DateOffset(months=6),
        in_arrears=(early["overdue_amt"].max() > 0).reindex(loans.index, fill_value=False),
        exposure=loans["loan_amt"],
        label=(late["overdue_amt"].max() > 0).reindex(loans.index),
        hist_total_paid=paid,
        hist_total_due=due,
        hist_total_overdue_amount=sums["overdue_amt"],
        hist_Loan_Payment_Ratio=(paid / due).mask(due == 0, 1.0),
    ).reset_index()


def latest(loans: pd.DataFrame, snapshots: pd.DataFrame) -> pd.DataFrame:
    """The loans that have a snapshot up to their prediction date, each with its newest one."""
    past = loans[["loan_id", "Customer_ID", "prediction_date"]].merge(snapshots, on="Customer_ID")
    past = past[past["snapshot_date"] <= past["prediction_date"]].sort_values("snapshot_date")
    newest = past.drop_duplicates("loan_id", keep="last")
    return loans.merge(newest.drop(columns=["Customer_ID", "prediction_date", "snapshot_date"]), on="loan_id")


def clicks(loans: pd.DataFrame, clickstream: pd.DataFrame) -> pd.DataFrame:
    """Means of the clicks before each loan began, and the deviation of fe_10."""
    before = loans[["loan_id", "Customer_ID", "loan_start_date"]].merge(clickstream, on="Customer_ID")
    before = before[before["snapshot_date"] < before["loan_start_date"]].groupby("loan_id")
    return before[CLICKS].mean().add_suffix("_mean").assign(fe_10_std=before["fe_10"].std()).reset_index()


def engineered(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the columns that are made of others."""
    salary, income = (rows[name].where(rows[name] != 0) for name in ("Monthly_Inhand_Salary", "Annual_Income"))
    invested, instalments = rows["Amount_invested_monthly"], rows["Total_EMI_per_month"]
    age = rows["Credit_History_Age"].str.extract(r"^(?P<years>\d+) Years? and (?P<months>\d+) Months?$")
    types = rows["Type_of_Loan"].where(rows["Type_of_Loan"] != "").str.replace(", and ", ", ", regex=False)
    return rows.assign(
        Credit_History_Months=age["years"].astype(INTEGER) * 12 + age["months"].astype(INTEGER),
        Loan_Types=types.dropna().str.split(", ").explode().groupby(level=0).nunique(),
        DTI=instalments / salary,
        Savings_Ratio=invested / salary,
        Monthly_Surplus=rows["Monthly_Inhand_Salary"] - instalments - invested,
        Debt_to_Annual_Income=rows["Outstanding_Debt"] / income,
        split=[split_of(one) for one in rows["Customer_ID"]],
    ).drop(columns=HIDDEN)


def gold(silver: dict[str, pd.DataFrame], as_of: date) -> pd.DataFrame:
    """The training data."""
    loans = book(silver["lms_loan_daily"])
    numbers = silver["features_financials"][FINANCIALS].astype(FLOAT)
    finances = silver["features_financials"][["Customer_ID", "snapshot_date", *CATEGORIES, *HIDDEN]]
    finances = finances.join(numbers.fillna(numbers.median()))
    people = silver["features_attributes"][["Customer_ID", "snapshot_date", "Age", "Occupation"]]
    people = people.assign(Age=people["Age"].astype(FLOAT))
    rows = latest(latest(loans, people), finances)
    rows = rows.merge(clicks(loans, silver["feature_clickstream"]), on="loan_id", how="left")
    rows["Age"] = rows["Age"].fillna(people["Age"].median())
    rows = rows[(rows["observation_date"] <= pd.Timestamp(as_of)) & rows["label"].notna()]
    return engineered(rows.assign(label=rows["label"].astype("int8")).reset_index(drop=True))


def write(frame: pd.DataFrame, path: Path) -> None:
    """Writes Parquet with the compression that our tables have."""
    frame.to_parquet(path, index=False, compression="zstd", compression_level=1)


def data_part(data: Path, out: Path, as_of: date) -> Path:
    """The gold table's file; bronze and silver are beside it."""
    for layer in LAYERS:
        (out / layer).mkdir(parents=True, exist_ok=True)
    rows, wrong = {}, []
    for name in WHOLE:
        texts = pd.read_csv(extract(data, name), engine="pyarrow", dtype=TEXT, keep_default_na=False)
        write(texts, out / "bronze" / f"{BRONZE[name]}.parquet")
        clean = cleaned(name, texts)
        del texts
        rows[name] = clean[clean["snapshot_date"] <= pd.Timestamp(as_of)]
        if name != "feature_clickstream":
            wrong.append(failing(name, rows[name]))
    guilty = pd.concat(wrong).unique()
    for name in WHOLE:
        rows[name] = rows[name][~rows[name]["Customer_ID"].isin(guilty)]
        write(rows[name], out / "silver" / f"{SILVER[name]}.parquet")
    path = out / "gold" / "model_training_data.parquet"
    write(gold(rows, as_of), path)
    return path


if __name__ == "__main__":
    data_part(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
