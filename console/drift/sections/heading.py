"""The opening of a section: its question, the answer with its sign, and the sentence with the numbers."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.components.elements import plain_markdown, sign_html, write_html
from engine.documents.drift.questions import ALTOGETHER, LEVELS, MOVED, RANKS, UNKNOWN

GOOD, NEAR, BAD, QUIET = ("●", "good"), ("◆", "warn"), ("▲", "bad"), ("○", "quiet")
TONES = {
    RANKS: {"Yes": GOOD, "Yes, within noise": NEAR, "No, within noise": BAD, "No": BAD},
    MOVED: {"No": GOOD, "A little": NEAR, "Yes, within noise": NEAR, "Yes": BAD},
    LEVELS: {"Yes": GOOD, ALTOGETHER: NEAR, "Not quite": NEAR, "No": BAD},
}


def open_section(question: Mapping[str, Any]) -> None:
    """Shows the opening of a section, from its document in `engine.documents.drift.questions`."""
    name, answer = question["question"], question["answer"]
    sign, tone = TONES[name].get(answer, QUIET)
    st.header(plain_markdown(name), anchor=False)
    answered = sign_html(sign, tone, f"{answer} yet" if answer == UNKNOWN else answer)
    write_html(
        Markup('<p class="lw-section-sentence"><b>{}.</b> {}</p>').format(answered, question["sentence"]),
    )
