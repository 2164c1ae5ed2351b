"""Extracts read to the last record: values unchanged, every malformed row found, no personal data shown."""

import csv
import io
import re
import traceback
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.book.columns import Source
from jobs.bronze import records
from jobs.bronze.extracts import Limits
from jobs.bronze.records import Chunk, Reject, read_extract
from jobs.bronze.scan import Scan
from jobs.errors import JobError
from tests.columns import IDENTIFIER, TEXT, source_of
from tests.retail import SOURCES

PLAIN = source_of(replace(IDENTIFIER, name="id"), *(replace(TEXT, name=f"c{n}") for n in range(1, 6)))
ATTRIBUTES = SOURCES["features_attributes"]
HEADER = ",".join(PLAIN.names) + "\n"

Row = tuple[str, ...]


def rows_of(chunks: list[Chunk]) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for chunk in chunks for row in chunk.table.to_pylist()]


def rejects_of(chunks: list[Chunk]) -> list[Reject]:
    return [reject for chunk in chunks for reject in chunk.rejects]


def read(text: str, source: Source = PLAIN, limits: Limits | None = None) -> list[Chunk]:
    return list(read_extract(io.BytesIO(text.encode()), source, "extract.csv", limits))


def as_csv(rows: Sequence[Sequence[str]], ends: str = "\n") -> str:
    """The rows as the csv module writes them; every value quoted, as it would leave a bare CR unquoted."""
    out = io.StringIO()
    csv.writer(out, lineterminator=ends, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


# Values too short to hold a whole record of six fields between two line ends.
VALUES = st.text('ab0,"\n\r =é🙂\ufeff', max_size=6) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6
)
ROWS = st.lists(st.tuples(*[VALUES] * 6), min_size=1, max_size=20)
LIMITS = st.builds(Limits, block=st.sampled_from([1, 7, 64, 1 << 20]), record=st.just(1000))


@given(ROWS, st.permutations(PLAIN.names), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]), LIMITS)
def test_rows_come_back_exactly(rows: list[Row], order: list[str], ends: str, mark: str, limits: Limits) -> None:
    places = [PLAIN.names.index(name) for name in order]
    chunks = read(mark + as_csv([order, *([row[place] for place in places] for row in rows)], ends), PLAIN, limits)
    assert rows_of(chunks) == rows
    assert rejects_of(chunks) == []
    assert all(chunk.table.schema == PLAIN.bronze_schema for chunk in chunks)


