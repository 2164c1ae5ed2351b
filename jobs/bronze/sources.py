"""The datasets of the default book by the name of their files."""

from jobs.book.retail import BOOK

SOURCES = BOOK.by_dataset
