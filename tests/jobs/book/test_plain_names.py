"""Every feature of the default book's sets has a plain name that fits on the axis of a chart."""

from tests.retail import BOOK, FEATURE_SETS

LONGEST = 28  # letters


def test_every_feature_has_a_short_plain_name_of_its_own() -> None:
    names = [BOOK.plain_name(feature) for feature in {name for names in FEATURE_SETS.values() for name in names}]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= LONGEST
    assert not any("_" in name for name in names)


def test_a_feature_that_the_book_does_not_know_keeps_its_name() -> None:
    assert BOOK.plain_name("new_column") == "new_column"
