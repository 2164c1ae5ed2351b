"""The deployment that this console shows, opened once for all its sessions."""

from console.access.deployment import opened
from console.access.session import person
from engine.deployment import Deployment
from jobs.book.descriptions import column_description, feature_description
from storage.db.ledger import Ledger


def deployment() -> Deployment:
    """The deployment of this process's environment (LOANWATCH_HOME and others).

    Raises NotSignedIn or Refused when the session is not admitted.
    """
    person()
    return opened()


def ledger() -> Ledger:
    """The deployment's ledger."""
    return deployment().ledger


def plain_name(feature: str) -> str:
    """A feature's name as people read it.

    The book is the same for every user, and a page asks for hundreds of names, so the session is not checked for each.
    """
    return opened().book.plain_name(feature)


def described(feature: str) -> str:
    """What a feature is made of, in a sentence without its end; '' when the book does not have it."""
    return feature_description(opened().book, feature)


def column_words(name: str, table: str = "") -> str:
    """What a column of a table (`layer.name`) or of a dataset means; '' when nothing is known of it."""
    return column_description(opened().book, name, table)
