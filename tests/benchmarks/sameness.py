"""Whether two gold tables say the same: the same loans and columns, and every number within a tolerance."""

from pathlib import Path

import polars as pl

TOLERANCE = 1e-6
DATES = ("loan_start_date", "prediction_date", "observation_date")


def differences(ours: Path, theirs: Path) -> list[str]:
    """What differs between two gold tables, a sentence each; nothing when a comparison of their times is fair."""
    left, right = (_sorted(path) for path in (ours, theirs))
    if not left["loan_id"].equals(right["loan_id"]):
        return [f"{left.height} loans here, {right.height} there, not the same ones"]
    if set(left.columns) != set(right.columns):
        return [f"one alone has the columns {', '.join(sorted(set(left.columns) ^ set(right.columns)))}"]
    numbers = {name for name in left.columns if left[name].dtype.is_numeric() and name != "label"}
    exact = [name for name in left.columns if name not in numbers and not left[name].equals(right[name])]
    close = [name for name in left.columns if name in numbers and not _close(left[name], right[name])]
    return [f"{name} differs" for name in (*exact, *close)]


def _sorted(path: Path) -> pl.DataFrame:
    """The loans in order; texts as plain texts, whole columns as the same type."""
    rows = pl.read_parquet(path)
    texts = [pl.col(name).cast(pl.String) for name, kind in rows.schema.items() if kind in (pl.String, pl.Categorical)]
    dates = [pl.col(name).cast(pl.Date) for name in DATES]
    return rows.with_columns(*texts, *dates, pl.col("label").cast(pl.Int8)).sort("loan_id")


def _close(left: pl.Series, right: pl.Series) -> bool:
    """Null in the same places, and elsewhere equal within the tolerance, relative or absolute."""
    a, b = left.cast(pl.Float64), right.cast(pl.Float64)
    if not a.is_null().equals(b.is_null()):
        return False
    allowed = TOLERANCE * pl.max_horizontal(pl.lit(1.0), pl.col("a").abs())
    near = (pl.col("a") - pl.col("b")).abs() <= allowed
    return bool(pl.DataFrame({"a": a, "b": b}).drop_nulls().select(near.all()).item())
