"""Why no loan can be scored or trained on: the cause with its counts, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.declaration import Book

Counts = tuple[Mapping[str, int], Mapping[str, int]]
LATER = "choose a later --as-of"
GROUNDS = {  # of rows of the loans' source: what is wrong with them, what to do
    "undated": ("have no date that can be read", "correct the dates of the extract, or declare their format"),
    "later_than_as_of": ("are later than as-of", LATER),
    "without_customer": ("name no customer", "deliver the ids of the customers"),
    "flagged": ("are of customers that quality control flags", "correct the values that the log of the checks names"),
    "rows_without_loan": ("have no loan id or no start date that can be read", "correct the ids and the start dates"),
}
GAPS = {  # of loans whose outcome is due: why they have no label, what to do
    "no_month_on_record": ("no month on record", "deliver the whole {dataset}"),
    "unreadable_amount": ("an amount or a month that can't be read", "correct the amounts and months of {dataset}"),
    "record_ends_early": ("a record that ends too early", "deliver a newer {dataset}"),
}


@dataclass(frozen=True)
class Due:
    """`loans` are due one after another, the first one on the day `first`."""

    loans: int
    first: date | None

    def __add__(self, other: "Due") -> "Due":
        days = [day for day in (self.first, other.first) if day]
        return Due(self.loans + other.loans, min(days, default=None))


def due_by(features: pa.Table, column: str) -> Due:
    """The loans, each of which is due on its day in that column."""
    return Due(features.num_rows, pc.min(features[column]).as_py())


def no_scored_loan(due: Due, counts: Counts, book: Book) -> str:
    """Why none of the loans can be scored.

    `counts` are those of the rows of the loans' source by ground, and of what `loan_features` left out.
    """
    return _later(due) if due.loans else _lost(*counts, book)


def no_known_outcome(due: Due, now: int, gaps: Mapping[str, int], counts: Counts, book: Book) -> str:
    """Why none of the loans has a label.

    The outcomes of `now` loans are due, which have no label for the reasons of `gaps`; `counts` are those of
    `no_scored_loan`.
    """
    if not due.loans:
        return _lost(*counts, book)
    if not now:
        return _later(due)
    told = ", ".join(f"{count:,} with {GAPS[reason][0]}" for reason, count in gaps.items())
    worst = max(gaps, key=lambda reason: gaps[reason])
    advice = GAPS[worst][1].format(dataset=book.outcomes.dataset)
    return f"of {now:,} outcomes that are due none is on record: {told}; {advice}."


def _later(due: Due) -> str:
    return f"the first of {due.loans:,} loans is due on {due.first}; {LATER}."


def _lost(rows: Mapping[str, int], left_out: Mapping[str, int], book: Book) -> str:
    grounds: dict[str, int] = {**rows, **left_out}
    found = {ground: grounds[ground] for ground in GROUNDS if grounds.get(ground)}
    told = [f"{count:,} {GROUNDS[ground][0]}" for ground, count in found.items()]
    without = {source: left_out.get(f"without_{source.silver}", 0) for source in book.sources}
    told += [f"{count:,} loans have no row in {source.dataset}" for source, count in without.items() if count]
    worst = max(found, key=lambda ground: found[ground], default="")
    todo = GROUNDS[worst][1] if worst else f"deliver extracts in which {book.loans.dataset} has loans"
    read = f"of {rows['read']:,} rows of {book.loans.dataset}" if "read" in rows else f"of {book.loans.dataset}"
    return f"{read} {', '.join(told) or 'none is of a loan'}; {todo}."
