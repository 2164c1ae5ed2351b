"""The default book is valid, and says of every column and kept feature what it is."""

from jobs.book.loading import load
from jobs.book.validation import findings

BOOK = load("")


def test_it_is_valid() -> None:
    assert findings(BOOK) == []


def test_every_column_and_every_kept_feature_is_described() -> None:
    assert all(column.description for source in BOOK.sources for column in source.columns)
    assert all(feature.description for feature in BOOK.features if not feature.hidden)
