"""The data part of training as a bare Polars script: four CSVs to bronze, silver and gold Parquet, and nothing else.

No scheduler, no quarantine, no reasons, no digests, no fsync: the pipeline's data part is measured against this.
`python -m tests.benchmarks.polars_data_part DATA OUT AS_OF`.
"""

import hashlib
import sys
from datetime import date
from pathlib import Path

import polars as pl

COUNTS = ["Num_of_Loan", "Num_Bank_Accounts", "Num_Credit_Card", "Num_of_Delayed_Payment", "Num_Credit_Inquiries"]
MONEY = [
    *("Annual_Income", "Monthly_Inhand_Salary", "Outstanding_Debt", "Total_EMI_per_month", "Amount_invested_monthly"),
    *("Monthly_Balance", "Changed_Credit_Limit", "Interest_Rate", "Credit_Utilization_Ratio"),
]
FINANCIALS = [*COUNTS, "Delay_from_due_date", *MONEY]
AMOUNTS = ["loan_amt", "due_amt", "paid_amt", "overdue_amt"]
WHOLE = {
    "feature_clickstream": [f"fe_{number}" for number in range(1, 21)],
    "features_attributes": ["Age"],
    "features_financials": [*COUNTS, "Delay_from_due_date"],
    "lms_loan_daily": ["tenure", "installment_num", *AMOUNTS, "balance"],
}
DATES = {name: ["snapshot_date"] for name in WHOLE} | {"lms_loan_daily": ["loan_start_date", "snapshot_date"]}
CATEGORIES = ["Credit_Mix", "Payment_of_Min_Amount", "Payment_Behaviour"]
BRONZE = {name: name for name in WHOLE} | {"lms_loan_daily": "LMS_loans"}
SILVER = {name: name.partition("_")[2] for name in WHOLE}
LARGEST = 10**15


def number(name: str, kind: type[pl.DataType]) -> pl.Expr:
    """A column of texts as numbers, null for what is none; only what is no plain number meets the slow regex."""
    plain = pl.col(name).cast(kind, strict=False)
    stripped = pl.when(plain.is_null()).then(pl.col(name)).str.replace_all(r"[^0-9.\-]", "").cast(kind, strict=False)
    value = pl.coalesce(plain, stripped)
    value = pl.when(value.abs() <= LARGEST).then(value)
    return (pl.when(value >= 0).then(value) if name in COUNTS else value).alias(name)


def category(name: str, *placeholders: str) -> pl.Expr:
    """A column of texts, trimmed, null for placeholders."""
    value = pl.col(name).str.strip_chars()
    return pl.when(~value.is_in(["", *placeholders])).then(value).alias(name)


def cleaned(name: str, bronze: pl.LazyFrame) -> pl.LazyFrame:
    """The bronze rows of a dataset with typed columns."""
    columns = [number(column, pl.Int64) for column in WHOLE[name]]
    columns += [pl.col(column).str.to_date("%d/%m/%Y", strict=False) for column in DATES[name]]
    if name == "features_attributes":
        columns += [category("Occupation", "_______", "_"), pl.col("SSN").str.strip_chars()]
    if name == "features_financials":
        columns += [number(column, pl.Float64) for column in MONEY]
        columns += [category(column, "_______", "_", "NM", "!@9#%8") for column in CATEGORIES]
    return bronze.with_columns(columns)


