"""Label: what a bad loan is, when it is known, and how many loans wait."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from engine.documents.candidates import loans_text
from engine.report.facts import Facts, Parts
from engine.report.markup import items, join, paragraph
from jobs.accounting.account import Account
from jobs.book.digest import label_definition, same_definition
from jobs.book.summary import label_in_words


def _definition(facts: Facts) -> Markup:
    return join([paragraph(label_in_words(facts.book)), paragraph(_difference(facts))])


def _loans(facts: Facts) -> Markup:
    return items(_loan_sentences(facts))


def _difference(facts: Facts) -> str:
    """How the model's label differs from the book's, if it does; that it is not known, if so."""
    own = facts.details.get("label_definition")
    if own is None:
        return "How the label was defined when the model was trained is not known."
    found = same_definition(own, label_definition(facts.book), (f"model {facts.version}", "the book"))
    return found or "The model was trained with this definition."


def _loan_sentences(facts: Facts) -> Iterator[str]:
    rows = facts.details.get("rows", {})
    for side in ("train", "test"):
        if side in rows:
            yield f"{side.capitalize()}: {loans_text(rows[side])}, {rows[side]['defaults']:,} bad."
    if told := _account_of_loans(facts.training):
        yield f"In the training: {told}."
    if told := _account_of_loans(facts.inference):
        yield f"In the scoring of {facts.monitored.day}: {told}."
    losses = (facts.monitored.validation or {}).get("losses")
    if losses:
        waiting = losses["waiting"]["loans"] + losses["waiting"]["without_exposure"]
        yield f"Of the loans scored on {facts.monitored.day}, {waiting:,} wait for their outcome."
    split = {"customer": "All loans of one customer are on one side."}
    yield split.get(facts.details.get("split_by", ""), "Train and test loans were split by loan, not by customer.")


def _account_of_loans(accounts: Sequence[Account]) -> str:
    found = next((one for one in accounts if one.kind == "loans"), None)
    return f"{found.counted}: {', '.join(found.parts_in_words)}" if found else ""


PARTS: Parts = {
    "": _definition,
    "Loans": _loans,
}
