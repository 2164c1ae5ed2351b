"""The dialects of the columns of one file, where the source's dialect does not read them."""

from collections.abc import Collection, Mapping

import pyarrow as pa

from jobs.book.columns import NUMBERS, Column, Dialect, Kind, Source
from jobs.silver.cleaning import OTHER_REASONS, cleaned_texts
from jobs.silver.dialects.date_forms import date_dialect
from jobs.silver.dialects.number_marks import common_dialect, number_dialect, proves_point

Texts = Mapping[str, pa.Array]
Dialects = dict[str, Dialect | None]


def other_dialects(source: Source, texts: Texts, unreadable: Collection[str], *, months_tell: bool) -> Dialects:
    """The dialects of columns that the source's dialect does not read; None for a column that is undecided.

    `texts` are the distinct texts of each column of numbers or dates, `unreadable` the columns of which the source's
    dialect leaves texts unreadable. With `months_tell` the order of day and month can be checked by months on book.
    """
    return _of_dates(source, texts, months_tell=months_tell) | _of_numbers(source, texts, unreadable)


def _of_dates(source: Source, texts: Texts, *, months_tell: bool) -> Dialects:
    given, found = source.dialect, {}
    columns = {name: texts[name].to_pylist() for name in source.of_kind(Kind.DATE) if name in texts}
    of_file = date_dialect([text for each in columns.values() for text in each], given)
    for name, each in columns.items():
        dialect = date_dialect(each, given) if of_file == given else of_file
        if dialect is None and months_tell:
            dialect = given
        if dialect != given:
            found[name] = dialect
    return found


def _of_numbers(source: Source, texts: Texts, unreadable: Collection[str]) -> Dialects:
    """The dialects of the columns of numbers; the other columns of the file decide about one that is in doubt."""
    given = source.dialect
    columns = [column for column in source.columns if column.kind in NUMBERS and column.name in texts]
    found: Dialects = {}
    for column in columns:
        dialect = number_dialect(texts[column.name], column.kind, given, unreadable=column.name in unreadable)
        if dialect != given:
            found[column.name] = dialect
    doubtful = [one for one in columns if one.name in found or one.name in unreadable]
    doubtful = [one for one in doubtful if found.get(one.name) is None]
    if not doubtful:
        return found
    proven = common_dialect(dialect for dialect in found.values() if dialect is not None)
    has_point = any(proves_point(texts[column.name]) for column in columns if column.name not in found)
    for column in doubtful:
        if proven and not (has_point and proven.decimal_char != ".") and _reads(proven, column, texts):
            found[column.name] = proven
        elif has_point and not proven and column.name in found:
            del found[column.name]
    return found


def _reads(dialect: Dialect, column: Column, texts: Texts) -> bool:
    """Whether a dialect leaves no text of a column unreadable."""
    _, reasons = cleaned_texts(texts[column.name], column, dialect)
    return set(reasons.values()) <= set(OTHER_REASONS)
