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
    [("Interest_Rate", "InterestRate"), ("Credit_Mix", "Credit-Mix")],
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


def first_lines(text: str) -> InputRejected:
    """The refusal of attributes that begin so."""
    with pytest.raises(InputRejected) as caught:
        header_of(text.encode(), SOURCES["features_attributes"], "extract.csv")
    return caught.value


NAMES = SOURCES["features_attributes"].names
LINE = ",".join(NAMES)


@pytest.mark.parametrize(("mark", "words"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
def test_another_separator_is_named_with_the_declaration_that_reads_it(mark: str, words: str) -> None:
    error = first_lines(mark.join(NAMES) + "\n" + mark.join("123456") + "\n")
    assert error.what == f"is separated by {words} and not by commas"
    assert f"declare `delimiter={mark!r}` in the dialect of features_attributes in jobs/book/retail.py" in error.hint


@pytest.mark.parametrize("title", ["Customers of May", "sep=,", "Report,,,,,", "a\nb"])
def test_a_title_before_the_header_is_named(title: str) -> None:
    error = first_lines(f"{title}\n{LINE}\n1,2,3,4,5,6\n")
    assert error.what == "has a title line before the header"
    assert error.hint in ("remove the line before the header", "remove the 2 lines before the header")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (LINE.lower(), "'customer_id' for 'Customer_ID', 'name' for 'Name', 'age' for 'Age', 'ssn' for 'SSN', 'occup"),
        (LINE.replace(",", ", "), "' Name' for 'Name'"),
        (LINE.replace("Customer_ID", "CUSTOMER_ID"), "'CUSTOMER_ID' for 'Customer_ID'"),
    ],
)
def test_names_that_differ_in_case_or_blanks_alone_are_named(header: str, words: str) -> None:
    error = first_lines(header + "\n")
    assert error.what.startswith("has names that differ only in case or blanks: ")
    assert words in error.what


@pytest.mark.parametrize("header", ["," + LINE, LINE + ","])
def test_a_column_without_a_name_is_named(header: str) -> None:
    assert first_lines(header + "\n").what == "has a column without a name (an index or a trailing separator)"


@pytest.mark.parametrize("line", ["1,a\rb", "x" * 140_000])
def test_a_line_that_csv_can_not_read_is_no_header(line: str) -> None:
    assert "the first line is not the header" in first_lines(f"1,2\n{line}\n").what
