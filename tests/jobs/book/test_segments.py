"""Findings about segments."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.book.features import Segment
from jobs.book.retail import BOOK
from jobs.book.validation import declaration_findings


@pytest.mark.parametrize(
    ("segments", "told"),
    [
        ((Segment("nothing"),), "segment nothing: there is no such feature, or it is hidden; name one that is kept"),
        ((Segment("Credit_History_Age"),), "there is no such feature, or it is hidden"),
        ((Segment("Age"), Segment("Age")), "segment Age: it is declared twice; keep one"),
        ((Segment("Age", (30, 20)),), "segment Age: its bounds do not rise; write them from the lowest to the highest"),
        ((Segment("Age", (30, 30)),), "its bounds do not rise"),
        ((Segment("Occupation", (1,)),), "segment Occupation: a category has no bounds; remove them"),
        ((Segment("Age", ("18",)),), "`bounds` is ('18',); write a tuple, each element a number"),  # type: ignore[arg-type]
        (("Age",), "`segments` is ('Age',); write a tuple, each element a Segment"),
    ],
)
def test_a_segment_that_can_not_be_used_is_told(segments: Any, told: str) -> None:
    (finding,) = declaration_findings(replace(BOOK, segments=segments))
    assert told in str(finding)


def test_a_book_may_have_no_segments() -> None:
    assert declaration_findings(replace(BOOK, segments=())) == []
    assert declaration_findings(BOOK) == []
