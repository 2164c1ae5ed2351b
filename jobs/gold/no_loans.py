"""Why no loan can be scored or trained on: the cause with its counts, and what to do about it."""

from collections.abc import Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.declaration import Book
from jobs.gold.labels import label_gaps
from jobs.loan_calendar import known_by

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


def no_scored_loan(features: pa.Table, counts: Counts, book: Book) -> str:
    """Why none of the loans can be scored.

    `counts` are those of the rows of the loans' source by ground, and of what `loan_features` left out.
    """
    return _first_day(features, "prediction_date") or _lost(*counts, book)


def no_known_outcome(features: pa.Table, counts: Counts, outcomes: pa.Table, as_of: date, book: Book) -> str:
    """Why none of the loans has a label; `counts` are those of `no_scored_loan`, `outcomes` the rows of outcomes."""
    if features.num_rows == 0:
        return _lost(*counts, book)
    due = features.filter(pa.array(known_by(features["observation_date"], as_of)))
    if due.num_rows == 0:
        return _first_day(features, "observation_date")
    gaps = label_gaps(outcomes, due, book)
    told = ", ".join(f"{count:,} with {GAPS[reason][0]}" for reason, count in gaps.items())
    worst = max(gaps, key=lambda reason: gaps[reason])
    advice = GAPS[worst][1].format(dataset=book.outcomes.dataset)
    return f"of {due.num_rows:,} outcomes that are due none is on record: {told}; {advice}."


def _first_day(features: pa.Table, column: str) -> str:
    """From when on the first of the loans is due; '' when there are no loans."""
    first = pc.min(features[column]).as_py() if features.num_rows else None
    return f"the first of {features.num_rows:,} loans is due on {first}; {LATER}." if first else ""


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
