"""Which characters stand for the decimal point and between the thousands, and which texts are numbers then."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# What may stand around a number without changing it, as `jobs.silver.cleaning` has it.
_JUNK = r"[\s_$€£¥₹#@&!?*;:|\"'`]*+"
_MARK = "[.,' \u00a0\u202f]"
_GROUPED = re.compile(rf"{_JUNK}[+-]?[0-9]{{1,3}}(?:({_MARK})[0-9]{{3}})(?:\1[0-9]{{3}})*(?:([.,])[0-9]+)?{_JUNK}")
_MARKED = re.compile(rf"{_JUNK}[+-]?[0-9]*([.,])([0-9]+){_JUNK}")
_PLAIN = re.compile(rf"{_JUNK}([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+){_JUNK}")
_DIGITS = re.compile(rf"{_JUNK}[+-]?[0-9]+(?:{_MARK}[0-9]+)*{_JUNK}")
MOSTLY = 0.8


@dataclass(frozen=True)
class Marks:
    """The decimal and the thousands character. None where nothing or too little shows which."""

    decimal: str | None
    thousands: str | None


def marks_of(columns: Iterable[Mapping[str, int]], otherwise: str | None = None) -> Marks:
    """The marks that a file's columns (values and how often they occur) speak for.

    A number such as 1.234 alone may mean two things. Other numbers of the file decide; else the decimal character
    `otherwise`, as other files have it; else both marks are unknown.
    """
    decimals, thousands, doubtful = Counter[str](), Counter[str](), Counter[str]()
    for values in columns:
        if _share_of_numbers(values) >= MOSTLY:
            found, groups, both = _votes(values)
            decimals.update(found)
            thousands.update(groups)
            if not found and not groups:
                doubtful.update(both)
    decimal = decimals.most_common(1)[0][0] if decimals else otherwise
    if doubtful and decimal is None:
        return Marks(None, None)
    thousands.update({mark: count for mark, count in doubtful.items() if mark != decimal})
    thousands.pop(decimal or "", None)
    return Marks(decimal, thousands.most_common(1)[0][0] if thousands else "")


def plain_number(text: str, marks: Marks) -> str | None:
    """The number of a text as Python writes it; None for anything else."""
    grouped = _GROUPED.fullmatch(text)
    if grouped and marks.thousands and grouped[1] == marks.thousands and grouped[2] in (None, marks.decimal):
        text = text.replace(marks.thousands, "")
    if marks.decimal and marks.decimal != ".":
        if "." in text:
            return None
        text = text.replace(marks.decimal, ".")
    found = _PLAIN.fullmatch(text)
    return found[1] if found and (marks.decimal or "." not in text) else None


def looks_like_number(text: str) -> bool:
    """Whether a text is digits with marks between them, whatever the marks mean."""
    return bool(_DIGITS.fullmatch(text))


def _share_of_numbers(values: Mapping[str, int]) -> float:
    known = {text: count for text, count in values.items() if any(map(str.isdigit, text))}
    numbers = sum(
        count for text, count in known.items() if any(each.fullmatch(text) for each in (_PLAIN, _MARKED, _GROUPED))
    )
    return numbers / max(sum(known.values()), 1)


def _votes(values: Mapping[str, int]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How often a mark must be the decimal one, must separate thousands, and may be either."""
    decimals, thousands, doubtful = Counter[str](), Counter[str](), Counter[str]()
    for text, count in values.items():
        grouped, marked = _GROUPED.fullmatch(text), _MARKED.fullmatch(text)
        if grouped and grouped[2] and grouped[1] != grouped[2]:
            thousands[grouped[1]] += count
            decimals[grouped[2]] += count
        elif grouped and (text.count(grouped[1]) > 1 or grouped[1] not in ".,"):
            thousands[grouped[1]] += count
        elif grouped:
            doubtful[grouped[1]] += count
        elif marked:
            decimals[marked[1]] += count
    return decimals, thousands, doubtful
