"""Headers that name other columns than their source, and the hint that each gets."""

from dataclasses import replace
from io import BytesIO

import pytest

from jobs.book.columns import Column, Dialect, Kind
from jobs.bronze.header import header_of
from jobs.bronze.records import read_extract
from jobs.errors import InputRejected
from tests.columns import IDENTIFIER
from tests.retail import SOURCES

DECLARE = "declare it in jobs/book/retail.py"


def refusal(dataset: str, *names: str) -> InputRejected:
    with pytest.raises(InputRejected) as caught:
        header_of((",".join(names) + "\n").encode(), SOURCES[dataset], "extract.csv")
    return caught.value


def renamed(dataset: str, old: str, new: str) -> InputRejected:
    return refusal(dataset, *(new if name == old else name for name in SOURCES[dataset].names))


def test_every_kind_of_fault_is_named_with_its_own_hint() -> None:
    error = refusal("features_attributes", "Customer_ID", "Name", "Hat", "SSN", "SSN", "Occupation", "snapshot_date")
    assert error.what == "missing column 'Age', unknown column 'Hat', repeated column 'SSN'"
    assert error.hint == (
        "deliver the file with every column, or declare it `optional=True` in jobs/book/retail.py; "
        f"remove the unknown column or {DECLARE}; keep one column of each name"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [("Interest_Rate", "InterestRate"), ("Interest_Rate", "interest_rate"), ("Credit_Mix", "CREDIT_MIX")],
)
def test_a_renamed_column_is_recognised(old: str, new: str) -> None:
    error = renamed("features_financials", old, new)
    assert error.what == f"missing column {old!r}, unknown column {new!r}"
    assert error.hint == f"{new!r} may be {old!r} renamed: restore the name, or {DECLARE}"


def test_a_missing_name_explains_one_unknown_name_only() -> None:
    names = SOURCES["features_financials"].names
    error = refusal("features_financials", *names[:5], "InterestRate", "Interest-Rate", *names[6:])
    assert error.hint == (
        f"'InterestRate' may be 'Interest_Rate' renamed: restore the name, or {DECLARE}; "
        f"remove the unknown column or {DECLARE}"
    )


def test_names_that_are_not_alike_are_not_called_renamed() -> None:
    assert "renamed" not in renamed("features_attributes", "Age", "Hat").hint
    assert "renamed" not in renamed("features_financials", "Monthly_Balance", "Balance").hint


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf8_text_is_named_where_another_encoding_is_declared(mark: str) -> None:
    column = Column("Bonitaet", Kind.DECIMAL, "External credit score", received="Bonität")
    source = replace(SOURCES["features_attributes"], columns=(IDENTIFIER, column), dialect=Dialect(encoding="latin-1"))
    right = f"{IDENTIFIER.name},Bonität\n".encode("latin-1")
    assert list(read_extract(BytesIO(right + b"1,2\n"), source, "extract.csv"))
    wrong = f"{mark}{IDENTIFIER.name},Bonität\n".encode()
    with pytest.raises(InputRejected) as caught:
        list(read_extract(BytesIO(wrong + b"1,2\n"), source, "extract.csv"))
    assert caught.value.what == "is UTF-8 text and not latin-1"
    assert caught.value.hint.startswith("save it as latin-1 text, or declare its encoding in ")
