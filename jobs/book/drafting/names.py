"""The names that a draft gives to columns, sources and features."""

from collections.abc import Mapping, Sequence

from jobs.book.drafting.roles import Roles, Table
from jobs.book.drafting.words import simple

Names = Mapping[str, str]


def column_names(tables: Sequence[Table], roles: Roles) -> Mapping[str, Names]:
    """The canonical name of every column as received, by dataset.

    Ids of customers have one name in all sources, and so have ids of loans: the one in the source of the loans.
    """
    shared = {id(role): _shared(role, roles.loans) for role in (roles.customer, roles.loan)}
    found = {}
    for table in tables:
        own = {role[table.dataset]: shared[id(role)] for role in (roles.customer, roles.loan) if table.dataset in role}
        found[table.dataset] = _distinct([column.received for column in table.columns], own)
    return found


def _shared(role: Names, loans: str | None) -> str:
    return simple(role.get(loans or "", next(iter(role.values()), "")))


def _distinct(received: Sequence[str], given: Names) -> Names:
    taken = set(given.values())
    names = dict(given)
    for name in received:
        if name not in names:
            plain, number = simple(name), 1
            while plain in taken:
                number += 1
                plain = f"{simple(name)}_{number}"
            names[name] = plain
            taken.add(plain)
    return names
