"""The label definition that a model was trained with, and whether it is the one of a book.

Models whose labels mean different things can't be compared, promoted or monitored by one book.
"""

from typing import Any

from jobs.book.declaration import Book
from jobs.book.digest import label_definition, same_definition
from jobs.book.retail import BOOK
from jobs.errors import JobError
from storage.ledger.models import ModelVersion


def definition_of(model: ModelVersion) -> dict[str, Any]:
    """The label definition of a model; of one that was trained before models kept it, the default book's."""
    known: dict[str, Any] | None = model.summary.get("label_definition")
    return label_definition(BOOK) if known is None else known


def difference_from(model: ModelVersion, book: Book) -> str | None:
    """None when a model was trained with the label definition of a book, else what differs (a sentence)."""
    return same_definition(definition_of(model), label_definition(book), ("the model", "the book"))


def check_definition(model: ModelVersion, book: Book) -> None:
    """Raises JobError when a model was trained with another label definition than the book's."""
    difference = difference_from(model, book)
    if difference is not None:
        raise JobError(
            f"Model {model.version} was trained with another label definition than book {book.name} has. {difference} "
            "Run `python -m engine run training`, then promote the new version."
        )
