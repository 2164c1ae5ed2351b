"""A realistic raw dataset: the four extracts of an invented loan book. The same seed gives the same bytes.

`tables` has the parameters of the book, `applicants` and `money` draw it, `attributes`, `financials`, `loans` and
`clickstream` make the lines of the extracts, `text` formats them.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from jobs.sample import attributes, clickstream, financials, loans
from jobs.sample.applicants import Integers, Roll, customer_roll, drawn_applicants
from jobs.sample.money import drawn_money
from jobs.sample.text import customer_texts
from storage.errors import StorageError, UsageError

CHUNK = 50_000  # customers drawn at a time, which limits the memory; another size gives other numbers for a seed
MOST_CUSTOMERS = 20_000_000
MOST_DRIFT = 5.0
HEADERS = {
    "feature_clickstream": clickstream.COLUMNS,
    "features_attributes": attributes.COLUMNS,
    "features_financials": financials.COLUMNS,
    "lms_loan_daily": loans.COLUMNS,
}
# The streams of random numbers. Seed, stream and chunk determine every number.
ROLL, APPEARANCES, BLOCKS, APPLICANTS, MONEY, PEOPLE, FINANCES, LEDGER, CLICKS = range(9)

Flags = NDArray[np.bool_]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SampleSpec:
    """A sample book: number of customers, seed, and drift of the newest four cohorts.

    `drift` is in standard deviations of the risk columns, from 0 (none) to 5. Raises UsageError for invalid values.
    """

    customers: int
    seed: int
    drift: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.customers <= MOST_CUSTOMERS:
            raise UsageError(f"A sample of {self.customers} customers can't be made; ask for 1 to {MOST_CUSTOMERS}.")
        if self.seed < 0:
            raise UsageError(f"The seed {self.seed} of a sample is negative; choose 0 or more.")
        if not (math.isfinite(self.drift) and 0.0 <= self.drift <= MOST_DRIFT):
            raise UsageError(f"A drift of {self.drift} is not possible; choose a number from 0 to {MOST_DRIFT:g}.")


# The demo's sample: its drift is large enough for a breach, and small enough that a retraining ends it.
DEMO = SampleSpec(12_500, 7, 0.35)
LAST_OUTCOMES = date(2025, 7, 1)  # the day from which all outcomes of a sample are known: its loans begin until 2025-01


def existing_extracts(folder: Path) -> list[Path]:
    """Paths in the folder with the name of an extract (`.csv`, `.csv.gz` or a folder of parts), sorted."""
    candidates = (folder / f"{name}{ending}" for name in HEADERS for ending in ("", ".csv", ".csv.gz"))
    return sorted(path for path in candidates if path.exists() or path.is_symlink())


def write_sample(folder: Path, spec: SampleSpec, progress: Progress | None = None) -> dict[str, int]:
    """Writes the four extracts. Returns the rows of each by name.

    The files get their final names when all are complete. After an error or an interruption they are deleted.
    `progress` is called with the rows written so far and the total. Raises UsageError when the path is not a folder or
    the folder has extracts already.
    """
    _refuse_to_overwrite(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} can't be made ({error.strerror}); name another folder for the sample.") from error
    parts = {name: folder / f".{name}.csv.part" for name in HEADERS}
    for part in parts.values():
        part.unlink(missing_ok=True)  # left by a killed process
    try:
        rows = _write_parts(parts, spec, progress)
        for name, part in parts.items():
            part.rename(folder / f"{name}.csv")
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return rows


def _refuse_to_overwrite(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name a new or empty one for the sample.")
    existing = existing_extracts(folder)
    if existing:
        raise UsageError(
            f"{folder} has {existing[0].name} already; name another folder for the sample, or move its extracts away."
        )


def _generator(spec: SampleSpec, *stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(spec.seed, spawn_key=stream)))


def _chunks(rows: int) -> Iterator[tuple[int, slice]]:
    for number, start in enumerate(range(0, rows, CHUNK)):
        yield number, slice(start, min(start + CHUNK, rows))


class _Extract:
    """An extract being written, which counts its rows."""

    def __init__(self, handle: BinaryIO, header: tuple[str, ...]) -> None:
        self.rows = 0
        self._handle = handle
        self._write((",".join(header) + "\n").encode())

    def add(self, lines: Any, rows: int) -> int:
        self._write(lines)
        self.rows += rows
        return rows

    def _write(self, lines: Any) -> None:
        try:
            self._handle.write(lines)
        except OSError as error:
            message = f"The sample can't be written ({error.strerror}); free space or name another folder."
            raise StorageError(message) from error


def _write_parts(parts: dict[str, Path], spec: SampleSpec, progress: Progress | None) -> dict[str, int]:
    roll = customer_roll(_generator(spec, ROLL), spec.customers)
    appearing = clickstream.appearances(_generator(spec, APPEARANCES), spec.customers)
    total = spec.customers * (2 + loans.TENURE + 1) + int(appearing.sum()) * clickstream.MONTHS
    done = 0
    with ExitStack() as stack:
        extracts = {name: _Extract(stack.enter_context(part.open("xb")), HEADERS[name]) for name, part in parts.items()}
        defaulted = np.empty(spec.customers, dtype=np.bool_)
        visitors = clickstream.visitors(_generator(spec, BLOCKS), appearing, roll.cohorts)
        # The clickstream is written month by month, so the whole book is drawn before its first line.
        steps = chain(
            _book_rows(extracts, spec, roll, defaulted),
            _click_rows(extracts["feature_clickstream"], spec, roll.numbers[visitors], defaulted, visitors),
        )
        for written in steps:
            done += written
            if progress is not None:
                progress(done, total)
    return {name: extract.rows for name, extract in extracts.items()}


def _book_rows(extracts: dict[str, _Extract], spec: SampleSpec, roll: Roll, defaulted: Flags) -> Iterator[int]:
    """Writes the three extracts in customer order and fills `defaulted`. Yields the rows written in each step."""
    for number, chunk in _chunks(spec.customers):
        ids, cohorts = customer_texts(roll.numbers[chunk]), roll.cohorts[chunk]
        applicants = drawn_applicants(_generator(spec, APPLICANTS, number), cohorts, spec.drift)
        defaulted[chunk] = applicants.defaulted
        money = drawn_money(_generator(spec, MONEY, number), applicants)
        people = attributes.attributes_csv(_generator(spec, PEOPLE, number), ids, applicants)
        yield extracts["features_attributes"].add(people, len(ids))
        finances = financials.financials_csv(_generator(spec, FINANCES, number), ids, applicants, money)
        yield extracts["features_financials"].add(finances, len(ids))
        ledger = loans.ledger_csv(_generator(spec, LEDGER, number), ids, cohorts, applicants.defaulted)
        yield extracts["lms_loan_daily"].add(ledger, len(ids) * (loans.TENURE + 1))


def _click_rows(
    extract: _Extract, spec: SampleSpec, numbers: Integers, defaulted: Flags, visitors: Integers
) -> Iterator[int]:
    """Writes the clickstream. Yields the rows written in each step."""
    for month in range(clickstream.MONTHS):
        for number, chunk in _chunks(len(visitors)):
            ids = customer_texts(numbers[chunk])
            rng = _generator(spec, CLICKS, month, number)
            lines = clickstream.clickstream_csv(rng, month, ids, defaulted[visitors[chunk]])
            yield extract.add(lines, len(ids))
