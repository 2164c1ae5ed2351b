"""Whether the parts of a dataset agree on the order of day and month.

A part may be too short to show it: the dates of one month, or of one day. Its files are read in the declared order,
unless the other parts, or all parts together, speak against that.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from jobs.book.columns import Dialect, Source
from jobs.bronze.header import declaration_file
from jobs.errors import InputRejected
from jobs.silver.dates import date_of
from jobs.silver.dialects.date_forms import DEFAULT, Reading, day_first, month_first, order_hint

PROVEN, UNPROVEN, EXCHANGED = "day first", "unproven", "month first"
MONTHS = 12
FEWEST_MONTHS = 2  # months on one day that make a part monthly
Order = dict[str, Any]  # `order`, and of an unproven part its `days` (ISO) and the `forms` that read its dates


def order_of(texts: Mapping[str, Sequence[str]], dialects: Mapping[str, Dialect], source: Source) -> Order | None:
    """What the dates of a part say of the order of day and month; None for other dates, and where it is declared.

    `texts` are the distinct texts of its date columns, `dialects` those that read them.
    """
    if source.dialect.exact or source.dialect.date_formats != DEFAULT:
        return None
    forms = {name: dialects.get(name, source.dialect).date_formats for name in texts}
    if any(month_first(form) for each in forms.values() for form in each):
        return {"order": EXCHANGED}
    read = {date_of(text, forms[name]) for name, each in texts.items() if day_first(forms[name][0]) for text in each}
    days = sorted(day for day in read if day is not None)
    if not days:
        return None
    if any(day.day > MONTHS for day in days):
        return {"order": PROVEN}
    read_with = list(dict.fromkeys(form for each in forms.values() for form in each))
    return {"order": UNPROVEN, "days": [day.isoformat() for day in days], "forms": read_with}


def check_orders(orders: Mapping[str, Mapping[str, Order]], sources: Iterable[Source]) -> None:
    """Raises InputRejected when the order of day and month of a part is in doubt.

    `orders` are those of the parts by dataset, then by file. A part is in doubt when its own dates show nothing and
    another part of the dataset has the month first, or is of months on a day that this one has only in the exchanged
    order, or when all parts of the dataset together show nothing but first
    days of months in the exchanged order. It is also when another dataset has the month first and the days of this one
    are not those of months.
    """
    exchanged = {name: _files(parts, EXCHANGED) for name, parts in orders.items()}
    for source in sources:
        parts = orders.get(source.dataset, {})
        unproven = _files(parts, UNPROVEN)
        if not unproven:
            continue
        others = [file for name, files in exchanged.items() if name != source.dataset for file in files]
        if exchanged[source.dataset]:
            _reject(unproven[0], parts, source, f"{_name(exchanged[source.dataset][0])} has the month first")
        if _files(parts, PROVEN):
            continue
        readings = {file: Reading("", tuple(map(date.fromisoformat, parts[file]["days"]))) for file in unproven}
        for file, reading in readings.items():
            if monthly := next((other for other, days in readings.items() if _contradict(reading, days)), ""):
                _reject(file, parts, source, f"those of {_name(monthly)} are of one day of each month")
        days = {date.fromisoformat(day) for file in unproven for day in parts[file]["days"]}
        declared = Reading("declared", tuple(days))
        swapped = _exchanged(declared)
        if swapped.is_monthly and declared.is_of_one_month:
            _reject(unproven[0], parts, source, "the dates of all parts are first days of months then")
        if others and not declared.is_monthly and days != set(swapped.days):
            _reject(unproven[0], parts, source, f"{_name(others[0])} has the month first")


def _contradict(reading: Reading, months: Reading) -> bool:
    """Whether dates have the day of other, monthly ones only when day and month are exchanged."""
    fixed = {day.day for day in months.days}
    if len(fixed) > 1 or len({day.month for day in months.days}) < FEWEST_MONTHS:
        return False
    return {day.day for day in _exchanged(reading).days} == fixed != {day.day for day in reading.days}


def _exchanged(reading: Reading) -> Reading:
    """The reading with day and month exchanged; no day is above 12."""
    return Reading("", tuple(date(day.year, day.day, day.month) for day in reading.days))


def _files(parts: Mapping[str, Order], order: str) -> list[str]:
    return [file for file, found in parts.items() if found["order"] == order]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _reject(path: str, parts: Mapping[str, Order], source: Source, why: str) -> None:
    where = f"in the dialect of {source.dataset} in {declaration_file(source)}"
    raise InputRejected(
        f"the dates may have the day or the month first, and {why}",
        file=_name(path),
        column=source.known_on,
        hint=f"{order_hint(parts[path]['forms'], 'the month first', 'the day first')}, {where}",
    )
