"""Quality control: rows later than as-of wait, superseded rows go, and flagged customers leave all four tables."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Column
from jobs.book.retail import BOOK
from jobs.job import Job, TaskResult, log
from jobs.loan_calendar import known_by
from jobs.silver.cleaning import matches
from storage.lake.datamart import TableVersion

Mask = npt.NDArray[np.bool_]

DENSE = 32  # codes up to so many times their number are counted in an array, which is much faster than sorting
SOURCE = BOOK.by_table
KEYS = {name: source.key for name, source in SOURCE.items()}  # of rows with one key the last one in the extract counts


@dataclass(frozen=True)
class QualityReport:
    """Which rows of each table stay (boolean masks), which customers were flagged and why, and the row accounting."""

    kept: Mapping[str, Mask]
    flagged: pa.Array
    reasons: dict[str, int]
    accounting: dict[str, dict[str, int]]


def checked_columns(table: str) -> list[str]:
    """The columns of a table that quality control looks at."""
    checked = (column.name for column in SOURCE[table].columns if column.checked)
    return list(dict.fromkeys(("Customer_ID", *KEYS[table], "snapshot_date", *checked)))


def quality_report(tables: Mapping[str, pa.Table], as_of: date) -> QualityReport:
    """The verdict on four cleaned tables (at least their checked_columns), of which only rows up to as-of count."""
    visible = {name: known_by(table["snapshot_date"], as_of) for name, table in tables.items()}
    superseded = {name: _superseded(table.select(KEYS[name]), visible[name]) for name, table in tables.items()}
    flags = {name: _flags(name, table, visible[name] & ~superseded[name]) for name, table in tables.items()}
    reasons = {reason: len(found) for flagged in flags.values() for reason, found in flagged.items()}
    everybody = [found for flagged in flags.values() for found in flagged.values()]
    flagged = pc.unique(pa.concat_arrays([pa.array([], pa.string()), *everybody]))
    kept, accounting = {}, {}
    for name, table in tables.items():
        nobody = pc.is_null(table["Customer_ID"]).to_numpy(zero_copy_only=False)
        guilty = _is_one_of(table["Customer_ID"], flagged)
        # Each row is counted once, under the first of these that it meets.
        grounds = {
            "undated": pc.is_null(table["snapshot_date"]).to_numpy(zero_copy_only=False),
            "later_than_as_of": ~visible[name],
            "without_customer": nobody,
            "flagged": guilty,
            "superseded": superseded[name],
        }
        kept[name], counts = _counted(grounds, table.num_rows)
        accounting[name] = {"read": table.num_rows, "kept": int(kept[name].sum()), **counts}
    return QualityReport(kept, flagged, {reason: count for reason, count in reasons.items() if count}, accounting)


def _counted(grounds: Mapping[str, Mask], rows: int) -> tuple[Mask, dict[str, int]]:
    """(the rows that meet none of the grounds, how many leave on each, counting a row on its first one only)."""
    left = np.ones(rows, bool)
    counts = {}
    for name, mask in grounds.items():
        counts[name] = int((left & mask).sum())
        left &= ~mask
    return left, counts


def valid_rows(name: str, table: pa.Table, as_of: date) -> Mask:
    """True for the rows of a cleaned table that are known at as-of and not superseded then."""
    visible = known_by(table["snapshot_date"], as_of)
    return visible & ~_superseded(table.select(KEYS[name]), visible)


def remove_flagged_customers(job: Job) -> TaskResult:
    """The four silver tables: cleaned rows up to as-of without those of flagged customers."""
    staged = {name: job.table(f"staged.{name}") for name in KEYS}
    judged = {
        name: job.datamart.read(version, checked_columns(name), categories=_texts(name))
        for name, version in staged.items()
    }
    found = quality_report(judged, job.as_of)
    with ThreadPoolExecutor(2) as pool:  # writing Parquet is work for one core, and this task has two
        tables = list(pool.map(lambda name: _filtered(job, staged[name], found.kept[name], name), staged))
    for reason, count in found.reasons.items():
        log.info("%d customers flagged: %s", count, reason)
    log.info("%d customers flagged in all", len(found.flagged))
    for name, counts in found.accounting.items():
        log.info("%s: %s", name, ", ".join(f"{count} {what}" for what, count in counts.items()))
    return TaskResult(
        rows_in=sum(counts["read"] for counts in found.accounting.values()),
        rows_out=sum(counts["kept"] for counts in found.accounting.values()),
        tables=tuple(tables),
        values={"flagged": len(found.flagged), "reasons": found.reasons, "rows": found.accounting},
    )


def _filtered(job: Job, version: TableVersion, kept: Mask, name: str) -> TableVersion:
    dates = tuple(day for day in version.dates if day <= job.as_of.isoformat())
    rows = _kept_rows(job.datamart.groups(version), kept)
    return job.write(f"silver.{name}", rows, dates=dates, sources={version.table: version.digest})


def _kept_rows(groups: Iterator[pa.Table], kept: Mask) -> Iterator[pa.Table]:
    start = 0
    for group in groups:
        yield group.filter(pa.array(kept[start : start + group.num_rows]))
        start += group.num_rows


def _texts(name: str) -> list[str]:
    return [column for column in checked_columns(name) if column in ("Customer_ID", "loan_id", "SSN")]


def _flags(name: str, table: pa.Table, valid: Mask) -> dict[str, pa.Array]:
    """The customers to be flagged because of the valid rows of this table, by reason."""
    conditions: dict[str, pa.ChunkedArray] = {}
    for column in SOURCE[name].columns:
        conditions |= failures(column, table)
    return {
        reason: pc.unique(_plain(table["Customer_ID"].filter(_both(condition, valid)))).drop_null()
        for reason, condition in conditions.items()
    }


def failures(column: Column, table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Where a value fails a check that its column declares, by reason; null where nothing can be said."""
    found: dict[str, pa.ChunkedArray] = {}
    if column.required:
        found[f"{column.name} missing"] = pc.is_null(table[column.name])
    if column.minimum is not None:
        reason = f"{column.name} negative" if column.minimum == 0 else f"{column.name} under {column.minimum:g}"
        found[reason] = pc.less(table[column.name], column.minimum)
    if column.maximum is not None:
        found[f"{column.name} over {column.maximum:g}"] = pc.greater(table[column.name], column.maximum)
    if column.pattern:
        found[f"{column.name} invalid"] = pc.invert(matches(table[column.name], column.pattern))
    return found


