"""The table of every page: rows that are read, not sorted. Cells are text, which is escaped, or Markup."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st
from markupsafe import Markup

from console.components.elements import Text, join, write_html


@dataclass(frozen=True)
class Column:
    """A column: its name, whether it holds numbers, which stand at the right, and whether each cell is one line."""

    name: str
    number: bool = False
    line: bool = False


def columns(*names: str, numbers: Iterable[str] = (), lines: Iterable[str] = ()) -> list[Column]:
    """Columns of these names in their order, those in `numbers` of numbers, those in `lines` of cells of one line."""
    found, whole = set(numbers), set(lines)
    return [Column(name, name in found, name in whole) for name in names]


def filled(
    heads: Sequence[Column], rows: Sequence[Sequence[Text]], optional: Iterable[str]
) -> tuple[list[Column], list[list[Text]]]:
    """The columns and cells without those `optional` columns that are empty in every row."""
    named = set(optional)
    kept = [at for at, column in enumerate(heads) if column.name not in named or any(row[at] for row in rows)]
    return [heads[at] for at in kept], [[row[at] for at in kept] for row in rows]


def table(
    label: str,
    heads: Sequence[Column],
    rows: Iterable[Sequence[Text]],
    strong: Iterable[int] = (),
    *,
    stacked: bool = False,
) -> None:
    """Shows a table."""
    write_html(table_html(label, heads, rows, strong, stacked=stacked))


def table_html(
    label: str,
    heads: Sequence[Column],
    rows: Iterable[Sequence[Text]],
    strong: Iterable[int] = (),
    *,
    stacked: bool = False,
) -> Markup:
    """A table. `label` tells people who can't see it what it holds. A row of a single cell is a heading.

    `strong` are numbers of rows in bold. A `stacked` table shows the cells of a row under each other on a narrow page,
    others scroll sideways.
    """
    marked = set(strong)
    head = join([Markup('<th scope="col"{}>{}</th>').format(_side(column), column.name) for column in heads])
    body = join([_row(heads, cells, strong=number in marked) for number, cells in enumerate(rows)])
    return Markup(
        '<div class="lw-scroll" tabindex="0" role="region" aria-label="{}">'
        '<table class="lw-table{}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(label, " lw-stacked" if stacked else "", head, body)


def digest_html(digest: str) -> Markup:
    """The first letters of a digest, the whole on hover; a click selects all of it for copying."""
    return Markup('<span class="lw-digest" title="{0}">{0}</span>').format(digest)


def bytes_text(size: int) -> str:
    """A size as people say it: `530 B`, `1.4 MB`."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:,.0f} B" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1000
    raise AssertionError


def chosen_page(rows: int, size: int, first: int = 1) -> int:
    """The page that is chosen of so many rows, counted from 1, by a control that is drawn here if there are several.

    `first` is the page before anything is chosen.

    It is drawn before the rows are read, which belong into a container above it: so a shared address shows its page.
    """
    pages = max(-(-rows // size), 1)
    if pages == 1:
        return 1
    return min(st.pagination(pages, default=min(first, pages), key="page", bind="query-params"), pages)


def _row(heads: Sequence[Column], cells: Sequence[Text], *, strong: bool) -> Markup:
    if len(cells) == 1 < len(heads):
        span = len(heads)
        return Markup('<tr class="lw-part"><th scope="colgroup" colspan="{}">{}</th></tr>').format(span, cells[0])
    pairs = zip(heads, cells, strict=True)
    row = join([Markup("<td{}>{}</td>").format(_side(column), cell) for column, cell in pairs])
    return Markup("<tr{}>{}</tr>").format(Markup(' class="lw-strong"') if strong else "", row)


def _side(column: Column) -> Markup:
    if column.number:
        return Markup(' class="lw-number"')
    return Markup(' class="lw-line"') if column.line else Markup()