@given(ROWS, st.sampled_from(["", "\n"]))
def test_rows_come_back_when_only_what_needs_it_is_quoted(rows: list[Row], last: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    chunks = read(HEADER + out.getvalue().removesuffix("\r\n") + last)
    assert rows_of(chunks) == rows


CORRUPT = [
    "1,2,3,4,5",
    "1,2,3,4,5,6,7",
    "alone",
    '1,"open,3,4,5,6',
    "1,2,3,4,5," + '"open',
    '1,st"ray,3,4,5,6',
    '1,"clo"sed,3,4,5,6',
    '1,"clo"se"d,3,4,5,6',
    "1,n\0l,3,4,5,6",
    '1,"n\0\nl",3,4,5,6',
    '1,"two\nlines",3',
    "1,a\rb,3,4,5,6",
    "x" * 1200,
]
WORDS = st.from_regex(r"[a-z]([a-z ,\n]{0,3}[a-z])?", fullmatch=True)
GOOD = st.tuples(*[WORDS] * 6)
BLANK = st.sampled_from(["", "\r"])


@given(st.lists(GOOD | st.sampled_from(CORRUPT) | BLANK, min_size=1, max_size=40), LIMITS)
def test_each_corruption_is_one_reject_on_its_line_and_costs_nothing_else(
    pieces: list[Row | str], limits: Limits
) -> None:
    text, blank = HEADER, 0
    lines: list[int] = []
    good: list[Row] = []
    for piece in [*pieces, ("a",) * 6]:
        line = 1 + text.count("\n")
        if isinstance(piece, tuple):
            good.append(piece)
            text += as_csv([piece])
        else:
            blank += not piece.strip()
            lines += [line] if piece.strip() else []
            text += piece + "\n"
    chunks = read(text, PLAIN, limits)
    assert rows_of(chunks) == good
    assert [reject.line for reject in rejects_of(chunks)] == lines
    assert sum(chunk.blank_lines for chunk in chunks) == blank
    assert sum(chunk.records for chunk in chunks) == len(good) + len(lines)


@given(st.text('a1,"\n\r\0é', max_size=80), LIMITS)
def test_any_text_is_all_accounted_for(text: str, limits: Limits) -> None:
    whole, pieces = read(HEADER + "1,2,3,4,5,6\n" + text), read(HEADER + "1,2,3,4,5,6\n" + text, PLAIN, limits)
    assert rows_of(whole) == rows_of(pieces)
    assert rejects_of(whole) == rejects_of(pieces)
    assert sum(chunk.records for chunk in whole) == len(rows_of(whole)) + len(rejects_of(whole))


@pytest.mark.parametrize(
    "value",
    [
        *("000123", "CUS_" + "9" * 5000, "a,b", 'say "hi"', "🙂", " padded ", "=HYPERLINK(1)", "\ufeffx", "\x1a"),
        *("NULL", "null", "NA", "nan", "", "1e5", "true", "#N/A", "\\N"),
    ],
)
def test_values_are_kept_as_received(value: str) -> None:
    chunks = read(HEADER + as_csv([[value] * 6]))
    assert rows_of(chunks) == [(value,) * 6]
    if not set(value) & {",", '"'}:
        assert rows_of(read(HEADER + ",".join([value] * 6) + "\n")) == [(value,) * 6]


def test_a_cut_file_loses_only_its_last_line() -> None:
    whole = as_csv([("a", "b", "c", "d", "e", f"text {n}") for n in range(50)])
    end = whole.index("text 30")
    chunks = read(HEADER + whole[:end])
    assert len(rows_of(chunks)) == 30
    assert [(reject.line, reject.reason) for reject in rejects_of(chunks)] == [(32, "a broken quote")]


def test_an_unclosed_quote_costs_its_line_also_at_a_distance_beyond_the_limit() -> None:
    good = "1,2,3,4,5,6\n" * 1000
    chunks = read(HEADER + good + '1,"2,3,4,5,6\n' + good + good, PLAIN, Limits(block=5000, record=3000))
    assert len(rows_of(chunks)) == 3000
    assert [reject.line for reject in rejects_of(chunks)] == [1002]


def test_a_record_over_many_blocks_is_put_together() -> None:
    text = "line\n" * 100
    rows = [("1", "2", "3", "4", "5", text)] * 30
    chunks = read(HEADER + as_csv(rows), PLAIN, Limits(block=64, record=1000))
    assert rows_of(chunks) == rows


def test_reject_text_is_kept_for_other_datasets_up_to_a_length() -> None:
    (short, long) = rejects_of(read(HEADER + '1,"é,3\n' + "1," * 3000 + "\n1,2,3,4,5,6\n"))
    assert short.text == '1,"é,3'
    assert long.text == ("1," * 3000)[: records.SHOWN_LETTERS]


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("CUS_0x1,Ann Bell,40,123-45-6789,Lawyer", "CUS_0x1,<text>,40,<ssn>,<text>"),
        ("CUS_0x1,Ann Bell,40,123-45-6789,Lawyer,1/5/2023,7", "CUS_0x1,<text>,<number>,<ssn>,<text>,1/5/2023,<number>"),
        ("Ann Bell,40,123-45-6789,Lawyer,1/5/2023", "<text>,40,<ssn>,<text>,1/5/2023"),
        ('CUS_0x1,"Bell, Ann,40_,123-45-6789,Lawyer,1/5/2023', "CUS_0x1,<text>,<text>,40_,<ssn>,<text>,1/5/2023"),
        ("CUS_0x1,Ann,123,45,6789,Lawyer,1/5/2023", "CUS_0x1,<text>,<number>,<number>,<number>,<text>,1/5/2023"),
        ("123-45-6789,Ann", "<ssn>,<text>"),
        ("SSN_123456789,Ann", "<text>,<text>"),
        ("Bell,CUS_0x1", "<text>,<text>"),
        ("CUS_0x1,123456789", "CUS_0x1,<number>"),
        ("CUS_0x1,,-5", "CUS_0x1,,-5"),
        ("CUS_0x1,Ann\0,40,1,L,1/5/2023", "CUS_0x1,<text>,<number>,<number>,<text>,1/5/2023"),
    ],
)
def test_reject_text_of_people_shows_kinds_not_values(row: str, shown: str) -> None:
    chunks = read(",".join(ATTRIBUTES.names) + "\n" + row + "\n", ATTRIBUTES)
    assert [reject.text for reject in rejects_of(chunks)] == [shown]


@given(st.text('0123456789- ,"\n\r\0/_xé', max_size=60))
def test_no_ssn_is_ever_shown_however_the_row_is_broken(noise: str) -> None:
    row = f"CUS_0x1,{noise}987-65-4321{noise},Canary{noise}\n"
    for reject in rejects_of(read(",".join(ATTRIBUTES.names) + "\n" + row, ATTRIBUTES)):
        assert not re.search(r"987.?65.?4321", reject.text)
        assert "Canary" not in reject.text


def test_a_count_that_differs_from_arrows_is_an_error_without_values() -> None:
    extract = records._Extract(ATTRIBUTES, "people.csv", ATTRIBUTES.names)
    data = b"CUS_0x1,Canary,40,987-65-4321,Lawyer,1/5/2023\n"
    for bad in (data * 2, data + b"CUS_0x1,Canary,987-65-4321\n"):
        with pytest.raises(JobError, match=r"people\.csv") as caught:
            records._chunk(extract, bad, Scan(1, [], 0, quoted_ends=False, lines=1, end=len(bad)), 2)
        shown = "".join(traceback.format_exception(caught.value))
        assert "Canary" not in shown
        assert "4321" not in shown


def test_chunks_of_a_header_order_share_the_bronze_schema_even_when_all_is_rejected() -> None:
    chunks = read(HEADER + "1\n2\n")
    assert [chunk.table.schema for chunk in chunks] == [PLAIN.bronze_schema]
    assert pa.concat_tables([chunk.table for chunk in chunks]).num_rows == 0
