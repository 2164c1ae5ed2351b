"""A book with more columns, features and candidates, or changed ones: the rest stays; a wrong name is refused."""

from collections.abc import Callable

import pytest

from jobs.book.columns import Column, Dialect, Kind
from jobs.book.declaration import Book
from jobs.book.features import Latest
from jobs.book.retail import BOOK

CHILDREN = Column("Children", Kind.COUNT, "Children")


def test_a_column_is_added_to_its_source_alone() -> None:
    more = BOOK.with_column("attributes", CHILDREN)
    assert more.by_table["attributes"].columns == (*BOOK.by_table["attributes"].columns, CHILDREN)
    assert [one for one in more.sources if one.silver != "attributes"] == [
        one for one in BOOK.sources if one.silver != "attributes"
    ]


def test_a_feature_is_added_to_the_named_set_alone() -> None:
    more = BOOK.with_feature(Latest("Children", "attributes"), into="behavioural")
    assert more.feature_sets["behavioural"] == (*BOOK.feature_sets["behavioural"], "Children")
    assert more.feature_sets["safe15"] == BOOK.feature_sets["safe15"]
    assert BOOK.with_feature(Latest("Children", "attributes")).feature_sets == BOOK.feature_sets


def test_a_column_and_a_source_are_changed_in_their_place() -> None:
    changed = BOOK.changed_column("attributes", "Occupation", required=True)
    attributes, before = changed.by_table["attributes"], BOOK.by_table["attributes"]
    assert attributes.names == before.names
    assert [name for name in attributes.names if attributes.column(name) != before.column(name)] == ["Occupation"]
    dialect = Dialect(delimiter=";")
    assert BOOK.changed_source("financials", dialect=dialect).by_table["financials"].dialect == dialect
    assert [one.silver for one in changed.sources] == [one.silver for one in BOOK.sources]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda book: book.with_column("people", CHILDREN), "no source 'people'; the book has clickstream, attributes"),
        (lambda book: book.changed_source("people", known_on="day"), "no source 'people'"),
        (lambda book: book.changed_column("attributes", "Sex", required=True), "no column 'Sex'; it has Customer_ID"),
        (lambda book: book.with_feature(into="safe16"), "no feature set 'safe16'; the book has safe15, behavioural"),
    ],
)
def test_a_name_that_is_not_there_is_refused(change: Callable[[Book], Book], complaint: str) -> None:
    with pytest.raises(LookupError, match=complaint):
        change(BOOK)
