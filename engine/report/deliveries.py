"""The deliveries that a model was trained on, and those that were rejected."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection

from engine.documents.profiles import deliveries_document
from engine.documents.values import Document
from jobs.book.declaration import Book


def deliveries_of(
    connection: Connection, book: Book, extracts: Mapping[str, str], as_of: date
) -> tuple[dict[str, Document], list[Document]]:
    """(the deliveries of these extracts by dataset, those that were rejected up to a date).

    `extracts` are the SHA-256 of each file by its path. A dataset whose delivery the ledger does not know, as those of
    earlier releases, is left out.
    """
    used: dict[str, Document] = {}
    rejected: list[Document] = []
    for dataset in book.by_dataset:
        documents = deliveries_document(connection, book, dataset)
        known = [one for one in documents if date.fromisoformat(one["as_of"]) <= as_of]
        rejected += [{**one, "dataset": dataset} for one in known if one["rejected"]]
        made = [one for one in documents if one["delivery"] == _delivery(one["files"], extracts)]
        if made:
            used[dataset] = made[-1]
    return used, rejected


def _delivery(files: Sequence[str], extracts: Mapping[str, str]) -> str:
    """The delivery that the extracts of these names make (see `jobs.silver.profile`)."""
    digests = sorted(sha256 for path, sha256 in extracts.items() if path.rpartition("/")[2] in files)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
