"""The text of a whole draft: imports, sources, features, and the book."""

from collections.abc import Mapping, Sequence

from jobs.book.columns import Kind
from jobs.book.drafting.roles import Roles
from jobs.book.drafting.sources import SourceDraft, source_text
from jobs.book.drafting.text import UNKNOWN, argument, call, comment, listed, literal

HEAD = '''"""A draft of a book, made from a sample of the extracts.

Replace every `...`, check the evidence in the comments, and run `book check` on this file.
"""

from jobs.book.columns import Column, Dialect, Kind, Source
from jobs.book.declaration import Book
from jobs.book.features import BadLoan, Candidate, Feature, Latest
'''
USABLE = (Kind.CATEGORY, Kind.INTEGER, Kind.COUNT, Kind.DECIMAL)


def book_text(sources: Sequence[SourceDraft], roles: Roles, problems: Sequence[str]) -> str:
    """The text of the module that declares the book."""
    lines = [HEAD.rstrip("\n")]
    for problem in problems:
        lines += comment(f"Left out: {problem}", 0)
    for source in sources:
        lines += ["", *source_text(source)]
    lines += ["", "# The newest value of every column that is not personal. Remove those that a decision may not use."]
    lines += ["FEATURES: tuple[Feature, ...] = (", *_features(sources, roles), ")", "", *_book(sources, roles)]
    return "\n".join(lines) + "\n"


def _features(sources: Sequence[SourceDraft], roles: Roles) -> list[str]:
    taken: set[str] = set()
    lines = []
    for source in sources:
        if source.table.dataset not in {**roles.customer, **roles.loan} or source.known_on is None:
            continue
        for column in source.table.columns:
            if column.kind not in USABLE or column.personal:
                continue
            name = source.names[column.received]
            arguments = [("", literal(source.silver))]
            if name in taken:
                arguments.append(("", literal(name)))
                name = f"{source.silver}_{name}"
            taken.add(name)
            lines += call("Latest", [("", literal(name)), *arguments], 4)
    return lines


def _book(sources: Sequence[SourceDraft], roles: Roles) -> list[str]:
    by_dataset = {source.table.dataset: source for source in sources}
    loans = by_dataset.get(roles.loans or "")
    customer = next(((dataset, name) for dataset, name in roles.customer.items()), None)
    values: dict[str, list[str]] = {
        "name": [UNKNOWN],
        "loan_source": [literal(loans.silver) if loans else UNKNOWN],
        "loan_id": [literal(loans.names[roles.loan[loans.table.dataset]]) if loans else UNKNOWN],
        "customer_id": [literal(by_dataset[customer[0]].names[customer[1]]) if customer else UNKNOWN],
        "loan_start": [literal(loans.names[roles.start]) if loans and roles.start else UNKNOWN],
        "prediction": [UNKNOWN],
        "observation": [UNKNOWN],
        "bad_loan": [_bad_loan(roles, by_dataset)],
        "sources": listed([source.constant for source in sources], 12),
        "features": ["FEATURES"],
        "feature_sets": ['{"all": tuple(feature.name for feature in FEATURES)}'],
        "candidates": ['(Candidate("sklearn.linear_model.LogisticRegression", {"max_iter": 1000}, scaled=True),)'],
    }
    lines = [line for name, value in values.items() for line in argument(name, value)]
    return [*_evidence(sources, roles), "BOOK = Book(", *lines, ")"]


def _evidence(sources: Sequence[SourceDraft], roles: Roles) -> list[str]:
    """What the ids and dates of the book rest on, as comments."""
    lines = []
    if roles.customer:
        lines.append(f"Customers: the same ids in {_columns(roles.customer)}.")
    if roles.loan:
        lines.append(f"Loans: {_columns(roles.loan)}; nearly every one belongs to one customer.")
    if roles.start:
        lines.append(f"Start: {roles.start} is the same in all rows of a loan and never after they became known.")
    unknown = [source.table.dataset for source in sources if source.known_on is None]
    if unknown:
        lines.append(f"No single date says when a row became known: {', '.join(unknown)}.")
    return [line for text in lines for line in comment(text, 0)]


def _columns(role: Mapping[str, str]) -> str:
    return ", ".join(f"{name} of {dataset}" for dataset, name in role.items())


def _bad_loan(roles: Roles, by_dataset: dict[str, SourceDraft]) -> str:
    source, column = UNKNOWN, UNKNOWN
    if roles.late:
        found = by_dataset[roles.late[0]]
        source, column = literal(found.silver), literal(found.names[roles.late[1]])
    return f"BadLoan({source}, {column}, above={UNKNOWN}, first={UNKNOWN}, last={UNKNOWN})"
