"""The data part of training as a bare Polars script: four CSVs to bronze, silver and gold Parquet, and nothing else.

No scheduler, no quarantine, no reasons, no digests, no fsync: the pipeline's data part is measured against this.
`python -m tests.benchmarks.scripts.polars_eager DATA OUT AS_OF`.
"""

import sys
from datetime import date
from pathlib import Path

import polars as pl

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
    columns += [number(column, pl.Float64) for column in DECIMAL[name]]
    columns += [pl.col(column).str.to_date("%d/%m/%Y", strict=False) for column in DATES[name]]
    if name == "features_attributes":
        columns += [category("Occupation", *OCCUPATION), pl.col("SSN").str.strip_chars()]
    if name == "features_financials":
        columns += [category(column, *CATEGORY) for column in CATEGORIES]
    return bronze.with_columns(columns)


def conditions() -> dict[str, pl.Expr]:
    """What fails quality control, by dataset."""
    age, ssn = pl.col("Age"), pl.col("SSN").str.contains(r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$")
    debts = [pl.col(name) < 0 for name in ("Annual_Income", "Monthly_Inhand_Salary", "Outstanding_Debt")]
    return {
        "features_attributes": age.is_null() | (age < 18) | (age > 100) | ~ssn.fill_null(value=False),
        "features_financials": pl.any_horizontal(debts),
        "lms_loan_daily": pl.any_horizontal(pl.col(name) < 0 for name in AMOUNTS),
    }


def flagged(rows: dict[str, pl.DataFrame]) -> pl.Series:
    """The customers that fail quality control."""
    failing = [rows[name].filter(condition)["Customer_ID"] for name, condition in conditions().items()]
    return pl.concat(failing).unique()


def book(loans: pl.LazyFrame, *, in_order: bool = True) -> pl.LazyFrame:
    """One row a loan: dates, label, amounts, history."""
    month, early = pl.col("installment_num"), pl.col("installment_num") < 3
    late = month.is_between(3, 6)
    paid, due = (pl.col(name).filter(early).sum() for name in ("paid_amt", "due_amt"))
    ratio = pl.when(due == 0).then(1.0).otherwise(paid / due)
    known = pl.when(early.any())
    return loans.group_by("loan_id", maintain_order=in_order).agg(
        pl.col("Customer_ID", "loan_start_date", "loan_amt", "tenure").first(),
        prediction_date=pl.col("loan_start_date").first().dt.offset_by("3mo"),
        observation_date=pl.col("loan_start_date").first().dt.offset_by("6mo"),
        in_arrears=(pl.col("overdue_amt").filter(early) > 0).any(),
        exposure=pl.col("loan_amt").first(),
        label=pl.when(late.any()).then((pl.col("overdue_amt").filter(late) > 0).any().cast(pl.Int8)),
        hist_total_paid=known.then(paid),
        hist_total_due=known.then(due),
        hist_total_overdue_amount=known.then(pl.col("overdue_amt").filter(early).sum()),
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
    """Means of the clicks before each loan began, and the deviation of fe_10."""
    before = (
        loans.select("loan_id", "Customer_ID", "loan_start_date")
        .join(clickstream, on="Customer_ID")
        .filter(pl.col("snapshot_date") < pl.col("loan_start_date"))
    )
    return before.group_by("loan_id").agg(pl.col(CLICKS).mean().name.suffix("_mean"), fe_10_std=pl.col("fe_10").std())


def engineered() -> dict[str, pl.Expr]:
    """The columns that are made of others."""
    salary, income, history = pl.col("Monthly_Inhand_Salary"), pl.col("Annual_Income"), pl.col("Credit_History_Age")
    invested, instalments = pl.col("Amount_invested_monthly"), pl.col("Total_EMI_per_month")
    types = pl.col("Type_of_Loan")
    years, months = history.str.extract(r"^(\d+) Years? and"), history.str.extract(r"and (\d+) Months?$")
    return {
        "Credit_History_Months": years.cast(pl.Int64) * 12 + months.cast(pl.Int64),
        "Loan_Types": pl.when(types != "").then(types.str.replace(", and ", ", ").str.split(", ").list.n_unique()),
        "DTI": pl.when(salary != 0).then(instalments / salary),
        "Savings_Ratio": pl.when(salary != 0).then(invested / salary),
        "Monthly_Surplus": salary - instalments - invested,
        "Debt_to_Annual_Income": pl.when(income != 0).then(pl.col("Outstanding_Debt") / income),
    }


def gold(silver: dict[str, pl.DataFrame], as_of: date) -> pl.DataFrame:
    """The training data."""
    tables = {name: frame.lazy() for name, frame in silver.items()}
    loans = book(tables["lms_loan_daily"])
    median = pl.col(FINANCIALS).cast(pl.Float64)
    finances = tables["features_financials"].select(
        *("Customer_ID", "snapshot_date", *CATEGORIES, *HIDDEN), median.fill_null(median.median())
    )
    people = tables["features_attributes"].select("Customer_ID", "snapshot_date", "Age", "Occupation")
    rows = latest(latest(loans, people), finances)
    rows = rows.join(clicks(loans, tables["feature_clickstream"]), on="loan_id", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("Age").cast(pl.Float64).fill_null(pl.col("Age").median()), **engineered())
    matured = rows.filter(pl.col("observation_date") <= as_of, pl.col("label").is_not_null())
    done = matured.drop(HIDDEN).collect()
    return done.with_columns(split=pl.Series([split_of(one) for one in done["Customer_ID"]]))


def write(frame: pl.DataFrame, path: Path) -> None:
    """Writes Parquet with the compression that our tables have."""
    frame.write_parquet(path, compression="zstd", compression_level=1)


def data_part(data: Path, out: Path, as_of: date) -> Path:
    """The gold table's file; bronze and silver are beside it."""
    for layer in LAYERS:
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
