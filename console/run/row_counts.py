"""What became of the rows of each task, which versions a run read, and what it made."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import streamlit as st

from console.components.elements import count, description_list, empty, state_html
from console.run.header import numbers
from console.run.query import RunView, run_link
from engine.definitions.pipelines import PIPELINES
from engine.documents.runs import outputs
from storage.db.ledger import LedgerRow

ROWS_STYLE = """<style>
.lw-wide { overflow-x: auto; }
.lw-table { border-collapse: collapse; width: 100%; font-size: 0.87rem; font-variant-numeric: tabular-nums; }
.lw-table th { text-align: left; font-weight: 600; color: light-dark(#56606c, #a9b3bf); }
.lw-table th, .lw-table td { padding: 0.3rem 0.9rem 0.3rem 0; vertical-align: top;
  border-bottom: 1px solid light-dark(#e6e9ee, #2a303b); }
.lw-table .lw-number { text-align: right; white-space: nowrap; }
.lw-table td:first-child { white-space: nowrap; }
.lw-table td:last-child { min-width: 9rem; }
.lw-table a, .lw-facts a { color: light-dark(#1f5fae, #8ab8f2); }
</style>"""


def accounting(view: RunView) -> None:
    """Shows what became of the rows of each task."""
    rows = [row for row in view.tasks if row.rows_in is not None or row.rows_out is not None]
    if not rows:
        empty("No rows counted yet", "Each task tells how many rows it read and wrote, and why some were left out.")
        return
    lines = [
        (f'<span class="lw-mono">{escape(row.task)}</span>', count(row.rows_in), count(row.rows_out), told(row))
        for row in rows
    ]
    st.html(table(("Task", "Rows in", "Rows out", "Left out, and why"), lines, {1, 2}))


def versions(view: RunView) -> None:
    """Shows which versions a run read, and which tables, model, report and decision came of it."""
    read, made = inputs(view), outputs(view.tasks)
    left, right = st.columns(2)
    with left:
        st.subheader("Read")
        _read(view, read)
    with right:
        st.subheader("Made")
        _made(view, made)


def told(row: LedgerRow) -> str:
    """What a task says of rows that it left out, or of values that became null, in HTML."""
    values: Mapping[str, Any] = row.outcome["outcome"]["values"] if row.outcome else {}
    lines = []
    if values.get("quarantined"):
        lines.append(f"{count(values['quarantined'])} quarantined{reasons(values.get('reasons', {}))}")
    if values.get("blank_lines"):
        lines.append(f"{count(values['blank_lines'])} blank lines")
    if values.get("flagged"):
        lines.append(f"{count(values['flagged'])} customers flagged{reasons(values.get('reasons', {}))}")
    kept = values.get("rows")
    if isinstance(kept, Mapping):
        lines += [f"{escape(name)}: {_kept(found)}" for name, found in kept.items()]
    nulls = values.get("became_null", {})
    if nulls:
        lines.append("became null: " + "; ".join(f"{escape(name)}{reasons(why)}" for name, why in nulls.items()))
    if values.get("left_out"):
        lines.append(f"left out{reasons(values['left_out'])}")
    return "<br>".join(lines) or "-"


def reasons(found: Mapping[str, int]) -> str:
    """Reasons with their counts, behind a space and in brackets; nothing when there are none."""
    words = ", ".join(f"{count(number)} {escape(reason)}" for reason, number in found.items())
    return f" ({words})" if words else ""


def inputs(view: RunView) -> dict[str, str]:
    """The versions of tables that were published before the run and that it read, by table.

    It pins all that there are; a table that one of its tasks made before another read it is not among them.
    """
    pinned: dict[str, str] = view.run.snapshot.get("tables", {})
    pipeline = PIPELINES.get(view.run.pipeline)
    if pipeline is None:
        return dict(sorted(pinned.items()))
    read = {name for task in pipeline.tasks for name in task.reads if pipeline.maker(name) in (None, task.name)}
    return {name: version for name, version in sorted(pinned.items()) if name in read}


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], right: Iterable[int] = ()) -> str:
    """A table in a box that scrolls sideways; cells are HTML already, `right` numbers the columns of figures."""
    sides = set(right)
    kinds = [' class="lw-number"' if number in sides else "" for number in range(9)]
    head = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(heads, kinds, strict=False))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=False)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="lw-wide" tabindex="0" role="region" aria-label="Table"><table class="lw-table"><thead><tr>{head}'
        f"</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _kept(found: Mapping[str, int]) -> str:
    lost = {name.replace("_", " "): number for name, number in found.items() if number and name not in ("read", "kept")}
    return f"{count(found.get('kept'))} of {count(found.get('read'))} kept{reasons(lost)}"


def _read(view: RunView, read: Mapping[str, str]) -> None:
    champion = view.run.snapshot.get("champion")
    if not read and not champion:
        early = "The run pins them when it begins." if view.active else "It read nothing that was published before it."
        empty("No published version", early)
        return
    lines = [(f'<span class="lw-mono">{escape(name)}</span>', _version(version)) for name, version in read.items()]
    if champion:
        lines.append(("champion model", f'<span class="lw-mono">{escape(champion)}</span>'))
    st.html(table(("Table", "Version: the run that made it"), lines))


def _made(view: RunView, made: Mapping[str, Any]) -> None:
    if made["tables"]:
        published = view.run.state == "succeeded"
        if not published and not view.active:
            st.caption("Not published, because the run did not succeed; a resumed run can use them.")
        lines = [
            (
                f'<span class="lw-mono">{escape(name)}</span>',
                count(one["rows"]),
                _version(one["version"], view.run.run_id),
            )
            for name, one in sorted(made["tables"].items())
        ]
        st.html(table(("Table", "Rows", "Version"), lines, {1}))
    rest = {}
    if made.get("model"):
        name = escape(made["model"])
        rest["Model"] = f'<a class="lw-mono" href="/models?version={name}">{name}</a>'
    if made.get("report"):
        rest["Report"] = f'<span class="lw-mono">{escape(made["report"])}</span>'
    if rest:
        description_list(rest)
    if view.decision is not None:
        _decision(view.decision)
    elif not made["tables"] and not rest:
        empty(
            "Nothing made yet" if view.active else "Nothing made",
            "Tables, models and reports of the run are listed here.",
        )


def _decision(row: LedgerRow) -> None:
    told_ = f"{state_html(row.status)} {state_html(row.action)}<br>{escape(row.reason)}"
    if row.requested_run_id:
        told_ += f"<br>asked for {run_link(row.requested_run_id)}"
    description_list({"Decision": told_, "Numbers": numbers(row.numbers)})


def _version(version: str, own: str = "") -> str:
    return '<span class="lw-note">this run</span>' if version == own else run_link(escape(version))
