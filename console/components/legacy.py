"""Elements of the pages Drift, Models and Data whose cells are HTML in plain strings.

It is removed as soon as these pages use `write_html`, `table` and `app.navigation` with Markup.
"""

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup, escape

from console.components import elements
from console.components.table import Column, table

QUIET = "var(--lw-quiet)"


def grid(label: str, heads: Sequence[Column], rows: Iterable[Sequence[str]], strong: Iterable[int] = ()) -> None:
    """Shows a table whose cells are HTML."""
    table(label, heads, [[Markup(cell) for cell in row] for row in rows], strong)  # noqa: S704


def description_list(pairs: Mapping[str, str]) -> None:
    """Shows names and values that are HTML."""
    elements.description_list({name: Markup(value) for name, value in pairs.items()})  # noqa: S704


def link_html(page: str, words: str, **query: str) -> Markup:
    """A link to a page of this console; the values of `query` must be names, which need no quoting."""
    parts = "&".join(f"{name}={value}" for name, value in query.items())
    return Markup('<a href="/{}?{}">{}</a>').format(page, parts, escape(words))
