"""Small parts of pages as HTML: states, callouts, description lists. All text is escaped, because it is composed here.

`write_html` is the only place that hands HTML to Streamlit, and it takes nothing but Markup.
"""

import re
from collections.abc import Iterable, Mapping

import streamlit as st
from markupsafe import Markup, escape
from streamlit.elements.lib.layout_utils import Width

from console.components.theme import STATES
from jobs.statistics import rounding

count, figure, percent = rounding.count, rounding.figure, rounding.percent

Text = str | Markup  # plain text, which is escaped, or HTML, which is not
MARKDOWN = re.compile(r"[\\`*\[\]<>$:!#~|&]")  # punctuation that begins something in the Markdown of Streamlit


def write_html(markup: Markup, *, width: Width = "stretch", scripts: bool = False) -> None:
    """Shows HTML on the page; TypeError for a plain string, which may hold text that nobody has escaped."""
    if not isinstance(markup, Markup):
        raise TypeError(f"write_html takes Markup, not {type(markup).__name__}")
    st.html(str(markup), width=width, unsafe_allow_javascript=scripts)


def join(parts: Iterable[Text], between: Text = "") -> Markup:
    """The parts one after the other; those that are empty are left out."""
    return escape(between).join(part for part in parts if part)


def state_html(state: str, words: str | None = None) -> Markup:
    """A state: its sign, its word (or others) and its tone."""
    sign, tone, word = STATES.get(state, ("?", "quiet", state))
    return sign_html(sign, tone, words or word)


def sign_html(sign: str, tone: str, words: str) -> Markup:
    """Words in a tone behind a sign that screen readers skip."""
    return Markup('<span class="lw-state lw-{}"><span class="lw-sign" aria-hidden="true">{}</span> {}</span>').format(
        tone, sign, words
    )


def state_text(state: str) -> str:
    """A state in plain text, for cells of tables and labels."""
    sign, _, word = STATES.get(state, ("?", "quiet", state))
    return f"{sign} {word}"


def note_html(text: Text) -> Markup:
    """Text that matters less than what it stands beside."""
    return Markup('<span class="lw-note">{}</span>').format(text)


def unseen_html(text: Text) -> Markup:
    """Text for screen readers alone, beside a sign that others see."""
    return Markup('<span class="lw-unseen">{}</span>').format(text)


def code_html(text: Text) -> Markup:
    """A name or an id in the font of code."""
    return Markup('<span class="lw-mono">{}</span>').format(text)


def named_html(name: str, raw: str) -> Markup:
    """A plain name with the raw name of the column or setting in small; the name alone when they are the same."""
    return escape(name) if name == raw else Markup('{} <span class="lw-raw">{}</span>').format(name, raw)


def paragraph(text: Text) -> None:
    """Shows text of the size of the page."""
    write_html(Markup("<div>{}</div>").format(text))


def plain_markdown(text: str) -> str:
    """The text for headings and messages, which are Markdown: without links, images, colours or HTML of its own."""
    return MARKDOWN.sub(r"\\\g<0>", text)


def note(text: Text) -> None:
    """A line of note, for text that may hold words from outside; st.caption would render their Markdown."""
    write_html(note_html(text))


def callout(tone: str, title: str, *sentences: Text) -> None:
    """Shows a callout: a title and sentences. Words in backquotes are set as code."""
    write_html(callout_html(tone, title, *sentences))


def callout_html(tone: str, title: str, *sentences: Text, after: Text = "") -> Markup:
    """A callout, `after` at its end. Screen readers announce the ones of tone `bad` at once."""
    paragraphs = join([Markup("<p>{}</p>").format(with_code(each)) for each in sentences if each])
    role = Markup(' role="alert"') if tone == "bad" else ""
    return Markup('<div class="lw-callout lw-{}"{}><h2>{}</h2>{}{}</div>').format(tone, role, title, paragraphs, after)


def empty(title: str, *sentences: Text) -> None:
    """Shows what belongs in a place where there is nothing yet, and what to do about it."""
    callout("quiet", title, *sentences)


def description_list(pairs: Mapping[str, Text]) -> None:
    """Shows names and values under each other."""
    rows = join([Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in pairs.items()])
    write_html(Markup('<dl class="lw-descriptions">{}</dl>').format(rows))


def with_code(sentence: Text) -> Markup:
    """The sentence with the words in backquotes as code; Markup as it is."""
    if isinstance(sentence, Markup):
        return sentence
    parts = sentence.split("`")
    return join([Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts)])
