"""The text of malformed records, by what the personal columns of their source hold and how numbers are written."""

from dataclasses import replace
from io import BytesIO

import pytest

from jobs.book.columns import Column, Dialect, Kind, Source
from jobs.bronze.records import read_extract

COLUMNS = (
    Column("Kunde", Kind.IDENTIFIER, "Customer"),
    Column("Name", Kind.TEXT, "Name", personal=True),
    Column("Geburt", Kind.DATE, "Day of birth"),
    Column("Alter", Kind.INTEGER, "Age"),
    Column("Einkommen", Kind.DECIMAL, "Income"),
)
PEOPLE = Source("kunden", "kunden", "customers", "Geburt", ("Kunde",), COLUMNS, dialect=Dialect(";", ","))
BROKEN = "KR_17;Anja Böhme;1980-05-17;44;1.234,50;Miete; Strom"


def shown(source: Source, row: str) -> str:
    text = ";".join(source.names) + "\n" + row + "\n"
    (reject,) = (one for chunk in read_extract(BytesIO(text.encode()), source, "kunden.csv") for one in chunk.rejects)
    return reject.text


@pytest.mark.parametrize(
    ("personal", "expected"),
    [
        ("Name", "KR_17;<text>;1980-05-17;44;<number>;<text>;<text>"),
        ("Geburt", "KR_17;<text>;<text>;44;<number>;<text>;<text>"),
        ("Alter", "KR_17;<text>;1980-05-17;<number>;<number>;<text>;<text>"),
        ("Einkommen", "KR_17;<text>;1980-05-17;<number>;<number>;<text>;<text>"),
        ("Kunde", "<text>;<text>;1980-05-17;44;<number>;<text>;<text>"),
    ],
)
def test_values_like_those_of_a_personal_column_are_not_shown(personal: str, expected: str) -> None:
    columns = tuple(replace(column, personal=column.name == personal) for column in COLUMNS)
    assert shown(replace(PEOPLE, columns=columns), BROKEN) == expected


def test_without_personal_columns_the_record_is_shown() -> None:
    columns = tuple(replace(column, personal=False) for column in COLUMNS)
    assert shown(replace(PEOPLE, columns=columns), BROKEN) == BROKEN
