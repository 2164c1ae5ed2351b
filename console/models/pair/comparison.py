"""Two versions side by side: what differs, and on demand what is equal."""

from collections.abc import Iterable

import pandas as pd
import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment
from console.app.navigation import run_link
from console.components.elements import Text, callout, empty, join, named_html, note, paragraph, sign_html
from console.components.table import columns, digest_html, table
from console.models.candidates import show_intervals
from console.models.pair.differences import Difference, comparability, differences
from console.models.pair.same_loans import same_loans, show_same_loans
from console.models.query import ModelView, model_view
from engine.documents.champions.pair import ROUNDING, pair_sentences, same_loans_rows
from engine.documents.values import Document
from jobs.charts.candidates import interval_frame

A, B = "compare-a", "compare-b"
PAIR = {A: "a", B: "b"}
CHANGE = "a minus b"  # the sign of every difference on the page
DIFFERS = Markup('<span class="lw-warn" title="differs">≠</span> ')


def show_comparison(names: list[str], champion: str | None) -> None:
    """Shows the selection of two versions, and what differs between them."""
    if len(names) < 2:
        empty("Nothing to compare yet", "There is one version. Run the training again for another.")
        return
    start = defaults(names, champion, st.query_params.get("a"), st.query_params.get("b"))
    pickers = st.columns([5, 5, 1], vertical_alignment="bottom")
    for key, picker in zip((A, B), pickers, strict=False):
        if st.session_state.get(key) not in names:
            st.session_state[key] = start[key]
        picker.selectbox(
            f"Version {PAIR[key]}",
            names,
            key=key,
            format_func=lambda name: _option(name, champion),
            on_change=_update_address,
        )
    pickers[2].button("Swap", key="compare-swap", on_click=_swap, width="stretch")
    a, b = model_view(st.session_state[A]), model_view(st.session_state[B])
    if a is None or b is None:
        empty("That version is gone", "Choose another one above.")
    elif a.version == b.version:
        callout("quiet", "These are the same version", "Choose another one on either side.")
    else:
        _compare(a, b)


def defaults(names: list[str], champion: str | None, a: str | None, b: str | None) -> dict[str, str]:
    """The versions to begin with: those that the address names, else the champion and the newest other one."""
    first = a if a in names else champion if champion in names and champion != b else None
    second = b if b in names else None
    rest = [name for name in names if name not in (first, second)]
    first = first or rest.pop(-1 if second == names[0] else 0)
    return {A: first, B: second or next((name for name in rest if name != first), first)}


def compare(a: str, b: str) -> None:
    """Opens the comparison of two versions (a callback)."""
    st.session_state[A], st.session_state[B] = a, b
    st.session_state["view"] = "Compare two"
    _update_address()


def _compare(a: ModelView, b: ModelView) -> None:
    found = differences(a, b)
    differing = [difference for difference in found if difference.differs]
    equal = len(found) - len(differing)
    paired = same_loans(a.version, b.version)
    if paired is None:
        note("Test AUC of each with its 95% interval, on the test loans of its own training:")
        show_intervals(_intervals(a, b), deployment().settings.auc_threshold)
    else:
        for sentence in pair_sentences(paired):
            paragraph(sentence)
        show_same_loans(paired)
    paragraph(comparability(a, b, paired))
    every = st.toggle(f"Show also the {equal} that are equal", key="compare-all", disabled=not equal)
    heads = columns("", f"a: {a.version}", f"b: {b.version}", CHANGE, numbers=[CHANGE])
    rows = [*_paired_rows(paired), *_rows(found if every else differing, every=every)]
    table("What differs between the two versions", heads, rows)
    links = join((run_link(view.row.run_id) for view in (a, b)), " and ")
    note(Markup("{} Made by {}.").format(ROUNDING, links))


def _paired_rows(paired: Document | None) -> list[list[Text]]:
    """The AUC of both on the same loans, also where it is equal; the better one is marked if the interval allows it."""
    if paired is None:
        return []
    rows = [
        [
            f"AUC {row['AUC']}",
            *(_marked(row[side], better=row["better"] == side) for side in ("a", "b")),
            row["a_minus_b"],
        ]
        for row in same_loans_rows(paired)
    ]
    return [["On the same loans, which neither learned from"], *rows]


def _marked(value: str, *, better: bool) -> Text:
    return join([value, sign_html("✓", "good", "better")], " ") if better else value


def _rows(found: Iterable[Difference], *, every: bool) -> list[list[Text]]:
    """A row for each difference, under the heading of its section."""
    rows: list[list[Text]] = []
    section = ""
    for difference in found:
        if difference.section != section:
            section = difference.section
            rows.append([section])
        name = named_html(difference.name, difference.raw) if difference.raw else difference.name
        sign = DIFFERS if every and difference.differs else ""
        values = (_value(value, difference) for value in (difference.a, difference.b))
        rows.append([join([sign, name]), *values, difference.change])
    return rows


def _value(value: str, difference: Difference) -> Text:
    return digest_html(value) if difference.digest and value != "-" else value


def _intervals(a: ModelView, b: ModelView) -> pd.DataFrame:
    """The selected models of both with their intervals."""
    return interval_frame({f"{side}: {view.version}": view.metrics for side, view in (("a", a), ("b", b))}, "")


def _option(name: str, champion: str | None) -> str:
    return f"{name}  ★ champion" if name == champion else name


def _update_address() -> None:
    for key, name in PAIR.items():
        st.query_params[name] = st.session_state[key]


def _swap() -> None:
    compare(st.session_state[B], st.session_state[A])
