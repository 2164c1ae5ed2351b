"""What happened, line by line: columns side by side where there is room, under each other on a phone."""

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

import streamlit as st

LINES_SHEET = """<style>
ol.lw-lines { list-style: none; margin: 0; padding: 0; }
ol.lw-lines > li { display: grid; grid-template-columns: var(--lw-columns); gap: 0.15rem 1.2rem; margin: 0;
  padding: 0.5rem 0; align-items: baseline; border-bottom: 1px solid light-dark(#e3e7ec, #2b323d); }
.lw-lines > li > div { min-width: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.lw-lines a { color: light-dark(#1f5fae, #8ab8f2); }
@media (max-width: 900px) {
  ol.lw-lines > li { display: flex; flex-wrap: wrap; }
  .lw-lines > li > div:last-child { flex-basis: 100%; }
}
</style>"""


def lines(label: str, columns: str, rows: Iterable[Sequence[str]]) -> None:
    """The rows, whose cells are HTML already; `columns` are their widths as CSS names them, `label` says what it is."""
    told = "".join("<li>" + "".join(f"<div>{cell}</div>" for cell in row) + "</li>" for row in rows)
    st.html(f'<ol class="lw-lines" style="--lw-columns: {columns}" aria-label="{escape(label)}">{told}</ol>')


def chosen_page(rows: int, size: int) -> int:
    """The page that is chosen of so many rows, counted from 1, by a control that is drawn here if there are several.

    It is drawn before the rows are read, which belong into a container above it: so a shared address shows its page.
    """
    pages = max(-(-rows // size), 1)
    return min(st.pagination(pages, key="page", bind="query-params"), pages) if pages > 1 else 1


def run_link(run_id: str | None, words: str = "") -> str:
    """A link to a run's page; nothing for None."""
    return "" if run_id is None else _link("run", "run_id", run_id, words or run_id)


def model_link(version: str, words: str = "") -> str:
    """A link to a model's version."""
    return _link("models", "version", version, words or version)


def note_html(text: str) -> str:
    """Text that matters less than what it stands beside."""
    return f'<span class="lw-note">{escape(text)}</span>'


def _link(page: str, name: str, value: str, words: str) -> str:
    return f'<a href="/{page}?{name}={quote(value, safe="")}">{escape(words)}</a>'