def _both(condition: pa.ChunkedArray, valid: Mask) -> pa.Array:
    met = pc.fill_null(condition, fill_value=False).to_numpy(zero_copy_only=False)
    return pa.array(met & valid)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    return column.cast(pa.string()).combine_chunks()


def _is_one_of(column: pa.ChunkedArray, values: pa.Array) -> Mask:
    if pa.types.is_dictionary(column.type):
        encoded = column.unify_dictionaries().combine_chunks()
        answer = pc.is_in(encoded.dictionary, value_set=values).take(encoded.indices)
    else:
        answer = pc.is_in(column, value_set=values)
    mask: Mask = pc.fill_null(answer, fill_value=False).to_numpy(zero_copy_only=False)
    return mask


def _superseded(keys: pa.Table, visible: Mask) -> Mask:
    """True for every visible row that a later visible row with the same keys replaces."""
    mask = np.zeros(keys.num_rows, bool)
    if keys.num_rows == 0:
        return mask
    codes = np.zeros(keys.num_rows, np.int64)
    for column in keys.columns:
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        part = encoded.unify_dictionaries().combine_chunks()
        codes = codes * (len(part.dictionary) + 1) + part.indices.fill_null(len(part.dictionary)).to_numpy()
    rows = np.flatnonzero(visible)
    if _all_different(codes[rows]):
        return mask
    _, last = np.unique(codes[rows][::-1], return_index=True)
    mask[rows] = True
    mask[rows[len(rows) - 1 - last]] = False
    return mask


def _all_different(codes: npt.NDArray[np.int64]) -> bool:
    if len(codes) and codes.max() < DENSE * len(codes):
        return int(np.bincount(codes).max()) == 1
    return len(np.unique(codes)) == len(codes)
