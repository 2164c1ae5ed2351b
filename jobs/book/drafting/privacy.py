"""Which values look personal, and what may be shown of a value."""

import re
from collections.abc import Mapping

_PERSONAL = (
    re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"),  # e-mail
    re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{2,4}){3,8}"),  # IBAN
    re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}"),  # social security number
)
_TELEPHONE = re.compile(r"(?=(?:[^0-9]*[0-9]){7,15}[^0-9]*$)(?=.*[ /()-])[+(]{0,2}[0-9][0-9 ()/.-]*[0-9]")
_TWO_NAMES = re.compile(r"[^\W\d_a-z][^\W\d_]+(?:[ -][^\W\d_a-z][^\W\d_]*\.?)* [^\W\d_]['\w-]+(?:, [^,]*)?")
_DOCUMENT = re.compile(r"[0-9]{4,}|[0-9A-Z]+(?:[ /.-][0-9A-Z]+)+|[A-Z]{2}[0-9]{2}[A-Z0-9]{8,}")
SOME = 0.05
HALF = 0.5
LONG = 9  # digits of a number that could be a telephone or a document


def looks_personal(values: Mapping[str, int]) -> bool:
    """Whether some values are e-mail addresses, account or security numbers."""
    return any(_share(values, pattern) >= SOME for pattern in _PERSONAL)


def looks_like_telephones(values: Mapping[str, int]) -> bool:
    """Whether most values are made of digits in groups, as telephone numbers are."""
    return _share(values, _TELEPHONE) >= HALF


def looks_like_names(values: Mapping[str, int]) -> bool:
    """Whether most values could be names of persons."""
    return _share(values, _TWO_NAMES) >= HALF


def looks_like_documents(values: Mapping[str, int]) -> bool:
    """Whether most values are made of digits and capital letters in groups, as numbers of documents are."""
    return _share(values, _DOCUMENT) >= HALF or looks_like_telephones(values)


def masked(text: str) -> str:
    """The form of a text without its content: runs of capitals, small letters and digits become A, a and 9.

    No length remains, only what stands between the runs.
    """
    shape = "".join(
        "9" if letter.isdigit() else ("A" if letter.isupper() else "a") if letter.isalpha() else letter
        for letter in text
    )
    return re.sub(r"(.)\1+", r"\1", shape)[:40]


def shown(text: str) -> str:
    """A value as a comment may show it: on one line, printable, not long; numbers that could name a person masked."""
    if sum(letter.isdigit() for letter in text) >= LONG and "." not in text and "," not in text:
        return masked(text)
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line if len(line) <= 40 else f"{line[:37]}..."


def _share(values: Mapping[str, int], pattern: re.Pattern[str]) -> float:
    found = sum(count for text, count in values.items() if pattern.fullmatch(text))
    return found / max(sum(values.values()), 1)
