"""Digests of the values of tables, whatever their order of rows, types of numbers and files are."""

import hashlib
from typing import Any

import pyarrow as pa

from jobs.gold.flagged import FLAGGED, REASON, only_flagged, without_flagged


def unmarked(table: pa.Table) -> pa.Table:
    """The loans that are not marked as flagged, without the marks."""
    assert 0 < only_flagged(table).num_rows < table.num_rows
    return without_flagged(table).drop_columns([FLAGGED, REASON])


def value_digest(table: pa.Table) -> str:
    """The first 16 digits of SHA-256 over the sorted rows; numbers count to ten digits, 5 and 5.0 are the same."""
    rows = sorted(
        ";".join(f"{name}={_text(value)}" for name, value in sorted(row.items())) for row in table.to_pylist()
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def _text(value: Any) -> str:
    return f"{float(value):.10g}" if isinstance(value, int | float) else str(value)
