"""The console's small parts, as HTML: states, boxes, facts. Every text from outside is escaped here."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from console.components.theme import STATES


def state_html(state: str, words: str | None = None) -> str:
    """A state: its sign, its word (or others) and its tone."""
    sign, tone, word = STATES.get(state, ("?", "quiet", state))
    told = escape(words or word)
    return f'<span class="lw-state lw-{tone}"><span class="lw-sign" aria-hidden="true">{sign}</span> {told}</span>'


def state_text(state: str) -> str:
    """A state in plain text, for cells of tables and labels."""
    sign, _, word = STATES.get(state, ("?", "quiet", state))
    return f"{sign} {word}"


def callout(tone: str, title: str, *sentences: str) -> None:
    """A box that says what is the matter; backquoted words of its sentences are set as code."""
    told = "".join(f"<p>{with_code(sentence)}</p>" for sentence in sentences if sentence)
    role = ' role="alert"' if tone == "bad" else ""
    st.html(f'<div class="lw-box lw-{tone}"{role}><h4>{escape(title)}</h4>{told}</div>')


def empty(title: str, *sentences: str) -> None:
    """What stands where there is nothing yet: what would be here, and what to do about it."""
    callout("quiet", title, *sentences)


def description_list(pairs: Mapping[str, str]) -> None:
    """Names and values under each other; the values are HTML already."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in pairs.items())
    st.html(f'<dl class="lw-facts">{rows}</dl>')


def with_code(sentence: str) -> str:
    """The sentence as HTML, what stands in backquotes as code."""
    parts = escape(sentence).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def count(value: int | None) -> str:
    """A count in groups of three; a dash for None."""
    return "-" if value is None else f"{value:,}"


def figure(value: float | None, decimals: int = 3) -> str:
    """A number to so many decimals; a dash for None."""
    return "-" if value is None else f"{value:.{decimals}f}"
