"""The kind of a column, its missing values, and the evidence for both."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from jobs.book.columns import Kind
from jobs.book.drafting.dates import Found, formats_of
from jobs.book.drafting.numbers import MOSTLY, Marks, looks_like_number, plain_number
from jobs.book.drafting.privacy import (
    looks_like_documents,
    looks_like_names,
    looks_like_telephones,
    looks_personal,
    masked,
    shown,
)
from jobs.book.drafting.words import sounds_like_count, sounds_like_id, sounds_like_rate, sounds_personal

KNOWN_MISSING = frozenset(
    ("na", "n/a", "#n/a", "nan", "null", "none", "nil", "nm", "-", "--", "---", "?", ".", "k.a.", "k. a.", "n.v.")
) | {"keine angabe", "unbekannt", "unknown", "missing"}
HALF = 0.5
LONG = 5  # digits of a whole number that is a code where it is personal
FEW = 50  # distinct values of a category, at most
FREQUENT = 0.002  # the least share of rows of a value that may stand for "not known"
OFTEN = 0.01  # the same for a text that is not known to stand for it
FEWEST = 3  # rows, for both
SHORT = 12  # letters of such a text
DECIMAL_SHARE = 0.01  # a column with at least this share of fractions holds decimal numbers
COMPACT_DATES = 0.98  # eight digits are dates only where nearly all of them can be


@dataclass(frozen=True)
class Drafted:
    """What is said of a column. The kind is None when the values do not tell it."""

    received: str
    kind: Kind | None
    evidence: str
    personal: bool
    missing: tuple[str, ...]
    dates: tuple[str | None, ...] = ()


def drafted_column(name: str, values: Mapping[str, int], marks: Marks) -> Drafted:
    """What can be said of a column of these texts (and how often each occurs), with these marks in numbers."""
    filled = {text: count for text, count in values.items() if text}
    missing = _missing(filled)
    known = {text: count for text, count in filled.items() if text not in missing}
    if not known:
        return Drafted(name, None, "no value in the sample", sounds_personal(name), missing)
    dates = formats_of(known)
    numbers = {text: plain_number(text, marks) for text in known}
    kind, readable = _kind(name, known, dates, numbers)
    personal = kind is not Kind.DATE and (sounds_personal(name) or (kind not in _NUMBERS and _personal(known)))
    personal = personal or (kind in (Kind.TEXT, Kind.CATEGORY) and looks_like_telephones(known))
    if personal and (kind in (Kind.CATEGORY, Kind.IDENTIFIER, Kind.TEXT) or _is_long(kind, known)):
        kind = Kind.CODE if looks_like_documents(known) else Kind.TEXT
    if kind not in (Kind.CATEGORY, Kind.CODE, Kind.TEXT):
        missing = (*missing, *_unreadable(known, kind, numbers))
    personal = personal or (kind is Kind.DATE and sounds_personal(name))
    shown_missing = tuple(text for text in missing if not personal or text.lower() in KNOWN_MISSING)
    evidence = _evidence(values, known, readable, kind, hidden=personal)
    stands = sum(filled[text] for text in missing)
    if stands:
        evidence = f"{evidence}; {stands / sum(values.values()):.1%} stand for a missing value"
    if kind is Kind.DATE and dates.because:
        evidence = f"{evidence}; {dates.because}"
    return Drafted(name, kind, evidence, personal, shown_missing, dates.formats if kind is Kind.DATE else ())


_NUMBERS = (Kind.INTEGER, Kind.COUNT, Kind.DECIMAL)


def _kind(
    name: str, known: Mapping[str, int], dates: Found, numbers: Mapping[str, str | None]
) -> tuple[Kind | None, float]:
    """The kind, None if unsure, and the share of values that can be read as such."""
    total = sum(known.values())
    numeric = sum(known[text] for text, number in numbers.items() if number is not None) / total
    compact = numeric >= MOSTLY and any(form and form.isalpha() for form in dates.formats)
    if dates.share >= (COMPACT_DATES if compact else MOSTLY):
        return Kind.DATE, dates.share
    if _is_id(name, known):
        return Kind.IDENTIFIER, 1.0
    if numeric >= MOSTLY:
        return _number_kind(name, known, numbers), numeric
    unsure = sum(count for text, count in known.items() if looks_like_number(text)) / total
    personal = sounds_personal(name) or _personal(known) or looks_like_telephones(known)
    if unsure >= HALF and not personal:
        return None, numeric
    if len(known) <= FEW and len(known) <= max(total / 2, 2):
        return Kind.CATEGORY, 1.0
    return Kind.TEXT, 1.0


def _is_id(name: str, known: Mapping[str, int]) -> bool:
    """Whether the values have no white space and the name, or leading zeros of equal length, make them an id."""
    total = sum(known.values())
    tokens = sum(count for text, count in known.items() if re.fullmatch(r"[A-Za-z0-9_/.-]*[0-9][A-Za-z0-9_/.-]*", text))
    hexadecimal = sum(count for text, count in known.items() if re.fullmatch(r"[0-9a-fA-F-]{16,}", text))
    if max(tokens, hexadecimal) / total < MOSTLY or len(known) < 3:
        return False
    zeros = sum(text.startswith("0") for text in known if text.isdigit() and len(text) > 1)
    padded = zeros > len(known) / 20 and len({len(text) for text in known}) == 1
    mixed = sum(bool(re.fullmatch(r"(?=.*[A-Za-z])(?=.*[0-9]).{5,}", text)) for text in known) > MOSTLY * len(known)
    return sounds_like_id(name) or padded or (mixed and len(known) > FEW)


def _number_kind(name: str, known: Mapping[str, int], numbers: Mapping[str, str | None]) -> Kind:
    read = {text: number for text, number in numbers.items() if number is not None}
    total = sum(known[text] for text in read)
    fractions = sum(known[text] for text, number in read.items() if "." in number)
    if fractions / total >= DECIMAL_SHARE or sounds_like_rate(name):
        return Kind.DECIMAL
    return Kind.COUNT if sounds_like_count(name) else Kind.INTEGER


def _personal(known: Mapping[str, int]) -> bool:
    many = len(known) > FEW and len(known) > sum(known.values()) / 20
    return looks_personal(known) or (many and looks_like_names(known))


def _is_long(kind: Kind | None, known: Mapping[str, int]) -> bool:
    """Whether most values are whole numbers of so many digits that they rather name something."""
    return kind is Kind.INTEGER and sum(len(text) >= LONG for text in known) > HALF * len(known)


def _missing(filled: Mapping[str, int]) -> tuple[str, ...]:
    """The frequent values that are known to stand for nothing, or that are made of signs without a letter."""
    least = max(FEWEST, FREQUENT * sum(filled.values()))
    frequent = (text for text, count in filled.items() if count >= least)
    return tuple(sorted(text for text in frequent if text.lower() in KNOWN_MISSING or _only_signs(text)))


def _only_signs(text: str) -> bool:
    """Whether a text has no letter, and no digit or signs on both sides of it that no number has."""
    if re.search(r"[^\W\d_]", text):
        return False
    return not re.search("[0-9]", text) or bool(re.search("[%@!#].*[0-9].*[%@!#]", text))


def _unreadable(known: Mapping[str, int], kind: Kind | None, numbers: Mapping[str, str | None]) -> tuple[str, ...]:
    """The frequent short values of a numeric column that are no number and have no digit."""
    if kind not in _NUMBERS:
        return ()
    least = max(FEWEST, OFTEN * sum(known.values()))
    texts = (text for text, number in numbers.items() if number is None and known[text] >= least)
    return tuple(sorted(text for text in texts if len(text) <= SHORT and not re.search("[0-9]", text)))


def _evidence(
    values: Mapping[str, int], known: Mapping[str, int], readable: float, kind: Kind | None, *, hidden: bool
) -> str:
    """The share of values that are readable and not empty, how many there are, and an example, masked where needed."""
    total, empty = sum(values.values()), values.get("", 0)
    words = [f"{readable:.1%} of the values readable", f"{empty / total:.1%} empty", f"{len(known):,} distinct"]
    if kind in _NUMBERS or kind is Kind.DATE:
        example = max(known, key=lambda text: (text.isalnum() or kind is not None, known[text], text))
        words.append(f"such as {masked(example) if hidden else shown(example)}")
    elif kind is Kind.CATEGORY and not hidden and not looks_like_names(known):
        words.append("such as " + ", ".join(shown(text) for text, _ in Counter(known).most_common(3)))
    else:
        form = Counter({masked(text): 0 for text in known})
        for text, count in known.items():
            form[masked(text)] += count
        words.append(f"of the form {shown(form.most_common(1)[0][0])}")
    return "; ".join(words)