def flagged(rows: dict[str, pl.DataFrame]) -> pl.Series:
    """The customers that fail quality control."""
    age, ssn = pl.col("Age"), pl.col("SSN").str.contains(r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$")
    debts = [pl.col(name) < 0 for name in ("Annual_Income", "Monthly_Inhand_Salary", "Outstanding_Debt")]
    conditions = {
        "features_attributes": age.is_null() | (age < 18) | (age > 100) | ~ssn.fill_null(value=False),
        "features_financials": pl.any_horizontal(debts),
        "lms_loan_daily": pl.any_horizontal(pl.col(name) < 0 for name in AMOUNTS),
    }
    return pl.concat([rows[name].filter(condition)["Customer_ID"] for name, condition in conditions.items()]).unique()


def book(loans: pl.LazyFrame) -> pl.LazyFrame:
    """One row a loan: dates, label, amounts, history."""
    month, early = pl.col("installment_num"), pl.col("installment_num") < 3
    late = month.is_between(3, 6)
    paid, due = (pl.col(name).filter(early).sum().cast(pl.Float64) for name in ("paid_amt", "due_amt"))
    ratio = pl.when(due == 0).then(1.0).otherwise(paid / due)
    known = pl.when(early.any())
    return loans.group_by("loan_id", maintain_order=True).agg(
        pl.col("Customer_ID", "loan_start_date", "loan_amt", "tenure").first(),
        prediction_date=pl.col("loan_start_date").first().dt.offset_by("3mo"),
        observation_date=pl.col("loan_start_date").first().dt.offset_by("6mo"),
        label=pl.when(late.any()).then((pl.col("overdue_amt").filter(late) > 0).any().cast(pl.Int8)),
        hist_total_paid=known.then(paid),
        hist_total_due=known.then(due),
        hist_total_overdue_amount=known.then(pl.col("overdue_amt").filter(early).sum().cast(pl.Float64)),
        hist_Loan_Payment_Ratio=known.then(ratio),
    )


def latest(loans: pl.LazyFrame, snapshots: pl.LazyFrame) -> pl.LazyFrame:
    """The loans that have a snapshot up to their prediction date, each with its newest one."""
    newest = (
        loans.select("loan_id", "Customer_ID", "prediction_date")
        .join(snapshots, on="Customer_ID")
        .filter(pl.col("snapshot_date") <= pl.col("prediction_date"))
        .sort("snapshot_date", maintain_order=True)
        .unique("loan_id", keep="last", maintain_order=True)
        .drop("Customer_ID", "prediction_date", "snapshot_date")
    )
    return loans.join(newest, on="loan_id", maintain_order="left")


def clicks(loans: pl.LazyFrame, clickstream: pl.LazyFrame) -> pl.LazyFrame:
    """Mean and deviation of fe_10 before each loan began."""
    before = (
        loans.select("loan_id", "Customer_ID", "loan_start_date")
        .join(clickstream.select("Customer_ID", "snapshot_date", "fe_10"), on="Customer_ID")
        .filter(pl.col("snapshot_date") < pl.col("loan_start_date"))
    )
    return before.group_by("loan_id").agg(fe_10_mean=pl.col("fe_10").mean(), fe_10_std=pl.col("fe_10").std())


def engineered() -> dict[str, pl.Expr]:
    """The columns that are made of others."""
    salary, income, history = pl.col("Monthly_Inhand_Salary"), pl.col("Annual_Income"), pl.col("Credit_History_Age")
    invested, instalments = pl.col("Amount_invested_monthly"), pl.col("Total_EMI_per_month")
    years, months = history.str.extract(r"^(\d+) Years? and"), history.str.extract(r"and (\d+) Months?$")
    return {
        "Credit_History_Months": years.cast(pl.Int64) * 12 + months.cast(pl.Int64),
        "DTI": pl.when(salary != 0).then(instalments / salary),
        "Savings_Ratio": pl.when(salary != 0).then(invested / salary),
        "Monthly_Surplus": salary - instalments - invested,
        "Debt_to_Annual_Income": pl.when(income != 0).then(pl.col("Outstanding_Debt") / income),
    }


def split_of(loan_id: str) -> str:
    """`test` or `train`."""
    number = int.from_bytes(hashlib.sha256(loan_id.encode()).digest()[:8], "big")
    return "test" if number % 100 < 20 else "train"


def gold(silver: dict[str, pl.DataFrame], as_of: date) -> pl.DataFrame:
    """The training data."""
    tables = {name: frame.lazy() for name, frame in silver.items()}
    loans = book(tables["lms_loan_daily"])
    median = pl.col(FINANCIALS).cast(pl.Float64)
    finances = tables["features_financials"].select(
        "Customer_ID", "snapshot_date", "Credit_Mix", "Credit_History_Age", median.fill_null(median.median())
    )
    people = tables["features_attributes"].select("Customer_ID", "snapshot_date", "Age", "Occupation")
    rows = latest(latest(loans, people), finances)
    rows = rows.join(clicks(loans, tables["feature_clickstream"]), on="loan_id", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("Age").cast(pl.Float64).fill_null(pl.col("Age").median()), **engineered())
    matured = rows.filter(pl.col("observation_date") <= as_of, pl.col("label").is_not_null())
    done = matured.drop("Credit_History_Age").collect()
    return done.with_columns(split=pl.Series([split_of(loan_id) for loan_id in done["loan_id"]]))


def extract(data: Path, name: str) -> Path:
    """The file of a dataset, packed or not."""
    plain = data / f"{name}.csv"
    return plain if plain.exists() else data / f"{name}.csv.gz"


def write(frame: pl.DataFrame, path: Path) -> None:
    """Writes Parquet with the compression that our tables have."""
    frame.write_parquet(path, compression="zstd", compression_level=1)


def data_part(data: Path, out: Path, as_of: date) -> Path:
    """The gold table's file; bronze and silver are beside it."""
    for layer in ("bronze", "silver", "gold"):
        (out / layer).mkdir(parents=True, exist_ok=True)
    bronze = {name: pl.read_csv(extract(data, name), infer_schema=False, empty_string_is_null=False) for name in WHOLE}
    for name, frame in bronze.items():
        write(frame, out / "bronze" / f"{BRONZE[name]}.parquet")
    visible = pl.col("snapshot_date") <= as_of
    clean = pl.collect_all([cleaned(name, frame.lazy()).filter(visible) for name, frame in bronze.items()])
    rows = dict(zip(WHOLE, clean, strict=True))
    guilty = flagged(rows)
    silver = {name: frame.filter(~pl.col("Customer_ID").is_in(guilty.implode())) for name, frame in rows.items()}
    for name, frame in silver.items():
        write(frame, out / "silver" / f"{SILVER[name]}.parquet")
    path = out / "gold" / "model_training_data.parquet"
    write(gold(silver, as_of), path)
    return path


if __name__ == "__main__":
    data_part(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
