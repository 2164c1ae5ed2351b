"""The place of a value in a received file, for sentences about it."""

import csv
import gzip
import io
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from typing import Any

from jobs.book.columns import Source
from storage.errors import LoanwatchError
from storage.lake.extracts import SourceFile

LONGEST_FIELD = 1 << 24


def line_of(path: str, source: Source, column: str, texts: Collection[str]) -> int | None:
    """The physical line (from 1) in which the first record with one of the texts in a column begins; None without one.

    `path` is the file as the lineage of a bronze table has it.
    """
    folder, _, name = path.rpartition("/")
    csv.field_size_limit(LONGEST_FIELD)
    label = next(each.label for each in source.columns if each.name == column)
    with suppress(OSError, EOFError, UnicodeError, csv.Error, LoanwatchError, ValueError), ExitStack() as opened:
        stream = opened.enter_context(SourceFile(source.dataset, folder, name, 0, "").open())
        plain = opened.enter_context(gzip.GzipFile(fileobj=stream)) if name.lower().endswith(".gz") else stream
        reader = csv.reader(
            io.TextIOWrapper(plain, source.dialect.encoding, "replace"), delimiter=source.dialect.delimiter
        )
        records = _records(reader)
        _, first = next(records)
        header = [each.removeprefix("\ufeff") for each in first]
        place = header.index(label)
        for line, record in records:
            if len(record) == len(header) and record[place] in texts:
                return line
    return None


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """The records of a `csv.reader` that are no blank lines, each with the line (from 1) in which it begins."""
    line = 1
    for record in reader:
        if record:
            yield line, record
        line = reader.line_num + 1
