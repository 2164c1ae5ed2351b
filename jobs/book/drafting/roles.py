"""Which columns identify customers and loans, when rows became known, when loans started, and the keys of rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from jobs.book.columns import Kind
from jobs.book.drafting.dates import day_of
from jobs.book.drafting.kinds import Drafted
from jobs.book.drafting.words import (
    sounds_known_on,
    sounds_late,
    sounds_like_customer,
    sounds_like_loan,
    sounds_like_start,
    sounds_personal,
)

NEARLY_ALL = 0.99
OVERLAP = 0.01  # of the fewer values of two columns that hold the same ids: samples of big files share few
FEWEST = 3


@dataclass(frozen=True)
class Table:
    """A drafted source: its columns and the sampled values of each, by the name as received."""

    dataset: str
    columns: tuple[Drafted, ...]
    values: Mapping[str, Sequence[str]]

    def of_kind(self, *kinds: Kind) -> list[str]:
        """The columns of these kinds, by the name as received."""
        return [column.received for column in self.columns if column.kind in kinds]

    def column(self, name: str) -> Drafted:
        return next(column for column in self.columns if column.received == name)


@dataclass(frozen=True)
class Roles:
    """The roles of a book: each None when the sample does not tell it. Columns by the name as received.

    `customer` and `loan` hold the name of the column by dataset; `loans` is the dataset of the loans.
    """

    customer: Mapping[str, str]
    loan: Mapping[str, str]
    loans: str | None
    start: str | None
    known_on: Mapping[str, str | None]
    keys: Mapping[str, tuple[str, ...] | None]
    late: tuple[str, str] | None


Group = dict[str, str]


def roles_of(tables: Sequence[Table]) -> Roles:
    """The roles that the ids' overlap between files, the order of dates and the columns' names speak for."""
    by_name = {table.dataset: table for table in tables}
    groups = _groups(tables)
    customers = [each for each in groups if any(map(sounds_like_customer, each.values())) or len(each) > 1]
    customer = max(customers, key=lambda each: (_sounds(each, sounds_like_customer), len(each)), default={})
    found = [
        (group, dataset)
        for group in groups
        for dataset, name in group.items()
        if group is not customer and dataset in customer and _is_loan(by_name[dataset], name, customer[dataset])
    ]
    known_on = {table.dataset: known_on_of(table) for table in tables}
    best = max(found, key=lambda each: _loan_score(by_name[each[1]], each[0][each[1]]), default=None)
    loan, loans = best or ({}, None)
    start = start_of(by_name[loans], loan[loans], known_on[loans]) if loans else None
    keys = {
        table.dataset: _key(table, customer.get(table.dataset), loan.get(table.dataset), known_on[table.dataset])
        for table in tables
    }
    return Roles(customer, loan, loans, start, known_on, keys, _late(tables, loans))


def known_on_of(table: Table) -> str | None:
    """The date that says when a row became known: the only one, the one that is never earlier, or by its name."""
    dates = [name for name in table.of_kind(Kind.DATE) if not sounds_personal(name)]
    if len(dates) < 2:
        return dates[0] if dates else None
    days = {name: _days(table, name) for name in dates}
    latest = [
        name for name in dates if all(_never_earlier(days[name], days[other]) for other in dates if other != name)
    ]
    named = [name for name in latest or dates if sounds_known_on(name)]
    choice = named or latest
    return choice[0] if len(choice) == 1 else None


def start_of(table: Table, loan: str, known_on: str | None) -> str | None:
    """The start of a loan: the date that is the same in all of its rows and not after they became known."""
    dates = [name for name in table.of_kind(Kind.DATE) if name != known_on and not sounds_personal(name)]
    fitting = [
        name
        for name in dates
        if _determines(table, loan, name)
        and (known_on is None or _never_earlier(_days(table, known_on), _days(table, name)))
    ]
    named = [name for name in fitting if sounds_like_start(name)]
    choice = named or fitting
    return choice[0] if len(choice) == 1 else None


def _groups(tables: Sequence[Table]) -> list[Group]:
    """The id columns that hold the same ids, by dataset; a column of its own is a group too."""
    groups: list[tuple[Group, set[str]]] = []
    for table in tables:
        for name in table.of_kind(Kind.IDENTIFIER):
            values = set(table.values[name]) - {""}
            fitting = [each for each in groups if table.dataset not in each[0] and _same_ids(each, name, values)]
            if fitting:
                fitting[0][0][table.dataset] = name
                fitting[0][1].update(values)
            else:
                groups.append(({table.dataset: name}, values))
    return [group for group, _ in groups]


def _same_ids(group: tuple[Group, set[str]], name: str, values: set[str]) -> bool:
    least = max(FEWEST, OVERLAP * min(len(values), len(group[1])))
    alike = name in group[0].values() or any(about(name) and _sounds(group[0], about) for about in _ROLES)
    return len(values & group[1]) >= least and (alike or not all(map(str.isdigit, values)))


_ROLES = (sounds_like_customer, sounds_like_loan)


def _sounds(group: Group, about: Callable[[str], bool]) -> bool:
    return any(about(name) for name in group.values())


def _is_loan(table: Table, name: str, customer: str) -> bool:
    """Whether every id belongs to one customer, and the column's name or ids in several rows speak for a loan."""
    return _determines(table, name, customer) and (sounds_like_loan(name) or _repeats(table, name))


def _loan_score(table: Table, name: str) -> tuple[bool, bool, int]:
    return sounds_like_loan(name), len(table.of_kind(Kind.DATE)) > 1, len(table.values[name])


def _repeats(table: Table, name: str) -> bool:
    return len(set(table.values[name])) * 2 <= len(table.values[name])


def _determines(table: Table, one: str, other: str) -> bool:
    """Whether nearly every value of a column stands with one value of another column."""
    pairs = set(zip(table.values[one], table.values[other], strict=True))
    return len(set(table.values[one])) >= NEARLY_ALL * len(pairs)


def _days(table: Table, name: str) -> list[int | None]:
    formats = table.column(name).dates
    known = {text: day_of(text, formats) for text in set(table.values[name])}
    return [known[text] for text in table.values[name]]


def _never_earlier(days: list[int | None], others: list[int | None]) -> bool:
    both = [(day, other) for day, other in zip(days, others, strict=True) if day is not None and other is not None]
    return bool(both) and sum(day >= other for day, other in both) >= NEARLY_ALL * len(both)


def _key(table: Table, customer: str | None, loan: str | None, known_on: str | None) -> tuple[str, ...] | None:
    """The fewest columns that tell nearly all rows apart: an id of the row, or ids with the day they became known."""
    ids = table.of_kind(Kind.IDENTIFIER)
    others = [name for name in ids if name not in (customer, loan)]
    names = [name for name in (*others, loan, customer, known_on) if name]
    for size in range(1, 4):
        for columns in combinations(dict.fromkeys(names), size):
            rows = set(zip(*(table.values[name] for name in columns), strict=True))
            if columns != (known_on,) and len(rows) >= NEARLY_ALL * len(table.values[columns[0]]):
                return (*columns, known_on) if known_on and columns in ((customer,), (loan,)) else columns
    return None


def _late(tables: Sequence[Table], loans: str | None) -> tuple[str, str] | None:
    """The dataset and column that say how late a loan is, by name."""
    first = sorted(tables, key=lambda table: table.dataset != loans)
    found = (
        (table.dataset, name)
        for table in first
        for name in table.of_kind(Kind.INTEGER, Kind.COUNT, Kind.DECIMAL)
        if sounds_late(name)
    )
    return next(found, None)
