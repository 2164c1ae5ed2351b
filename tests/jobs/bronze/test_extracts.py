"""Whole files that can't be used, and the cutting into blocks of whole lines."""

import gzip
import io
import pickle
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.bronze.extracts import Limits, line_blocks
from jobs.bronze.records import read_extract
from jobs.errors import InputRejected
from tests.retail import SOURCES

ATTRIBUTES = SOURCES["features_attributes"]
HEADER = "Customer_ID,Name,Age,SSN,Occupation,snapshot_date\n"
ROW = "CUS_0x1,Ann Canary,40,987-65-4321,Lawyer,1/5/2023\n"
GOOD = (HEADER + ROW).encode()


def rejection(data: bytes, file: str = "people.csv", limits: Limits | None = None) -> InputRejected:
    with pytest.raises(InputRejected) as caught:
        list(read_extract(io.BytesIO(data), ATTRIBUTES, file, limits))
    assert caught.value.exit_code == 3
    assert caught.value.file == file
    assert file in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def number_of_rows(data: bytes, file: str = "people.csv", limits: Limits | None = None) -> int:
    return sum(chunk.table.num_rows for chunk in read_extract(io.BytesIO(data), ATTRIBUTES, file, limits))


@pytest.mark.parametrize(
    ("data", "says", "line"),
    [
        (b"", "is empty", None),
        (b"\n\r\n\n", "is empty", None),
        (HEADER.encode(), "no records", None),
        (HEADER.rstrip().encode(), "no records", None),
        (HEADER.encode() + b"\n\r\n", "no records", None),
        (GOOD.replace(b"Age,", b""), "missing column 'Age'", 1),
        (b"\n\n" + GOOD.replace(b"Age,", b""), "missing column 'Age'", 3),
        (GOOD.replace(b"Age,", b"Age,Shoe,"), "unknown column 'Shoe'", 1),
        (GOOD.replace(b"Age,", b"Age,Age,"), "repeated column 'Age'", 1),
        (GOOD.replace(b"Age,", b"age,"), "names that differ only in case or blanks: 'age' for 'Age'", 1),
        (ROW.encode(), "not the header", 1),
        (GOOD.replace(b",", b";"), "is separated by semicolons and not by commas", 1),
        (GOOD.replace(b"\n", b"\r"), "CR alone", 1),
        (HEADER.strip().encode() + b"\r" + ROW.encode(), "CR alone", 1),
        ((HEADER + ROW).encode("utf-16"), "UTF-16", None),
        ((HEADER + ROW).encode("utf-16-le"), "UTF-16", 1),
        (gzip.compress(GOOD), "packed with gzip", None),
        (b"PK\x03\x04 a spreadsheet", "spreadsheet", None),
    ],
)
def test_an_unusable_file_is_refused_saying_where_and_why(data: bytes, says: str, line: int | None) -> None:
    error = rejection(data)
    assert says in str(error)
    assert error.line == line
    assert "Canary" not in str(error)
    assert "987-65" not in str(error)


def test_bytes_that_are_not_utf8_are_refused_with_line_and_column() -> None:
    row = ROW.encode()
    bad = HEADER.encode() + row + b'"open\n' + row * 4 + b'"CUS,2",Ren\xe9 Canary,30,1,L,1/5/2023\n' + row
    for block in (100, 1 << 20):
        error = rejection(bad, limits=Limits(block=block, record=1000))
        assert (error.line, error.column) == (8, "Name")
        assert "0xe9" in str(error)
        assert "Canary" not in str(error)
        assert error.__context__ is None


def test_a_rejection_survives_the_way_between_processes() -> None:
    error = rejection(HEADER.encode() + b"\xff" + ROW.encode())
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.line, copy.column) == (str(error), error.line, error.column)


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        GOOD.rstrip(b"\n"),
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        b"\r\n\n" + GOOD,
        b'"Customer_ID","Name","Age","SSN","Occupation","snapshot_date"\n' + ROW.encode(),
    ],
)
def test_what_is_fine(data: bytes) -> None:
    assert number_of_rows(data) == 1


def test_reordered_columns_come_out_in_declared_order() -> None:
    data = b"snapshot_date,SSN,Age,Name,Occupation,Customer_ID\n1/5/2023,1,40,Ann,Lawyer,CUS_1\n"
    (chunk,) = read_extract(io.BytesIO(data), ATTRIBUTES, "people.csv")
    assert chunk.table.column_names == list(ATTRIBUTES.names)
    assert list(chunk.table.to_pylist()[0].values()) == ["CUS_1", "Ann", "40", "1", "Lawyer", "1/5/2023"]


def test_gzip_is_unpacked_also_in_several_members_and_with_padding() -> None:
    packed = gzip.compress(HEADER.encode()) + gzip.compress(ROW.encode() * 1000) + gzip.compress(ROW.encode())
    assert number_of_rows(packed, "people.csv.gz", Limits(block=512, record=512)) == 1001
    assert number_of_rows(packed + b"\0" * 100, "PEOPLE.CSV.GZ") == 1001
    assert number_of_rows(gzip.compress(GOOD), "people.csv.gz") == 1


