"""Small tables as HTML: rows that are read, not sorted. Wide ones scroll inside their own box."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from console.components.theme import TONES

QUIET = f"light-dark({TONES['quiet'][0]}, {TONES['quiet'][1]})"

GRID_SHEET = f"""<style>
.stHtml a {{ color: light-dark({TONES["busy"][0]}, {TONES["busy"][1]}); }}
dl.lw-facts {{ padding: 0; }}
/* Streamlit's own download does not neutralise formulas; console.components.csv_export does. */
[data-testid="stElementToolbarButton"]:has(button[aria-label^="Download"]) {{ display: none; }}
.lw-scroll {{ overflow-x: auto; }}
.lw-scroll:focus-visible {{ outline: 2px solid light-dark(#1f5fae, #8ab8f2); outline-offset: 2px; }}
table.lw-grid {{ border-collapse: collapse; font-size: 0.9rem; margin: 0; }}
.lw-grid th, .lw-grid td {{ padding: 0.3rem 1.1rem 0.3rem 0; text-align: left; vertical-align: top; border: 0;
  border-bottom: 1px solid light-dark(#e3e7ec, #2b323d); }}
.lw-grid th {{ color: {QUIET}; font-weight: 500; white-space: nowrap; }}
.lw-grid .lw-number {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }}
.lw-grid time {{ white-space: nowrap; }}
.lw-grid tr.lw-strong td {{ font-weight: 650; }}
.lw-grid tr.lw-part th {{ color: light-dark(#1f2933, #f0f2f5); font-weight: 650; padding-top: 0.9rem; }}
.lw-digest {{ display: inline-block; max-width: 9ch; overflow: hidden; text-overflow: clip; vertical-align: bottom;
  white-space: nowrap; user-select: all; font-family: "Source Code Pro", monospace; font-size: 0.85em; cursor: copy; }}
@media (max-width: 640px) {{ table.lw-grid {{ font-size: 0.8rem; }}
  .lw-grid th, .lw-grid td {{ padding-right: 0.6rem; max-width: 9.5rem; overflow-wrap: anywhere; }}
  .lw-grid th {{ white-space: normal; }} }}
</style>"""


@dataclass(frozen=True)
class Column:
    """A column: its name, and whether it holds numbers, which stand at the right."""

    name: str
    number: bool = False


def columns(*names: str, numbers: Iterable[str] = ()) -> list[Column]:
    """Columns of these names in their order, those in `numbers` of numbers."""
    found = set(numbers)
    return [Column(name, name in found) for name in names]


def grid(label: str, heads: Sequence[Column], rows: Iterable[Sequence[str]], strong: Iterable[int] = ()) -> None:
    """A table; `label` says to those who can't see it what it holds. Cells are HTML already; `strong` are rows."""
    st.html(grid_html(label, heads, rows, strong))


def grid_html(label: str, heads: Sequence[Column], rows: Iterable[Sequence[str]], strong: Iterable[int] = ()) -> str:
    """The table of `grid`. A row of a single cell is a heading over the rows that follow."""
    marked = set(strong)
    head = "".join(f'<th scope="col"{_side(column)}>{escape(column.name)}</th>' for column in heads)
    body = "".join(_row(heads, cells, strong=number in marked) for number, cells in enumerate(rows))
    return (
        f'<div class="lw-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="lw-grid"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def digest_html(digest: str) -> str:
    """A digest of which the first letters are seen, the whole on hover; a click marks all of it for copying."""
    return f'<span class="lw-digest" title="{escape(digest)}">{escape(digest)}</span>'


def link_html(page: str, words: str, **query: str) -> str:
    """A link to a page of this console; the values of `query` must be names, which need no quoting."""
    parts = "&amp;".join(f"{name}={escape(value)}" for name, value in query.items())
    return f'<a href="/{page}?{parts}">{escape(words)}</a>'


def bytes_text(size: int) -> str:
    """A size as people say it: `530 B`, `1.4 MB`."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:,.0f} B" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1000
    raise AssertionError


def _row(heads: Sequence[Column], cells: Sequence[str], *, strong: bool) -> str:
    if len(cells) == 1 < len(heads):
        return f'<tr class="lw-part"><th scope="colgroup" colspan="{len(heads)}">{cells[0]}</th></tr>'
    told = "".join(f"<td{_side(column)}>{cell}</td>" for column, cell in zip(heads, cells, strict=True))
    return f'<tr class="lw-strong">{told}</tr>' if strong else f"<tr>{told}</tr>"


def _side(column: Column) -> str:
    return ' class="lw-number"' if column.number else ""
