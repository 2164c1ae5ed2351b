"""The verdict on every line, against a slow reading of the same rules one character at a time."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.bronze.scan import Shape, scanned


def fields_of(record: str) -> int | None:
    """The number of fields of one record by RFC 4180, or None; `record` ends in LF or CRLF."""
    state, fields = "start", 1
    for letter in record.removesuffix("\n").removesuffix("\r"):
        if state == "quoted":
            state = "closed" if letter == '"' else "quoted"
        elif letter == '"' and state in {"start", "closed"}:
            state = "quoted"
        elif letter == ",":
            state, fields = "start", fields + 1
        elif state == "closed" or letter in '"\r\n':
            return None
        else:
            state = "bare"
    return None if state == "quoted" else fields


def is_record(record: str, shape: Shape) -> bool:
    return len(record) <= shape.longest and "\0" not in record and fields_of(record) == shape.fields


def joined(lines: list[str], first: int, shape: Shape) -> int:
    """The last line of the record that starts at `first`."""
    if lines[first].count('"') % 2 == 0:
        return first
    last = next((at for at in range(first + 1, len(lines)) if lines[at].count('"') % 2), first)
    record = "".join(lines[first : last + 1])
    if len(record) > shape.longest or fields_of(record) is None:
        return first
    alone = [line for line in lines[first + 1 : last] if line.strip("\r\n") and is_record(line, shape)]
    return first if 2 * len(alone) > last - first - 1 else last


def slowly_scanned(text: str, shape: Shape) -> tuple[int, list[int], int]:
    """Good records, lines of malformed ones, blank lines."""
    lines = re.findall(r"[^\n]*\n", text)
    good, faults, blank, at = 0, [], 0, 0
    while at < len(lines):
        last = at
        if lines[at] in {"\n", "\r\n"}:
            blank += 1
        else:
            last = joined(lines, at, shape)
            if is_record("".join(lines[at : last + 1]), shape):
                good += 1
            else:
                faults.append(at)
        at = last + 1
    return good, faults, blank


@given(
    st.sampled_from(['a,"\n', "a,\n", 'a,"\n\r', 'a,"\n\0', '"\n,']).flatmap(st.text),
    st.integers(1, 4),
    st.sampled_from([8, 20, 1000]),
)
@example('a,"b\na,b\na,b\nc","d\n', 2, 1000)
@example('a,"b\n\nc","d\n', 2, 1000)
@example('a,"b\nfar too long\nc","d\n', 2, 20)
@example("a,b\na,far too long", 2, 8)
def test_the_scan_agrees_with_a_slow_one(text: str, fields: int, longest: int) -> None:
    text += "\n"
    shape = Shape(fields, longest, 0)
    scan = scanned(text.encode(), shape)
    assert (scan.good, [fault.line for fault in scan.faults], scan.blank_lines) == slowly_scanned(text, shape)
    assert (scan.lines, scan.end) == (text.count("\n"), len(text))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("1,2", "2 instead of 3 fields"),
        ("1,2,3,4", "4 instead of 3 fields"),
        ("1", "1 instead of 3 fields"),
        ('1,"2,3",4,5', "4 instead of 3 fields"),
        ('1,"2\n,3",4,"5\n6"', "4 instead of 3 fields"),
        ('1,"2,3', "a broken quote"),
        ('1,2",3', "a broken quote"),
        ('1,2"2"2,3', "a broken quote"),
        ('1,"2"2,3', "a broken quote"),
        ('1,"2" ,3', "a broken quote"),
        ('1, "2",3', "a broken quote"),
        ("1,2\0,3", "a NUL byte"),
        ('1,"2\0\n",3', "a NUL byte"),
        ("1,2\r,3", "a carriage return inside a line"),
        ("1,2,3\r\r", "a carriage return inside a line"),
        ("1,2," + 500 * "x", "longer than 100 bytes"),
    ],
)
def test_a_malformed_record_is_one_fault_with_its_reason(record: str, reason: str) -> None:
    before, after = '1,"x",3\n1,,\n', '"1\n2",x,\n1,2,3\r\n'
    scan = scanned((before + record + "\n" + after).encode(), Shape(3, 100, 100))
    assert [(fault.line, fault.reason) for fault in scan.faults] == [(2, reason)]
    fault = scan.faults[0]
    assert (fault.start, fault.end) == (len(before), len(before + record) + 1)
    assert scan.good == 4


def test_lines_of_a_quoted_field_may_be_blank_or_hold_anything() -> None:
    scan = scanned(b'1,"a\n\n\r\n,,,,\n""\n\r",3\n\n4,5,6\n', Shape(3, 100, 0))
    assert (scan.good, scan.faults, scan.blank_lines, scan.quoted_ends) == (2, [], 1, True)


def test_two_open_quotes_do_not_swallow_the_records_between_them() -> None:
    between = b"1,2,3\n" * 50
    scan = scanned(b'1,",3\n' + between + b'1,",3\n' + between, Shape(3, 1 << 20, 0))
    assert [fault.line for fault in scan.faults] == [0, 51]
    assert scan.good == 100


def test_an_open_quote_waits_for_more_but_not_for_ever() -> None:
    data = b'1,2,3\n1,"2\n1,2,3\n'
    waiting = scanned(data, Shape(3, 100, 100))
    assert (waiting.good, waiting.faults, waiting.lines, waiting.end) == (1, [], 1, 6)
    given_up = scanned(data, Shape(3, 100, 10))
    assert (given_up.good, [fault.line for fault in given_up.faults], given_up.lines) == (2, [1], 3)


@pytest.mark.thorough
@pytest.mark.parametrize("line", [b'a,"b\n', b'a,b"\n', b'a,""b"\n', b'a,"b""\n', b'"a,"\n', b"a\n", b"\0\n"])
def test_a_block_full_of_faults_takes_time_in_proportion(line: bytes) -> None:
    scan = scanned(line * 100_000, Shape(2, 1 << 20, 0))
    assert scan.good + len(scan.faults) <= 100_000
    assert len(scan.faults) >= 50_000


def test_a_megabyte_of_awkward_quotes_is_judged() -> None:
    for awkward in (b'"' * 1_000_001, b'"",' * 300_000, b',"' * 500_001, b'"a' * 500_001):
        assert scanned(awkward + b"\n", Shape(3, 1 << 20, 0)).good == 0
