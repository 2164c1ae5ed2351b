"""One account: a number of records, rows, values, customers or loans, and the parts that they went to."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.accounting.reasons import plain_reason
from jobs.errors import JobError

_PLURAL = re.compile(r"s\b")
_THING = re.compile(r"[0-9]|an? ")  # a reason that begins so is what a record has
KINDS: Mapping[str, str] = {
    "files": "Records of each file",
    "tables": "Rows of each table",
    "columns": "Values of each column with nulls",
    "customers": "Customers",
    "loans": "Loans",
}


@dataclass(frozen=True)
class Account:
    """What is counted (`unit`) of a `subject`, its total, and its parts by name.

    `kind` is one of KINDS, `source` the dataset or table that the subject belongs to. A number that is not counted yet,
    or was not kept by an earlier release, is None. Parts that are `overlapping` count some items twice.
    """

    kind: str
    source: str
    subject: str
    unit: str
    total: int | None
    parts: Mapping[str, int | None]
    overlapping: bool = False

    @property
    def balanced(self) -> bool | None:
        """Whether the parts are the total; None when a number is missing.

        Overlapping parts have at least the total together, and none of them has more than the total.
        """
        total, known = self.total, self.known_parts
        if total is None or len(known) < len(self.parts):
            return None
        if self.overlapping:
            return max(known, default=0) <= total <= sum(known)
        return sum(known) == total

    @property
    def known_parts(self) -> list[int]:
        """The parts that are counted."""
        return [part for part in self.parts.values() if part is not None]

    @property
    def name(self) -> str:
        """The subject; of a column, with its table."""
        return f"{self.subject} of {self.source}" if self.kind == "columns" else self.subject

    @property
    def counted(self) -> str:
        """The total with its unit."""
        return f"{_number(self.total)} {self.unit if self.total != 1 else _PLURAL.sub('', self.unit)}"

    @property
    def parts_in_words(self) -> list[str]:
        """Each part with its number."""
        words = {name: plain_reason(name) for name in self.parts}
        return [
            f"{_number(part)} {'with ' if _THING.match(words[name]) else ''}{words[name]}"
            for name, part in self.parts.items()
        ]

    @property
    def sentence(self) -> str:
        """The account in words: `loans.csv: 100 records read = 98 stored + 2 quarantined`."""
        if self.overlapping:
            return f"{self.name}: {self.counted}: {', '.join(self.parts_in_words) or 'no reason'}"
        sign = {True: "=", False: "≠", None: "→"}[self.balanced]
        return f"{self.name}: {self.counted} {sign} {' + '.join(self.parts_in_words) or '0'}"

    @property
    def verdict(self) -> str:
        """Whether the account balances, in words."""
        if self.balanced is None:
            return "not complete"
        if self.balanced:
            return "balanced"
        difference = (self.total or 0) - sum(self.known_parts)
        if self.overlapping or not difference:
            return "does not balance"
        number = abs(difference)
        return f"{number:,} {'is' if number == 1 else 'are'} {'missing' if difference > 0 else 'too many'}"

    def as_json(self) -> dict[str, Any]:
        """The account as plain JSON types, with its verdict and its sentence."""
        words = {"balanced": self.balanced, "verdict": self.verdict, "sentence": self.sentence}
        return {**vars(self), "parts": dict(self.parts), **words}


class DoesNotBalance(JobError):
    """The numbers of a run contradict each other, so that its result can't be trusted. Nothing is published."""


def check(accounts: Iterable[Account]) -> None:
    """Raises DoesNotBalance when accounts do not balance. The message has each of them with its numbers."""
    wrong = [f"{_contrast(account)}: {account.verdict}" for account in accounts if account.balanced is False]
    if wrong:
        raise DoesNotBalance(f"{'. '.join(wrong)}; nothing was published, the last tables stay; please report this.")


def verdict_on(accounts: Sequence[Account]) -> tuple[bool | None, str]:
    """(whether all accounts balance, None when some are not complete; the same in words)."""
    wrong = sum(account.balanced is False for account in accounts)
    open_ones = sum(account.balanced is None for account in accounts)
    if wrong:
        return False, f"{wrong} of {len(accounts)} accounts {'does' if wrong == 1 else 'do'} not balance"
    if open_ones:
        return None, f"{open_ones} of {len(accounts)} accounts {'is' if open_ones == 1 else 'are'} not complete"
    return True, f"All {len(accounts)} accounts balance" if len(accounts) > 1 else "The account balances"


def _contrast(account: Account) -> str:
    """The account's numbers against each other: `loans.csv: 100 records read, but 97 stored and 2 quarantined`."""
    *parts, last = account.parts_in_words or ["no reason"]
    listed = f"{', '.join(parts)} and {last}" if parts else last
    return f"{account.name}: {account.counted}, but {listed}"


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
