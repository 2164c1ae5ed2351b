"""Tables without the columns that say nothing."""

from console.components.table import columns, filled

HEADS = columns("Run", "Note", "Details")


def test_an_optional_column_that_is_empty_in_every_row_is_left_out() -> None:
    heads, rows = filled(HEADS, [["a", "", ""], ["b", "", "late"]], ["Note", "Details"])
    assert [column.name for column in heads] == ["Run", "Details"]
    assert rows == [["a", ""], ["b", "late"]]


def test_a_column_that_is_not_optional_stays() -> None:
    heads, rows = filled(HEADS, [["a", "", ""]], ["Details"])
    assert [column.name for column in heads] == ["Run", "Note"]
    assert rows == [["a", ""]]
