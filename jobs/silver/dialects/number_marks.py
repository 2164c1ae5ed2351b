"""How the numbers of one file are written, where the book's dialect does not read them.

The decision is made once a column and file, from all of its distinct texts, and from the other columns of the file
where they leave doubt. What can mean two things is not decided: its texts stay unreadable, and `jobs.silver.limits`
rejects the file. A declared dialect is never replaced.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Dialect, Kind
from jobs.silver.values import may_hold

DEFAULT = Dialect()
THOUSANDS = (",", ".", "'", "\u2019", " ", "\u00a0", "\u202f", "")
MARKS = tuple((decimal, thousands) for decimal in ".," for thousands in THOUSANDS if thousands != decimal)
_BODY = re.compile(
    r"[^0-9.,'()+\u2212-]*[(+\u2212-]?[^0-9.,'()+-]*([0-9](?:[0-9.,'\u2019 \u00a0\u202f]*[0-9])?)"
    r"[^0-9.,'()+\u2212-]*[)\u2212-]?[^0-9.,'()+-]*"
)
_FIRST_GROUP = re.compile("[1-9][0-9]{0,2}")
# A point that separates three digits everywhere may be a thousands separator.
_MAY_BE_GROUPED = r"^[^0-9]*[1-9][0-9]{0,2}(\.[0-9]{3})+[^0-9]*$"
_HAS_DECIMALS = r"^[^0-9.,]*[0-9]*\.[0-9]+[^0-9.,]*$"
_FEW = 100  # texts that are looked at before the others, because one of them mostly tells
SIGNS = "$€£¥₹"


def number_dialect(texts: pa.Array, kind: Kind, dialect: Dialect, *, unreadable: bool) -> Dialect | None:
    """The dialect that reads the numbers of a column, given its distinct texts; the one given when no other is sure.

    None when the texts can be read with the given dialect and with another one, and nothing tells which is right.
    `unreadable` says whether the given dialect leaves texts of the column unreadable.
    """
    if dialect.exact or (dialect.decimal_char, dialect.thousands_char) != (
        DEFAULT.decimal_char,
        DEFAULT.thousands_char,
    ):
        return dialect
    in_doubt = _points_may_group(texts)
    if not (unreadable or in_doubt):
        return dialect
    bodies = [match[1] for text in texts.to_pylist() if (match := _BODY.fullmatch(text))]
    whole = kind is not Kind.DECIMAL
    fitting = {marks for marks in MARKS if all(_fits(body, marks, whole=whole) for body in bodies)}
    grouping = {marks for marks in fitting if marks[1] and any(marks[1] in body for body in bodies)}
    proven = {marks for marks in grouping if _is_proven(bodies, marks, fitting)}
    sure = proven or {marks for marks in fitting if not (marks[1] or grouping)}
    chosen = _chosen(sure, bodies)
    if chosen is None:
        return None if in_doubt else dialect
    return replace(dialect, decimal_char=chosen[0], thousands_char=chosen[1])


def _chosen(sure: set[tuple[str, str]], bodies: Sequence[str]) -> tuple[str, str] | None:
    """The one pair of marks that is sure; of pairs that differ in a decimal character without use, the usual one."""
    if len({thousands for _, thousands in sure}) != 1:
        return None
    used = {marks for marks in sure if any(marks[0] in body for body in bodies)} or sure
    usual = {marks for marks in used if marks[0] != ("," if marks[1] != "." else ".")}
    pairs = used if len(used) == 1 else usual
    return next(iter(pairs)) if len(pairs) == 1 else None


def proves_point(texts: pa.Array) -> bool:
    """Whether the texts prove that the point is the decimal character: one has decimals that are no group of three."""
    decimals = pc.match_substring_regex(texts, _HAS_DECIMALS)
    return bool(pc.any(pc.and_not(decimals, pc.match_substring_regex(texts, _MAY_BE_GROUPED))).as_py())


def common_dialect(dialects: Iterable[Dialect]) -> Dialect | None:
    """The one dialect of which all are: one decimal character, and one thousands character where there is any."""
    found = list(dialects)
    thousands = {one.thousands_char for one in found} - {""}
    if len({one.decimal_char for one in found}) != 1 or len(thousands) > 1:
        return None
    return replace(found[0], thousands_char=next(iter(thousands), ""))


def currencies(texts: pa.Array) -> list[str]:
    """The currency signs that stand beside the numbers of a column."""
    if not may_hold(texts, SIGNS):
        return []
    signed = texts.filter(pc.match_substring_regex(texts, f"[{SIGNS}]"))
    return [sign for sign in SIGNS if len(signed) and pc.any(pc.match_substring(signed, sign)).as_py()]


def description(dialect: Dialect, column_kind: Kind) -> str:
    """The dialect of a column in words, for logs and pages."""
    if column_kind is Kind.DATE:
        return f"dates {' or '.join(dialect.date_formats)}"
    thousands = f", thousands character {dialect.thousands_char!r}" if dialect.thousands_char else ""
    return f"decimal character {dialect.decimal_char!r}{thousands}"


def _points_may_group(texts: pa.Array) -> bool:
    """Whether every text with a point looks like a number in groups of three, and no other one has four digits."""
    pointed = texts.filter(pc.match_substring(texts, "."))
    if not len(pointed) or not all(_may_be_grouped(each) for each in (pointed.slice(0, _FEW), pointed)):
        return False
    rest = texts.filter(pc.invert(pc.match_substring(texts, ".")))
    return not pc.any(pc.match_substring_regex(rest, "[0-9]{4}")).as_py()


def _may_be_grouped(texts: pa.Array) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, _MAY_BE_GROUPED)).as_py())


def _fits(body: str, marks: tuple[str, str], *, whole: bool) -> bool:
    """Whether a number may be written so with this decimal and thousands character."""
    decimal, thousands = marks
    before, _, after = body.partition(decimal)
    if decimal in after or not (after.isdigit() or not after) or (whole and after.strip("0")):
        return False
    if not thousands or thousands not in before:
        return before.isdigit()
    first, *groups = before.split(thousands)
    if not _FIRST_GROUP.fullmatch(first) or not all(group.isdigit() for group in groups):
        return False
    sizes = [len(group) for group in groups]
    is_indian = thousands == "," and len(first) < 3 and sizes == [2] * (len(sizes) - 1) + [3]
    return is_indian or set(sizes) == {3}


def _is_proven(bodies: Sequence[str], marks: tuple[str, str], fitting: set[tuple[str, str]]) -> bool:
    """Whether the texts prove that the thousands character of `marks` groups digits and is no decimal character.

    Proof is that no reading fits in which it is the decimal character. For a character that is not the usual decimal
    one, it is also proof that no program writes the decimals so: some texts have none, so that trailing zeros are left
    out, and others end in a zero.
    """
    _, thousands = marks
    if not any(decimal == thousands for decimal, _ in fitting):
        return True
    if thousands == DEFAULT.decimal_char:
        return False
    marked = [body for body in bodies if thousands in body]
    plain = [body for body in bodies if thousands not in body]
    return bool(plain) and any(body.endswith("0") for body in marked) and all(len(body) <= 3 for body in plain)
