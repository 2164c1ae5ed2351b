"""Received texts turned into numbers; what could mean more than one number is null."""

import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Dialect, Kind
from jobs.silver.values import EMPTY, Values, may_hold, patched

NO_NUMBER = "no number"
AMBIGUOUS = "ambiguous number"
NOT_WHOLE = "not a whole number"
NEGATIVE = "negative count"
TOO_LARGE = "beyond 1e15"

LARGEST = 10**15
MINUS = "\u2212"

_PLAIN = {Kind.INTEGER: "^-?[0-9]{1,15}$", Kind.COUNT: "^[0-9]{1,15}$", Kind.DECIMAL: r"^-?[0-9]{1,15}(\.[0-9]+)?$"}
# What may stand around a number without changing it. Not letters, %, <>, commas: 40k, 5%, <5, 1,5.
_JUNK = r"[\s_$€£¥₹#@&!?*;:|\"'`]*+"
_RUN = r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?[0-9]{1,4})?"
_NUMBER = re.compile(f"{_JUNK}({_RUN}){_JUNK}")
_NEGATIVE = re.compile(rf"{_JUNK}(?:\({_JUNK}([0-9.]+){_JUNK}\)|([0-9.]+)\s*-){_JUNK}")
_AROUND = " \t\u00a0\u202f'\u2019$€£¥₹"
_DIGIT = re.compile(r"\d")


def numbers(texts: pa.Array, kind: Kind, dialect: Dialect) -> Values:
    """Numbers of a kind (int64 or float64): plain ones by Arrow, the others by `_number`."""
    texts = _with_points(texts, dialect)
    if may_hold(texts, MINUS):
        texts = pc.replace_substring(texts, MINUS, "-")
    plain = pc.match_substring_regex(texts, _PLAIN[kind])
    places = np.flatnonzero(~plain.to_numpy(zero_copy_only=False)).tolist()
    if not places:
        return texts.cast(kind.type), {}
    values = pc.if_else(plain, texts, None).cast(kind.type)
    return patched(values, len(texts), places, [_number(texts[place].as_py(), kind) for place in places])


def _with_points(texts: pa.Array, dialect: Dialect) -> pa.Array:
    """The texts with a point as decimal character and without thousands characters.

    A thousands character goes only where it separates groups of three digits. A mark in any other place, and a point
    that is no decimal character, become commas, which no number may hold.
    """
    point, thousands = dialect.decimal_char, dialect.thousands_char
    if point == "." and not thousands:
        return texts
    texts = pc.utf8_trim(texts, characters=_AROUND)
    if thousands:
        mark, end = re.escape(thousands), re.escape(point)
        grouped = pc.match_substring_regex(
            texts, rf"^[^0-9{mark}{end}]*{_groups(mark, indian=thousands == ',')}({end}[0-9]*)?[^0-9{mark}{end}]*$"
        )
        texts = pc.if_else(grouped, pc.replace_substring(texts, thousands, ""), texts)
        texts = pc.replace_substring(texts, thousands, "\0")
    if point != ".":
        texts = pc.replace_substring(texts, ".", "\0")
        texts = pc.replace_substring(texts, point, ".")
    return pc.replace_substring(texts, "\0", ",")


def _groups(mark: str, *, indian: bool) -> str:
    """The pattern of digits in groups of three; of `indian` ones also in groups of two before the last three."""
    threes = f"[0-9]{{1,3}}({mark}[0-9]{{3}})+"
    return f"({threes}|[0-9]{{1,2}}({mark}[0-9]{{2}})*{mark}[0-9]{{3}})" if indian else threes


def _number(text: str, kind: Kind) -> int | float | str:
    """The one number in a text, with its sign, or the reason why there is none.

    Junk around the number is dropped. A number in parentheses or with a minus sign behind it is negative. Anything that
    could mean more than one number is ambiguous: two runs of digits, two signs, letters, digits and dashes beyond
    ASCII.
    """
    if negative := _NEGATIVE.fullmatch(text):
        text = "-" + (negative[1] or negative[2])
    match = _NUMBER.fullmatch(text)
    if not match:
        if not text.strip():
            return EMPTY
        return AMBIGUOUS if _DIGIT.search(text) else NO_NUMBER
    number = Decimal(match[1])
    if abs(number) > LARGEST:
        return TOO_LARGE
    if kind is Kind.DECIMAL:
        return float(number)
    if number != number.to_integral_value():
        return NOT_WHOLE
    return NEGATIVE if kind is Kind.COUNT and number < 0 else int(number)
