"""The place of a value in a received file, for sentences about it."""

import csv
import gzip
import io
from collections.abc import Collection
from contextlib import ExitStack, suppress

from jobs.book.columns import Source
from storage.errors import LoanwatchError
from storage.lake.extracts import SourceFile

LONGEST_FIELD = 1 << 24


def line_of(path: str, source: Source, column: str, texts: Collection[str]) -> int | None:
    """The physical line (from 1) of the first record with one of the texts in a column; None when it is not found.

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
        header = [each.removeprefix("\ufeff") for each in next(reader)]
        place = header.index(label)
        for record in reader:
            if len(record) == len(header) and record[place] in texts:
                return reader.line_num
    return None
