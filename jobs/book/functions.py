"""Functions for computed features: pure, one value a loan in, one value a loan out, null where nothing can be said."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from storage.on_use import np, npt, pa, pc

Floats: TypeAlias = "npt.NDArray[np.float64]"


def as_floats(column: Any, missing: float = math.nan) -> Floats:
    """The column as float64 with `missing` in place of null."""
    values: Floats = pc.fill_null(column.cast(pa.float64()), missing).to_numpy(zero_copy_only=False)
    return values


def quotients(part: Floats, whole: Floats) -> Floats:
    """Part / whole, NaN where the whole is zero or missing."""
    usable = whole != 0
    return np.where(usable, np.divide(part, whole, where=usable, out=np.full(len(whole), np.nan)), np.nan)


def ratio(part: Any, whole: Any) -> pa.Array:
    """Part / whole (float64); null for a division by zero and for a missing value."""
    found = quotients(as_floats(part), as_floats(whole))
    return pa.array(found, mask=~np.isfinite(found))


def share_or_one(part: Any, whole: Any) -> pa.Array:
    """Part / whole (float64), 1 where the whole is zero; null where one of them is missing."""
    nothing = pc.or_(pc.is_null(part), pc.is_null(whole)).to_numpy(zero_copy_only=False)
    whole = as_floats(whole, 0.0)
    return pa.array(np.where(whole == 0, 1.0, quotients(as_floats(part, 0.0), whole)), mask=nothing)


def remainder(whole: Any, *parts: Any) -> pa.Array:
    """The whole minus every part, in order (float64); null where one of them is missing."""
    left = as_floats(whole)
    for part in parts:
        left = left - as_floats(part)
    return pa.array(left, mask=~np.isfinite(left))


def months_of_text(texts: Any) -> pa.Array:
    """Months (int64) of `10 Years and 9 Months`; null for anything else."""
    parts = pc.extract_regex(texts, r"^\s*(?P<years>[0-9]{1,4}) Years? and (?P<months>[0-9]{1,4}) Months?\s*$")
    years = pc.struct_field(parts, "years").cast(pa.int64())
    return pc.add(pc.multiply(years, 12), pc.struct_field(parts, "months").cast(pa.int64()))


def different_parts(texts: Any) -> pa.Array:
    """How many different parts (int64) texts such as `A, B, and A` have: 2; null for a missing text."""
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    parts = pc.split_pattern_regex(texts, r"\s*,\s*(?:and\s+)?")
    owners, found = pc.list_parent_indices(parts), pc.list_flatten(parts)
    pairs = pa.table({"owner": owners, "part": found}).filter(pc.not_equal(found, ""))
    owners = pairs.group_by(["owner", "part"]).aggregate([])["owner"].to_numpy()
    return pa.array(np.bincount(owners, minlength=len(texts)), mask=pc.is_null(texts).to_numpy(zero_copy_only=False))
