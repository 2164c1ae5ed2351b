"""What a draft makes of encodings, numbers, dates and names, and which folders it refuses."""

import csv
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as properties
from hypothesis import strategies as st

from jobs.book.columns import Kind
from jobs.book.draft import draft
from storage.errors import UsageError
from tests.books.drafted import loaded


def _dates(*texts: str) -> str:
    return "a_date,b\n" + "".join(f"{text},x\n" for text in texts)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("month first", _dates("3/25/2024", "12/1/2024"), ("M/d/yyyy",)),
        ("day first", _dates("25/03/2024", "01/12/2024"), ("dd/MM/yyyy",)),
        ("points", _dates("1.2.2024", "3.4.2024"), ("d.M.yyyy",)),
        ("compact", _dates("20240201", "20240315"), ("yyyyMMdd",)),
        ("with a time", _dates("2024-02-01T10:00:00", "2024-02-03T10:30:00"), ("yyyy-MM-ddTHH:mm:ss",)),
        ("unknown", _dates("1/2/2024", "3/4/2024"), (...,)),
    ],
)
def test_the_order_of_day_and_month(name: str, text: str, expected: tuple[object, ...], tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(text)
    assert loaded(draft(tmp_path).text).sources[0].dialect.date_formats == expected


@pytest.mark.parametrize(
    ("values", "decimal", "thousands", "kind"),
    [
        (("1.234,50", "12,00"), ",", ".", Kind.DECIMAL),
        (("1,234.50", "12.00"), ".", ",", Kind.DECIMAL),
        (("1'234.50", "12.25"), ".", "'", Kind.DECIMAL),
        (("1.234.567", "3,5"), ",", ".", Kind.DECIMAL),
        (("1.5", "12345"), ".", "", Kind.DECIMAL),
        (("1.234", "5.678"), ..., ..., ...),
        (("12", "345"), ..., "", Kind.INTEGER),
    ],
)
def test_marks_in_numbers(
    values: tuple[str, ...], decimal: object, thousands: object, kind: object, tmp_path: Path
) -> None:
    (tmp_path / "one.csv").write_text("amount;b\n" + "".join(f"{value};x\n" for value in values))
    source = loaded(draft(tmp_path).text).sources[0]
    assert (source.dialect.decimal_char, source.dialect.thousands_char) == (decimal, thousands)
    assert source.columns[0].kind is kind


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        ("Köln".encode(), "utf-8"),
        ("Köln".encode("utf-8-sig"), "utf-8-sig"),
        ("Köln".encode("latin-1"), "latin-1"),
        ("Köln 5 €".encode("cp1252"), "cp1252"),
        (b"Bonn", "utf-8"),
    ],
)
def test_the_encoding(encoded: bytes, expected: str, tmp_path: Path) -> None:
    mark = encoded[:3] if encoded.startswith(b"\xef\xbb\xbf") else b""
    (tmp_path / "one.csv").write_bytes(mark + b"place|n\n" + encoded.removeprefix(mark) + b"|1\n")
    dialect = loaded(draft(tmp_path).text).sources[0].dialect
    assert (dialect.encoding, dialect.delimiter) == (expected, "|")


def test_odd_names_stay_python(tmp_path: Path) -> None:
    header = '"a ""b""";class;\\x;2nd;' + "long " * 60 + ";größe;a  b"
    (tmp_path / "my-file 1.csv").write_text(f"{header}\n" + "1;2;3;4;5;6;7\n" * 5, encoding="utf-8")
    text = draft(tmp_path).text
    source = loaded(text).sources[0]
    assert max(map(len, text.splitlines())) <= 120
    assert source.dataset == "my-file 1"
    assert [column.label for column in source.columns][:4] == ['a "b"', "class", "\\x", "2nd"]
    assert all(column.name.isidentifier() and column.name.isascii() for column in source.columns)
    assert len(set(source.names)) == len(source.names)


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (Path.touch, "has no extract"),
        (lambda folder: (folder / "a.csv").write_bytes(b""), "it is empty"),
        (lambda folder: (folder / "a.csv").write_bytes("a;b\n1;2\n".encode("utf-16")), "UTF-16"),
        (lambda folder: (folder / "a.csv").write_text("a;b;a\n1;2;3\n"), "more than once"),
        (lambda folder: (folder / "a.csv.gz").write_bytes(b"no gzip"), "Not a gzipped file"),
    ],
)
def test_a_folder_without_a_usable_extract_is_refused(
    prepare: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    prepare(tmp_path)
    with pytest.raises(UsageError, match=said):
        draft(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        draft(tmp_path / "nowhere")


NAME = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n\0"), max_size=150)


@given(
    names=st.lists(NAME, min_size=2, max_size=4), values=st.lists(st.lists(NAME, min_size=4, max_size=4), min_size=4)
)
@properties(max_examples=100)
def test_every_draft_is_a_module_of_at_most_120_columns(names: list[str], values: list[list[str]]) -> None:
    with TemporaryDirectory() as folder:
        with (Path(folder) / "one.csv").open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, delimiter=";").writerows([names, *(row[: len(names)] for row in values)])
        try:
            text = draft(Path(folder)).text
        except UsageError:
            return
    assert len(loaded(text).sources[0].columns) == len(names)
    assert max(map(len, text.split("\n"))) <= 120
