"""A draft as a module that has run."""

from typing import Any

from jobs.book.declaration import Book


def loaded(text: str) -> Book:
    """The book that a draft declares."""
    space: dict[str, Any] = {"__name__": "drafted"}
    exec(compile(text, "drafted.py", "exec"), space)  # noqa: S102 - a draft is a module to run
    book = space["BOOK"]
    assert isinstance(book, Book)
    return book
