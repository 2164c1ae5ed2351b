"""The ledger's column types, times and days as text, which sorts in time order, and indexes of some of the rows."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Index, String, TextClause, event
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A point in time, stored as ISO 8601 text in UTC with microseconds, so that text sorts in time order."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class Day(TypeDecorator[date]):
    """A calendar day, stored as ISO 8601 text."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:  # noqa: ARG002
        return None if value is None else date.fromisoformat(value)


def unique_where(condition: TextClause, name: str, *columns: Column[Any]) -> Index:
    """A unique index of the rows for which the condition is true.

    SQLAlchemy is told the condition when the index is made: told here, it would import all its PostgreSQL drivers.
    """
    index = Index(name, *columns, unique=True)

    def tell(index: Index, connection: Connection, **_: Any) -> None:
        index.dialect_options[connection.dialect.name]["where"] = condition

    event.listen(index, "before_create", tell)
    return index
