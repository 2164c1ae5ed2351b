"""Whether two gold tables say the same: the same loans, labels and splits, and every feature within a tolerance."""

from pathlib import Path

import polars as pl

from tests.retail import CATEGORICAL, SAFE15

TOLERANCE = 1e-6


def differences(ours: Path, theirs: Path) -> list[str]:
    """What differs between two gold tables, a sentence each; nothing when a comparison of their times is fair."""
    left, right = (_sorted(path) for path in (ours, theirs))
    if not left["loan_id"].equals(right["loan_id"]):
        return [f"{left.height} loans here, {right.height} there, not the same ones"]
    exact = [name for name in ("label", "split", *CATEGORICAL) if not left[name].equals(right[name])]
    close = [name for name in SAFE15 if name not in CATEGORICAL and not _close(left[name], right[name])]
    return [f"{name} differs" for name in (*exact, *close)]


def _sorted(path: Path) -> pl.DataFrame:
    texts = [pl.col(name).cast(pl.String) for name in ("loan_id", "split", *CATEGORICAL)]
    return pl.read_parquet(path).with_columns(*texts, pl.col("label").cast(pl.Int8)).sort("loan_id")


def _close(left: pl.Series, right: pl.Series) -> bool:
    """Null in the same places, and elsewhere equal within the tolerance, relative or absolute."""
    a, b = left.cast(pl.Float64), right.cast(pl.Float64)
    if not a.is_null().equals(b.is_null()):
        return False
    allowed = TOLERANCE * pl.max_horizontal(pl.lit(1.0), pl.col("a").abs())
    near = (pl.col("a") - pl.col("b")).abs() <= allowed
    return bool(pl.DataFrame({"a": a, "b": b}).drop_nulls().select(near.all()).item())
