"""The scripts beside which the data part is measured do its work: they make the same tables."""

from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from tests.benchmarks.sameness import differences
from tests.sandbox import AS_OF

pytestmark = pytest.mark.thorough

GOLD = "gold/model_training_data.parquet"
TABLES = ("attributes", "clickstream", "financials", "loan_daily")


@pytest.mark.parametrize("script", ["polars_eager", "polars_streaming", "duckdb_sql", "pandas_arrow"])
def test_a_script_makes_the_tables_of_the_data_part(
    script: str, sample_data: Path, trained_home: Path, tmp_path: Path
) -> None:
    made = import_module(f"tests.benchmarks.scripts.{script}").data_part(sample_data, tmp_path, AS_OF)
    assert differences(trained_home / "datamart" / GOLD, made) == []
    for table in TABLES:
        ours, theirs = (folder / f"silver/{table}.parquet" for folder in (trained_home / "datamart", tmp_path))
        assert (
            pl.scan_parquet(ours).select(pl.len()).collect().equals(pl.scan_parquet(theirs).select(pl.len()).collect())
        )
        assert set(pl.read_parquet_schema(ours)) == set(pl.read_parquet_schema(theirs))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (pl.col("DTI") * 1.001, ["DTI differs"]),
        (pl.col("Occupation").str.to_uppercase(), ["Occupation differs"]),
        (pl.when(pl.col("loan_id") != pl.col("loan_id").first()).then(pl.col("DTI")), ["DTI differs"]),
        (pl.lit(1).alias("more"), ["one alone has the columns more"]),
    ],
)
def test_one_number_text_or_column_that_differs_is_found(
    change: pl.Expr, found: list[str], trained_home: Path, tmp_path: Path
) -> None:
    ours, other = trained_home / "datamart" / GOLD, tmp_path / "other.parquet"
    pl.read_parquet(ours).with_columns(change).write_parquet(other)
    assert differences(ours, other) == found
