"""Two versions side by side, showing what differs and, if asked, all the rest."""

from html import escape

import pandas as pd
import streamlit as st

from console.app.deployment import deployment
from console.components.elements import callout, empty
from console.components.legacy import grid, link_html
from console.components.table import columns, digest_html
from console.components.theme import drawn
from console.models.candidates import interval_chart, interval_frame, interval_words
from console.models.differences import Difference, differences, same_loans
from console.models.query import Chosen, best, chosen

A, B = "compare-a", "compare-b"
PAIR = {A: "a", B: "b"}


def compare_part(names: list[str], champion: str | None) -> None:
    """The choice of two versions, and what differs between them."""
    if len(names) < 2:
        empty(
            "Nothing to compare yet",
            "Two versions will stand side by side here; there is one.",
            "Train again for another.",
        )
        return
    start = defaults(names, champion, st.query_params.get("a"), st.query_params.get("b"))
    pickers = st.columns([5, 5, 1], vertical_alignment="bottom")
    for key, picker in zip((A, B), pickers, strict=False):
        if st.session_state.get(key) not in names:
            st.session_state[key] = start[key]
        picker.selectbox(
            f"Version {PAIR[key]}", names, key=key, format_func=lambda name: _told(name, champion), on_change=_address
        )
    pickers[2].button("Swap", key="compare-swap", on_click=_swap, width="stretch")
    a, b = chosen(st.session_state[A]), chosen(st.session_state[B])
    if a is None or b is None:
        empty("That version is gone", "Choose another one above.")
    elif a.version == b.version:
        callout("quiet", "These are the same version", "Choose another one on either side.")
    else:
        _pair(a, b)


def defaults(names: list[str], champion: str | None, a: str | None, b: str | None) -> dict[str, str]:
    """The versions to begin with: those that the address names, else the champion and the newest other one."""
    first = a if a in names else champion if champion in names and champion != b else None
    second = b if b in names else None
    rest = [name for name in names if name not in (first, second)]
    first = first or rest.pop(-1 if second == names[0] else 0)
    return {A: first, B: second or next((name for name in rest if name != first), first)}


def show_pair(a: str, b: str) -> None:
    """Has the comparison show these two (a callback)."""
    st.session_state[A], st.session_state[B] = a, b
    st.session_state["view"] = "Compare two"
    _address()


def _pair(a: Chosen, b: Chosen) -> None:
    found = differences(a, b)
    differing = [one for one in found if one.differs]
    alike = len(found) - len(differing)
    st.write(same_loans(a, b))
    frame = _intervals(a, b)
    if not frame.empty:
        limit = deployment().settings.auc_threshold
        st.altair_chart(
            drawn(interval_chart(frame, limit), plain=True),
            width="stretch",
            theme=None,
            alt=interval_words(frame, limit),
        )
    every = st.toggle(f"Show also the {alike} that are the same", key="compare-all", disabled=not alike)
    heads = columns("", f"a: {a.version}", f"b: {b.version}", "b minus a", numbers=["b minus a"])
    grid("What differs between the two versions", heads, _rows(found if every else differing, every=every))
    links = (link_html("run", one.row.run_id, run_id=one.row.run_id) for one in (a, b))
    st.html(f'<p class="lw-note" style="margin:0">Made by {" and ".join(links)}.</p>')


def _rows(found: list[Difference], *, every: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    part = ""
    for one in found:
        if one.part != part:
            part = one.part
            rows.append([escape(part)])
        name = escape(one.name)
        sign = '<span class="lw-warn" title="differs">≠</span> ' if every and one.differs else ""
        rows.append([sign + name, _value(one.a, one), _value(one.b, one), escape(one.change)])
    return rows


def _value(value: str, one: Difference) -> str:
    return digest_html(value) if one.digest and value != "-" else escape(value)


def _intervals(a: Chosen, b: Chosen) -> pd.DataFrame:
    """The chosen models of both with their intervals."""
    return interval_frame(
        {f"{x}: {one.version}": best(one.told, one.row.model_name) for x, one in (("a", a), ("b", b))}, ""
    )


def _told(name: str, champion: str | None) -> str:
    return f"{name}  ★ champion" if name == champion else name


def _address() -> None:
    for key, name in PAIR.items():
        st.query_params[name] = st.session_state[key]


def _swap() -> None:
    show_pair(st.session_state[B], st.session_state[A])
