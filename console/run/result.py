"""What a run was for: its model, decision, report and tables, in a few lines."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.navigation import model_link, run_link
from console.components.elements import Text, code_html, count, description_list, join, note_html, state_html
from console.run.header import numbers
from console.run.query import RunView
from engine.control.trials import is_trial
from engine.documents.runs import outputs

FOR_PEOPLE = "gold."  # the beginning of the names of tables that people read, which are named first


def result(view: RunView) -> None:
    """Shows the result of a run; nothing while it has none."""
    terms = result_terms(view)
    if terms:
        st.header("Result")
        description_list(terms)


def result_terms(view: RunView) -> dict[str, Text]:
    """The outputs of a run by kind, and whether they are published."""
    made, terms = outputs(view.tasks), dict[str, Text]()
    if made.get("model"):
        verdict = view.model.promotion.get("reason", "") if view.model else ""
        terms["Model"] = join([model_link(made["model"]), note_html(str(verdict)) if verdict else ""], " ")
    if view.decision is not None:
        row = view.decision
        requested = join(["requested ", run_link(row.requested_run_id)]) if row.requested_run_id else ""
        states = join([state_html(row.status), state_html(row.action)], " ")
        terms["Decision"] = join([states, row.reason, requested], Markup("<br>"))
        terms["Numbers"] = numbers(row.numbers)
    if made.get("report"):
        terms["Report"] = code_html(made["report"])
    if made["tables"]:
        terms["Tables"] = _tables(view, made["tables"])
    return terms


def _tables(view: RunView, made: Mapping[str, Any]) -> Markup:
    """How many tables the run made and whether they are published, and each with its rows, those for people first."""
    named = sorted(made, key=lambda name: (not name.startswith(FOR_PEOPLE), name))
    rows = [Markup("{} {} rows").format(code_html(name), count(made[name]["rows"])) for name in named]
    return join([f"{len(made)} {_published(view)}", note_html(join(rows, ", "))], ": " if rows else "")


def _published(view: RunView) -> str:
    if is_trial(view.run):
        return "made, not published"
    if view.run.state == "succeeded":
        return "published"
    return "made, published when the run succeeds" if view.active else "made, not published; a resumed run can use them"
