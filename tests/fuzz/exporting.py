"""The rows of a dataset written as an exporter writes them."""

import csv
import gzip
import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from jobs.book.columns import Column, Kind, Source
from tests.fuzz.bases import AS_OF, LEDGER, NUMBER, NUMBERS, Row, day_of
from tests.fuzz.styles import Style

NAMES = {
    "one file": (),
    "months": ("2024-9", "2024-10", "2024-11", "2025-1"),
    "letters": ("b", "a", "d", "c"),
    "copies": ("loans (1)", "loans", "loans (2)", "Loans"),
}
EPOCH = date(1899, 12, 30)


@dataclass(frozen=True)
class Export:
    """How a dataset is exported: the style of each part, the names of the parts, whether they are packed."""

    styles: tuple[Style, ...] = (Style(),)
    names: str = "one file"
    packed: bool = False
    seed: int = 0


def write(folder: Path, source: Source, rows: Sequence[Row], export: Export) -> None:
    """The files of a dataset in a data folder."""
    chance = random.Random(export.seed)  # noqa: S311 - the order of rows is no secret
    suffix = ".csv.gz" if export.packed else ".csv"
    if export.names == "one file":
        _write(folder / f"{source.dataset}{suffix}", content(source, rows, export.styles[0], chance))
        return
    (folder / source.dataset).mkdir(parents=True)
    count = len(export.styles)
    for number, (name, style) in enumerate(zip(NAMES[export.names], export.styles, strict=False)):
        part = rows[number * len(rows) // count : (number + 1) * len(rows) // count]
        _write(folder / source.dataset / f"{name}{suffix}", content(source, part, style, chance))


def _write(path: Path, written: bytes) -> None:
    path.write_bytes(gzip.compress(written, 1, mtime=0) if path.name.endswith(".gz") else written)


def content(source: Source, rows: Iterable[Row], style: Style, chance: random.Random) -> bytes:
    """The bytes of a file with these rows."""
    columns = list(source.columns)
    if style.header == "reversed":
        columns.reverse()
    ordered = _ordered(source, list(rows), style.rows, chance)
    written = [_column([row[column.name] for row in ordered], column, style) for column in columns]
    records = [list(record) for record in zip(*written, strict=True)]
    if style.totals:
        records.append([_total(column, place, style) for place, column in enumerate(columns)])
    header = [column.label.lower() if style.header == "lower" else column.label for column in columns]
    for number in range(style.headers_again):
        records.insert(len(records) * (number + 1) // (style.headers_again + 1), header)
    if style.header == "blank":
        header = [name if place == 0 else f" {name}" for place, name in enumerate(header)]
    if style.extra:
        header, records = _wider(header, records, style.extra)
    text = _csv(header, records, style)
    written = text if style.last_end else text.removesuffix(style.line_end)
    try:
        return written.encode(style.encoding)
    except UnicodeEncodeError:  # an exporter takes UTF-8 for marks that the other encoding lacks
        return written.encode()


def _column(texts: list[str], column: Column, style: Style) -> list[str]:
    """The values of a column as they are written; each distinct one is written once."""
    written = {text: text_of(text, column, style) for text in set(texts)}
    return [written[text] for text in texts]


def _csv(header: list[str], records: list[list[str]], style: Style) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=style.delimiter, quoting=style.quoting, lineterminator=style.line_end)
    if style.before:
        text.write(style.before.format(delimiter=style.delimiter) + style.line_end)
    writer.writerow(header)
    for place, record in enumerate(records):
        writer.writerow(record)
        if style.blank_lines and place % 40 == 0:
            text.write(style.line_end)
    return text.getvalue()


def _wider(header: list[str], records: list[list[str]], extra: str) -> tuple[list[str], list[list[str]]]:
    if extra == "index":
        return ["", *header], [[str(place), *record] for place, record in enumerate(records)]
    name, value = ("", "") if extra == "trailing" else ("Remarks", "ok")
    return [*header, name], [[*record, value] for record in records]


def _ordered(source: Source, rows: list[Row], order: str, chance: random.Random) -> list[Row]:
    if order == "reversed":
        rows.reverse()
    elif order == "shuffled":
        chance.shuffle(rows)
    elif order == "sorted":
        rows.sort(key=lambda row: row["Customer_ID"])
    elif order == "twice":
        rows = [*rows, *rows]
    elif order == "later":
        later = [_corrected(row, source, chance) for row in rows[::3]]
        chance.shuffle(later)
        rows = [*later, *rows]
    elif order == "older" and source.dataset == LEDGER:
        rows = [*rows, *({**row, "overdue_amt": "77", "snapshot_date": _moved(row, -9)} for row in rows[::4])]
    return rows


def restated(rows: Sequence[Row], source: Source, chance: random.Random) -> list[Row]:
    """Some rows as they are delivered again, with other numbers, some days later."""
    return [
        _corrected(row, source, chance) | {"snapshot_date": _moved(row, chance.randint(1, 25))} for row in rows[::4]
    ]


def _moved(row: Row, days: int) -> str:
    day = day_of(row["snapshot_date"]) + timedelta(days)
    return f"{day.day}/{day.month}/{day.year}"


def _corrected(row: Row, source: Source, chance: random.Random) -> Row:
    """The row as it is delivered again after as-of, with other numbers."""
    day = AS_OF + timedelta(chance.randint(1, 90))
    values = {
        column.name: str(chance.randint(0, 99))
        for column in source.columns
        if column.kind is Kind.DECIMAL and row[column.name]
    }
    return {**row, **values, "snapshot_date": f"{day.day}/{day.month}/{day.year}"}


def text_of(text: str, column: Column, style: Style) -> str:
    """A value as the exporter writes it."""
    if not text:
        return style.null
    if column.kind is Kind.DATE:
        return _date(text, style)
    if column.kind is Kind.IDENTIFIER:
        if style.scientific and text.isdigit():
            return f"{float(text):.5E}"
        return style.ids.format(text)
    if column.kind in NUMBERS:
        return _number(text, column, style)
    return text


def _date(text: str, style: Style) -> str:
    day = day_of(text)
    name = day.strftime("%b")
    return style.date.format(
        d=day.day, m=day.month, y=day.year, s=day.year % 100, name=name, NAME=name.upper(), serial=(day - EPOCH).days
    )


def _number(text: str, column: Column, style: Style) -> str:
    found = NUMBER.fullmatch(text)
    if not found:
        return text
    before, minus, whole, decimals, behind = found.groups(default="")
    if column.kind is Kind.DECIMAL:
        decimals = decimals.ljust(style.cents, "0")
    elif style.floats:
        decimals = "0"
    number = _grouped(whole, style) + (style.decimal + decimals if decimals else "")
    if column.kind is Kind.DECIMAL and column.minimum == 0:
        number = style.sign.format(number)
    if column.name == "Interest_Rate":
        number = style.rate.format(number)
    return before + (style.negative.format(number) if minus else number) + behind


def _grouped(whole: str, style: Style) -> str:
    if not style.thousands:
        return whole
    groups, size = [], 3
    while len(whole) > size:
        groups.insert(0, whole[-size:])
        whole, size = whole[:-size], 2 if style.indian else 3
    return style.thousands.join([whole, *groups])


def _total(column: Column, place: int, style: Style) -> str:
    if column.kind is Kind.DECIMAL:
        return _number("123456", column, style)
    return "TOTAL" if column.kind is Kind.IDENTIFIER or place == 0 else ""
