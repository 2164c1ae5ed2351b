"""The profile of a part of a delivery, made while its rows are cleaned."""

import hashlib
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Kind, Source
from jobs.profiles.summary import Profile
from jobs.profiles.tally import Tally
from jobs.silver.cleaning import ABSENT
from jobs.silver.values import EMPTY, Distinct
from storage.lake.datamart import TableVersion
from storage.lake.received import files_of


class ProfileOfPart:
    """The columns of a part of a delivery, a group of rows at a time."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tallies = {column.name: Tally(column) for column in source.columns}

    def add(self, distinct: Mapping[str, Distinct]) -> None:
        """Adds the rows of a cleaned group."""
        for name, found in distinct.items():
            values, reasons = found.values, found.reasons
            column = self._source.column(name)
            if column is not None and column.kind is Kind.CODE:  # cleaning leaves an empty code to quality control
                empty = pc.fill_null(pc.equal(values, ""), fill_value=False)
                blank = int(found.rows[empty.to_numpy(zero_copy_only=False)].sum())
                values, reasons = pc.if_else(empty, pa.scalar(None, pa.string()), values), reasons | {EMPTY: blank}
            missing = {reason: count for reason, count in reasons.items() if reason in ABSENT and count}
            unreadable = {reason: count for reason, count in reasons.items() if reason not in ABSENT}
            self._tallies[name].add(values, found.rows, missing, unreadable, found.hashes)

    def profile(self, bronze: TableVersion, rows: int) -> Profile:
        """The profile, for the delivery of which `bronze` was made; mergeable when it has several parts.

        A delivery is what its files hold, whatever their names and order are.
        """
        digests = sorted(bronze.sources.values()) or [bronze.digest]
        mergeable = len(files_of(bronze)) > 1
        return {
            "dataset": self._source.dataset,
            "delivery": hashlib.sha256("\n".join(digests).encode()).hexdigest(),
            "files": sorted(path.rpartition("/")[2] for path in bronze.sources),
            "rows": rows,
            "columns": [tally.summary(mergeable=mergeable) for tally in self._tallies.values()],
        }
