"""A small lender's declaration as text, so that tests can change a word of it and know the line."""

from pathlib import Path
from types import ModuleType

from jobs.book.loading import module_of
from jobs.errors import BookRejected

LENDER = '''"""Two sources of a lender who counts days past due."""

from jobs.book.columns import Column, Dialect, Kind, Source
from jobs.book.declaration import Book
from jobs.book.features import BadLoan, Candidate, Computed, Latest, Window
from jobs.book.functions import ratio

LIMIT = 2.0


def capped(share):
    return bounded(share)


def bounded(share):
    return share if LIMIT else None


LOANS = Source(
    dataset="konten",
    bronze="konten",
    silver="accounts",
    known_on="known",
    key=("loan", "known"),
    columns=(
        Column("loan", Kind.IDENTIFIER, "Loan", received="Vertrag"),
        Column("customer", Kind.IDENTIFIER, "Customer"),
        Column("start", Kind.DATE, "Start of the loan"),
        Column("known", Kind.DATE, "Day on which the row became known"),
        Column("days", Kind.COUNT, "Days past due", minimum=0, maximum=9999),
        Column("paid", Kind.DECIMAL, "Amount paid", unreadable=0.02),
        Column("due", Kind.DECIMAL, "Amount due"),
    ),
    dialect=Dialect(";", ",", ".", "latin-1", ("yyyy-MM-dd",)),
)
PEOPLE = Source(
    dataset="kunden",
    bronze="kunden",
    silver="people",
    known_on="month",
    key=("customer", "month"),
    columns=(
        Column("customer", Kind.IDENTIFIER, "Customer"),
        Column("month", Kind.DATE, "Month of the record"),
        Column("birth", Kind.DATE, "Day of birth"),
        Column("name", Kind.TEXT, "Name", personal=True),
        Column("phone", Kind.CODE, "Telephone", pattern="[0-9]+"),
        Column("age", Kind.INTEGER, "Age in years", optional=True),
        Column("job", Kind.CATEGORY, "Profession"),
    ),
)
BAD = BadLoan("accounts", "days", above=89, first=1, last=12)
BOOK = Book(
    name="acme",
    loan_source="accounts",
    loan_id="loan",
    customer_id="customer",
    loan_start="start",
    prediction=1,
    observation=12,
    bad_loan=BAD,
    sources=(LOANS, PEOPLE),
    features=(
        Latest("age", "people"),
        Latest("job", "people"),
        Window("paid", "accounts", "paid", "sum", months=6),
        Window("due", "accounts", "due", "sum", "loan_start"),
        Computed("share", ("paid", "due"), ratio),
        Computed("capped", ("share",), capped, hidden=True),
    ),
    feature_sets={"all": ("age", "job", "share"), "few": ("age",)},
    candidates=(
        Candidate("sklearn.linear_model.LogisticRegression", {"C": 0.5}, scaled=True),
        Candidate("sklearn.ensemble.RandomForestClassifier", name="forest"),
    ),
)
'''


def changed(old: str, new: str) -> str:
    """The lender's text with one thing changed, the first time that it stands there."""
    assert old in LENDER, old
    return LENDER.replace(old, new, 1)


def line_of(text: str, anchor: str) -> int:
    """The line in which the anchor stands first."""
    assert anchor in text, anchor
    return text[: text.index(anchor)].count("\n") + 1


def written(folder: Path, text: str, name: str = "acme.py") -> str:
    """The path of a file with that text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def module(folder: Path, text: str) -> ModuleType:
    """The module of a file with that text."""
    return module_of(written(folder, text))


def complaint(error: BookRejected) -> str:
    """The only finding of an error."""
    assert len(error.findings) == 1, error.findings
    return error.findings[0]
