"""The data part of training as a Polars script that streams: lazy scans, sinks, and no table in memory as a whole.

Each layer is read again from the files of the one before, because what streams is gone. Whatever Polars can't stream
it does in memory. `python -m tests.benchmarks.scripts.polars_streaming DATA OUT AS_OF`.
"""

import sys
from datetime import date
from pathlib import Path

import polars as pl

from tests.benchmarks.scripts.columns import (
    BRONZE,
    CATEGORIES,
    FINANCIALS,
    HIDDEN,
    LAYERS,
    SILVER,
    WHOLE,
    extract,
    split_of,
)
from tests.benchmarks.scripts.polars_eager import book, cleaned, clicks, conditions, engineered


def sink(rows: pl.LazyFrame, path: Path) -> pl.LazyFrame:
    """The rows as what writes them, in any order, when it is collected."""
    return rows.sink_parquet(path, compression="zstd", compression_level=1, maintain_order=False, lazy=True)


def run(sinks: list[pl.LazyFrame]) -> None:
    pl.collect_all(sinks, engine="streaming")


def guilty(clean: dict[str, pl.LazyFrame]) -> pl.DataFrame:
    """The customers that fail quality control."""
    failing = [clean[name].filter(condition).select("Customer_ID") for name, condition in conditions().items()]
    return pl.concat(failing).unique().collect(engine="streaming")


def newest(loans: pl.LazyFrame, snapshots: pl.LazyFrame) -> pl.LazyFrame:
    """The newest snapshot up to its prediction date of each loan that has one."""
    past = (
        loans.select("loan_id", "Customer_ID", "prediction_date")
        .join(snapshots, on="Customer_ID")
        .filter(pl.col("snapshot_date") <= pl.col("prediction_date"))
        .drop("Customer_ID", "prediction_date")
    )
    last = past.group_by("loan_id").agg(pl.col("snapshot_date").max())
    return past.join(last, on=["loan_id", "snapshot_date"], how="semi").drop("snapshot_date")


def gold(silver: dict[str, pl.LazyFrame], as_of: date) -> pl.LazyFrame:
    """The training data."""
    medians = silver["features_financials"].select(pl.col(FINANCIALS).cast(pl.Float64).median())
    ages = silver["features_attributes"].select(pl.col("Age").median())
    middle, middle_age = (one.row(0, named=True) for one in pl.collect_all([medians, ages], engine="streaming"))
    loans = book(silver["lms_loan_daily"], in_order=False)
    finances = silver["features_financials"].select(
        *("Customer_ID", "snapshot_date", *CATEGORIES, *HIDDEN),
        *(pl.col(name).cast(pl.Float64).fill_null(middle[name]) for name in FINANCIALS),
    )
    people = silver["features_attributes"].select("Customer_ID", "snapshot_date", "Age", "Occupation")
    rows = loans.join(newest(loans, people), on="loan_id").join(newest(loans, finances), on="loan_id")
    rows = rows.join(clicks(loans, silver["feature_clickstream"]), on="loan_id", how="left")
    rows = rows.with_columns(pl.col("Age").cast(pl.Float64).fill_null(middle_age["Age"]), **engineered())
    matured = rows.filter(pl.col("observation_date") <= as_of, pl.col("label").is_not_null())
    split = pl.col("Customer_ID").map_batches(splits, return_dtype=pl.String, is_elementwise=True)
    return matured.drop(HIDDEN).with_columns(split=split)


def splits(ids: pl.Series) -> pl.Series:
    return pl.Series([split_of(one) for one in ids], dtype=pl.String)


def data_part(data: Path, out: Path, as_of: date) -> Path:
    """The gold table's file; bronze and silver are beside it."""
    for layer in LAYERS:
        (out / layer).mkdir(parents=True, exist_ok=True)
    bronze = {name: out / "bronze" / f"{BRONZE[name]}.parquet" for name in WHOLE}
    silver = {name: out / "silver" / f"{SILVER[name]}.parquet" for name in WHOLE}
    texts = {name: pl.scan_csv(extract(data, name), infer_schema=False, empty_string_is_null=False) for name in WHOLE}
    run([sink(texts[name], path) for name, path in bronze.items()])
    visible = pl.col("snapshot_date") <= as_of
    clean = {name: cleaned(name, pl.scan_parquet(path)).filter(visible) for name, path in bronze.items()}
    failed = guilty(clean).lazy()
    run([sink(clean[name].join(failed, on="Customer_ID", how="anti"), path) for name, path in silver.items()])
    path = out / "gold" / "model_training_data.parquet"
    run([sink(gold({name: pl.scan_parquet(path) for name, path in silver.items()}, as_of), path)])
    return path


if __name__ == "__main__":
    data_part(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