def test_gzip_that_was_cut_anywhere_is_refused() -> None:
    packed = gzip.compress((HEADER + ROW * 50).encode())
    for end in range(1, len(packed)):
        assert "gzip" in str(rejection(packed[:end], "people.csv.gz"))
    assert "is empty" in str(rejection(b"", "people.csv.gz"))


def test_gzip_with_any_byte_of_its_data_changed_is_refused() -> None:
    packed = gzip.compress((HEADER + ROW * 50).encode(), mtime=0)
    for place in range(10, len(packed)):
        changed = packed[:place] + bytes([packed[place] ^ 0x10]) + packed[place + 1 :]
        assert "people.csv.gz" in str(rejection(changed, "people.csv.gz"))


def test_something_else_named_gz_is_refused() -> None:
    assert "not intact gzip" in str(rejection(GOOD, "people.csv.gz"))


def test_a_gzip_bomb_is_refused_at_the_stated_size() -> None:
    bomb = gzip.compress(GOOD + ROW.encode() * 200_000)
    assert "limit of 1,000,000 bytes" in str(rejection(bomb, "bomb.csv.gz", Limits(unpacked=1_000_000)))
    exact = gzip.compress(GOOD)
    assert number_of_rows(exact, "fits.csv.gz", Limits(unpacked=len(GOOD))) == 1
    assert "limit" in str(rejection(exact, "over.csv.gz", Limits(unpacked=len(GOOD) - 1)))


def test_a_first_line_without_end_is_refused_early() -> None:
    stream = Counted(b"x" * 10_000_000)
    with pytest.raises(InputRejected, match="too long for a header"):
        list(line_blocks(stream, "people.csv", Limits(block=1000, record=5000)))
    assert stream.given < 10_000
    assert "too long for a header" in str(rejection(b"x" * 100_000))


class Counted:
    """A stream that remembers how much was taken from it, and how much at most at once."""

    def __init__(self, data: bytes) -> None:
        self.inner, self.given, self.largest = io.BytesIO(data), 0, 0

    def read(self, n: int, /) -> bytes:
        piece = self.inner.read(n)
        self.given, self.largest = self.given + len(piece), max(self.largest, len(piece))
        return piece


def test_reading_streams() -> None:
    stream = Counted(GOOD + ROW.encode() * 10_000)
    chunks: Iterator[object] = read_extract(stream, ATTRIBUTES, "people.csv", Limits(block=10_000, record=1000))
    next(chunks)
    assert stream.given == 10_000
    assert sum(1 for _ in chunks) > 20
    assert stream.largest == 10_000


def test_an_arrow_stream_will_do() -> None:
    (chunk,) = read_extract(pa.BufferReader(GOOD), ATTRIBUTES, "people.csv")
    assert chunk.table.num_rows == 1
    (chunk,) = read_extract(pa.BufferReader(gzip.compress(GOOD)), ATTRIBUTES, "people.csv.gz")
    assert chunk.table.num_rows == 1


@given(st.lists(st.text("aé🙂\r", max_size=12), min_size=1), st.integers(1, 40), st.integers(5, 30))
def test_blocks_are_whole_lines_that_make_up_the_file(lines: list[str], block: int, longest: int) -> None:
    data = b"h\n" + "".join(line + "\n" for line in lines).encode()
    blocks = list(line_blocks(io.BytesIO(data), "f.csv", Limits(block=block, record=longest)))
    assert all(piece.endswith(b"\n") for piece in blocks)
    found, expected = b"".join(blocks).split(b"\n"), data.split(b"\n")
    assert len(found) == len(expected)
    for got, line in zip(found, expected, strict=True):
        assert got == line if len(line) <= longest else len(got) > longest
        assert line.startswith(got.rstrip(b" "))
        got.decode()


def test_utf8_text_of_another_declared_encoding_is_refused() -> None:
    text = "id,name\n1,José\n2,Zoë\n"
    assert b"".join(line_blocks(io.BytesIO(text.encode("cp1252")), "a.csv", Limits(), "cp1252")).decode() == text
    with pytest.raises(InputRejected, match="is UTF-8 text and not cp1252"):
        list(line_blocks(io.BytesIO(text.encode()), "a.csv", Limits(block=3), "cp1252"))
    plain = b"id,name\n1,Jose\n"
    assert b"".join(line_blocks(io.BytesIO(plain), "a.csv", Limits(), "cp1252")) == plain
    chinese = "联通\n".encode("gbk")  # two letters that are valid UTF-8 too
    assert b"".join(line_blocks(io.BytesIO(chinese), "a.csv", Limits(), "gbk")).decode() == "联通\n"
