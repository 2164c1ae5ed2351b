"""The ranges of a file, put together, are what one reader makes of it: rows, rejects, lines, counts and errors."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.bronze.extracts import Limits
from jobs.bronze.ranges import ByteRange, RangeReader, ranges_of
from jobs.bronze.records import Chunk, Reject, read_extract, without_records
from jobs.bronze.scan import Shape, sure_start
from jobs.errors import InputRejected
from storage.lake.extracts import SourceFile, digest_and_lines
from tests.columns import IDENTIFIER, TEXT, source_of

SOURCE = source_of(replace(IDENTIFIER, name="id"), replace(TEXT, name="c1"), replace(TEXT, name="c2"))
HEADER = b"id,c1,c2\n"


@dataclass
class Read:
    """What was read of a file, or the error that ended it."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    records: int = 0
    blank_lines: int = 0
    error: tuple[Any, ...] | None = None

    def add(self, chunks: Iterable[Chunk]) -> None:
        """Adds chunks up to the first error."""
        try:
            for chunk in chunks:
                self.rows += [tuple(row.values()) for row in chunk.table.to_pylist()]
                self.rejects += chunk.rejects
                self.records += chunk.records
                self.blank_lines += chunk.blank_lines
        except InputRejected as error:
            self.error = (str(error), error.line, error.column)


def of_one_reader(data: bytes, limits: Limits) -> Read:
    read = Read()
    read.add(read_extract(io.BytesIO(data), SOURCE, "x.csv", limits))
    return read


