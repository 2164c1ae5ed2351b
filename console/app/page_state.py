"""What a session keeps of the page that it shows, and what ends when another page opens.

The state of a session is one for all pages, so a widget of one page would begin with what was chosen on another.
"""

import streamlit as st

PAGE, OTHER = "page-shown", "page-is-other"  # in the session
SHARED = ("page", "view", "part")  # keys of widgets that several pages have; each page has values of its own


def begin_page(name: str) -> None:
    """Begins a script run of a page. After another page, what was chosen there under shared keys ends."""
    other = st.session_state.get(PAGE, name) != name
    st.session_state[PAGE], st.session_state[OTHER] = name, other
    if other:
        for key in SHARED:
            st.session_state.pop(key, None)


def is_other_page() -> bool:
    """Whether the last script run of this session drew another page."""
    return bool(st.session_state.get(OTHER))
