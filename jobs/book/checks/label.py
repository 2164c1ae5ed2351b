"""The bad loan and the two dates of a loan: the label is known on time, and not before the prediction."""

from collections.abc import Iterator

from jobs.book.checks.finding import Finding, at
from jobs.book.checks.shape import sound
from jobs.book.checks.sources import column_of, named, unfit
from jobs.book.columns import NUMBERS, Kind, Source
from jobs.book.declaration import Book
from jobs.book.features import BadLoan


def label_findings(book: Book) -> Iterator[Finding]:
    """Findings about the offsets and the definition of a bad loan."""
    if sound(book, "prediction") and book.prediction < 0:
        yield at(book, f"`prediction` is {book.prediction}; write 0 or more months after the loan's start")
    if sound(book, "prediction", "observation") and book.observation <= book.prediction:
        told = f"`observation` ({book.observation}) is not after `prediction` ({book.prediction}); write a later month"
        yield at(book, told)
    if isinstance(book.bad_loan, BadLoan):
        yield from _months(book, book.bad_loan)
        yield from _columns(book, book.bad_loan)


def _months(book: Book, bad: BadLoan) -> Iterator[Finding]:
    if sound(bad, "first") and bad.first < 0:
        yield at(bad, f"the bad loan: `first` is {bad.first}; write 0 or more months")
    if sound(bad, "first", "last") and bad.last < bad.first:
        yield at(bad, f"the bad loan: `last` ({bad.last}) is before `first` ({bad.first}); exchange them")
    if not sound(bad, "last"):
        return
    if sound(book, "observation") and bad.last > book.observation:
        told = f"month {bad.last} is after the observation (month {book.observation}), when the label must be known"
        yield at(bad, f"the bad loan: {told}; lower `last` or raise `observation`")
    if sound(book, "prediction") and bad.last <= book.prediction:
        told = f"month {bad.last} is known at the prediction (month {book.prediction}), so nothing is left to predict"
        yield at(bad, f"the bad loan: {told}; raise `last` or lower `prediction`")


def _columns(book: Book, bad: BadLoan) -> Iterator[Finding]:
    if not sound(bad, "source"):
        return
    source = named(book, bad.source)
    if source is None:
        yield at(bad, f"the bad loan: {bad.source!r} is no source; write the silver name of one")
        return
    yield from _unfit(bad, source, "column", NUMBERS)
    if bad.month:
        yield from _unfit(bad, source, "month", (Kind.INTEGER, Kind.COUNT))
    if sound(book, "loan_id") and column_of(source, book.loan_id) is None:
        told = f"{source.dataset} has no column {book.loan_id} that says which loan a row is about"
        yield at(bad, f"the bad loan: {told}; name a source that has it")


def _unfit(bad: BadLoan, source: Source, field: str, kinds: tuple[Kind, ...]) -> Iterator[Finding]:
    if sound(bad, field) and (why := unfit(source, getattr(bad, field), *kinds)):
        yield at(bad, f"the bad loan: `{field}`: {why}")