def in_ranges(data: bytes, limits: Limits, size: int) -> tuple[Read, list[int]]:
    """What the ranges of `size` bytes make of a file, up to the first error, and the records of each."""
    sha256, lines = digest_and_lines(io.BytesIO(data), len(data) // size, size)
    file = SourceFile(SOURCE.dataset, "folder", "x.csv", len(data), sha256, "", tuple(lines), size)
    read, records = Read(), []
    for each in ranges_of((file,), SOURCE):
        before = read.records
        read.add(RangeReader(pa.BufferReader(data), SOURCE, each, limits).chunks())
        records.append(read.records - before)
        if read.error:
            return read, records
    if not read.records:
        read.error = (str(without_records("x.csv")), None, None)
    return read, records


GOOD = st.sampled_from([b"1,a,b\n", b"22,bb,cc\r\n", b'3,"x",y\n', b'"4","x ""y"" z","w"\n', "5,é,🙂\n".encode()])
SPANNING = st.sampled_from(
    [b'6,"two\nlines",z\n', b'7,"a\n\nb","c\nd"\n', b'8,x,"\n"\n', b'9,"1,a,b\n2,a,b\n",z\n', b'"\n","\n","\n"\n']
)
BROKEN = st.sampled_from(
    [b"1,2\n", b"1,2,3,4\n", b"1,\0,c\n", b"1,a\rb,c\n", b"\n", b"\r\n", b"x" * 30 + b"\n", b"q" * 90]
)
BROKEN |= st.sampled_from(
    [b'1,"open,b\n', b'1,a"b,c\n', b'"\n', b'",\n', b'","\n', b'1,"a"b"c,d\n', b'1,"' + b"z,\n" * 20]
)
# Lines that are cut, at a place that depends on the blocks: what is cut off can't be seen.
LONG = st.sampled_from(
    [b"q" * 300 + b"\n", b"a," * 60 + b"\xff\n", b"1,a,b" + b"\r" * 90 + b"z\n", b'"' + b"," * 99 + b'"\n']
)
LONG |= st.integers(1, 250).map(lambda size: b"x" * size + b"\xff,1\n")
ENDLESS = st.integers(1, 60).map(lambda times: b'",\n' * times)  # every two lines may be one record
BYTES = st.binary(max_size=6) | st.text('1a,"\n\r', max_size=12).map(str.encode)
FAULTY = st.sampled_from([b"\xff", b"1,\xe9,c\n", b"\xf0\x9f", "é".encode() * 30 + b"\n"])
PLAIN = st.integers(1, 12).map(lambda times: b"1,a,b\n" * times)
KINDS = (PLAIN | SPANNING | BROKEN | BYTES | ENDLESS, PLAIN | SPANNING | FAULTY, GOOD | LONG, LONG | ENDLESS | BROKEN)
BODY = st.sampled_from(KINDS).flatmap(lambda kinds: st.lists(GOOD | kinds, max_size=60))
START = st.sampled_from([HEADER, b"\xef\xbb\xbf" + HEADER, b"\n\r\n" + HEADER, b"id,c2,c1\r\n", b'id,"c1","c2"\n'])
ODD_START = st.sampled_from([b"", b"id,c1\n", b"\xff\xfe", b'id,c1,"c2\n', b"id,c1,c2", b"id,c1,\xff\n"])
LIMITS = st.builds(Limits, block=st.sampled_from([32, 48, 100, 1 << 20]), record=st.sampled_from([8, 24, 60, 200]))


@settings(max_examples=300)
@given(START | START | START | ODD_START, BODY, LIMITS, st.integers(32, 400))
@example(HEADER, [b"1,a,b\n" * 6, b"q" * 150 + b"\n", b"1,a,b\n" * 20], Limits(32, 24), 48)
@example(HEADER, [b"1,a,b\n" * 9, b"x" * 52 + b"\xff\n", b"1,a,b\n" * 20], Limits(32, 24), 48)
@example(HEADER, [b'",\n' * 60, b"1,a,b\n"], Limits(32, 200), 33)
@example(
    HEADER,
    [b"1,a,b\n22,bb,cc\r\n", b'"4","x ""y"" z","w"\n' * 2, b'11"\n1111,a,b\n', b"1,a,b\n" * 3],
    Limits(32, 8),
    32,
)
@example(HEADER, [b'1,"open,b\n', b"1,a,b\n" * 40, b'3,"x\ny",z\n', b"1,a,b\n" * 40], Limits(32, 60), 64)
def test_ranges_read_what_one_reader_reads(start: bytes, body: list[bytes], limits: Limits, size: int) -> None:
    limits = replace(limits, block=min(limits.block, size))
    data = start + b"".join(body)
    one, (ranges, _) = of_one_reader(data, limits), in_ranges(data, limits, max(size, limits.block))
    if one.error:
        assert ranges.error == one.error
    else:
        assert ranges == one


@pytest.mark.parametrize(
    "line", [b"1,a,b\n", b'"1","a","b"\r\n', b'1,"a\nb",c\n', b'1,"a ""x""\n\n,b",c\n', b'1,"open,b\n', b"1,a\n\n"]
)
def test_each_range_of_a_common_file_has_its_share(line: bytes) -> None:
    data = HEADER + line * 2000
    one, (ranges, records) = of_one_reader(data, Limits(256, 100)), in_ranges(data, Limits(256, 100), 1000)
    assert ranges == one
    assert len(records) == len(data) // 1000
    assert min(records[:-1]) > max(records[:-1]) - 400 / len(line) - 2 > 0


def test_a_range_without_a_line_that_is_certain_is_read_with_the_one_before() -> None:
    data = HEADER + b'",\n' * 1000 + b"1,a,b\n" * 100
    one, (ranges, records) = of_one_reader(data, Limits(64, 1 << 20)), in_ranges(data, Limits(64, 1 << 20), 500)
    assert ranges == one
    assert records.count(0) > 3
    assert one.rejects


def test_files_that_can_not_be_read_from_the_middle_are_one_range() -> None:
    file = SourceFile(SOURCE.dataset, "folder", "x.csv", 1 << 30, "", lines=(0, 7, 9))
    latin = replace(SOURCE, dialect=replace(SOURCE.dialect, encoding="latin-1"))
    assert [each.of for each in ranges_of((file,), latin)] == [1]
    assert ranges_of((file, replace(file, lines=())), SOURCE) == [
        *(ByteRange(file, number, 3) for number in range(3)),
        ByteRange(replace(file, lines=())),
    ]


def test_a_start_is_certain_whatever_comes_before() -> None:
    shape = Shape(3, 12, 12)
    assert sure_start(b"1,a,b\n1,a,b\n", shape) == 0
    assert sure_start(b'1,a,b\n1",b\n', shape) is None
    assert sure_start(b'1,a,"b\nc"\n1,a,b\n1,a,b\n', shape) == 10
    assert sure_start(b'a"b\na"b\n', shape) == 4
    assert sure_start(b'1"\n1,a,b\n1,a,b\n', shape) == 3
    assert sure_start(b'1"\n1,a,b\n1\n', shape) is None
    assert sure_start(b'1,a,b\n1"\n', Shape(3, 8, 8)) == 0
    assert sure_start(b'1,a,b\n1"\n', Shape(3, 9, 9)) is None


def test_a_range_may_begin_with_a_line_that_is_too_long() -> None:
    data = HEADER + b"1,a,b\n" * 4 + b"x" * 36 + b"\r\n" + b"1,a,b\n" * 20
    start = len(HEADER) + 24
    limits = Limits(11, 20)
    one, (ranges, records) = of_one_reader(data, limits), in_ranges(data, limits, start)
    assert ranges == one
    assert records[:2] == [4, 1]
    assert [reject.line for reject in one.rejects] == [6]


def test_a_line_is_cut_where_the_one_reader_cuts_it() -> None:
    limits = Limits(64, 20)
    for offset in range(0, 64, 9):
        for size in range(20, 150, 11):
            data = HEADER + b"1,a,b\n" * 12 + b"x" * offset + b"\n" + b"y" * size + b"\xff\n" + b"1,a,b\n" * 40
            assert in_ranges(data, limits, 70)[0].error == of_one_reader(data, limits).error
