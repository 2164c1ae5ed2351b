"""One loan of a look-up: its score with the reasons, its features with their origin, its payments, its past scores."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.deployment import column_words, deployment
from console.app.navigation import model_link, page_link, run_link
from console.components.elements import (
    Text,
    callout,
    description_list,
    join,
    named_html,
    note,
    note_html,
    sign_html,
    with_code,
    write_html,
)
from console.components.table import columns, table
from console.components.times import day
from engine.documents.explanation import sum_sentence, typical_sentence, value_text
from engine.documents.lookup.sentences import OUTCOMES, history_sentence, origin_text
from engine.documents.values import Document

EFFECTS = {"raises": "▲\N{NO-BREAK SPACE}raises", "lowers": "▼\N{NO-BREAK SPACE}lowers", "none": "unchanged"}
REASONS = columns(
    "Feature",
    "This loan",
    "Typical good payer",
    "Risk",
    "Log-odds",
    numbers=["This loan", "Typical good payer", "Log-odds"],
)
FEATURES = columns("Feature", "Value", "Where it came from", numbers=["Value"])
SCORES = columns("As of", "Score", "Change", "Predicted", "Model", "Run", numbers=["Score", "Change"])
LOAN_SHEET = Markup("""<style>
.st-key-payments .lw-table th { white-space: normal; vertical-align: bottom; max-width: 8.5rem; }
.st-key-origins .lw-table td:last-child { color: var(--lw-quiet); }
</style>""")


def show_loan(loan: Document, customer: str) -> None:
    """Shows everything about a loan."""
    write_html(LOAN_SHEET)
    _show_score(loan)
    description_list(_facts(loan, customer))
    _show_reasons(loan)
    _show_features(loan)
    _show_payments(loan["payments"])
    _show_scores(loan)


def score_html(loan: Document) -> Text:
    """The score of a loan and what it predicts; a dash for none."""
    if loan["predicted_proba"] is None:
        return "-"
    return join([f"{loan['predicted_proba']:.1%}", _verdict(loan)], " ")


def money(amount: float | None) -> str:
    """An amount, a dash for none."""
    return "-" if amount is None else f"{amount:,.0f}"


def _verdict(loan: Document) -> Markup:
    if loan["predicted_label"]:
        return sign_html("▲", "warn", "predicted to default")
    return sign_html("✓", "good", "predicted to be repaid")


def _show_score(loan: Document) -> None:
    if loan["predicted_proba"] is None:
        callout("quiet", "Not scored yet", loan["not_scored"])
        return
    cut_off = (loan["explanation"] or {}).get("cut_off")
    limit = note_html(f"cut-off {cut_off:.1%}") if cut_off is not None else ""
    figure = Markup('<span class="lw-figure">{}</span>').format(f"{loan['predicted_proba']:.1%}")
    words = join([figure, note_html("probability of default"), _verdict(loan), limit])
    write_html(Markup('<div class="lw-pair">{}</div>').format(words))


def _facts(loan: Document, customer: str) -> dict[str, Text]:
    """The dates of the loan, its outcome, and the model."""
    known = OUTCOMES.get(loan["outcome"] or "", f"not known before {_day(loan['observation_date'])}")
    facts: dict[str, Text] = {
        "Customer": page_link("data", customer, find=customer),
        "Start": _day(loan["start"]),
        "Can be scored from": _day(loan["prediction_date"]),
        "Outcome": known,
    }
    if loan["amount"] is not None:
        facts["Amount"] = money(loan["amount"])
    if loan["model_version"]:
        facts["Model"] = join([model_link(loan["model_version"]), f"cohort {loan['cohort']}"], ", ")
    return facts


def _show_reasons(loan: Document) -> None:
    explained = loan["explanation"]
    if explained is None:
        if loan["not_explained"]:
            callout("warn", "The score can't be explained", loan["not_explained"])
        return
    st.subheader("What raises its risk most", anchor=False)
    if explained["reasons"]:
        table("The reasons for the risk of this loan, the largest first", REASONS, map(_reason, explained["reasons"]))
    else:
        note("No feature raises its risk against a typical good payer.")
    note(f"{typical_sentence(explained)} {sum_sentence(explained)}")


def _reason(one: Document) -> list[Text]:
    return [
        named_html(one["name"], one["feature"]),
        value_text(one["value"]),
        value_text(one["typical"]),
        EFFECTS[one["effect"]],
        f"{one['contribution']:+.2f}",
    ]


def _show_features(loan: Document) -> None:
    """Shows the features of the model, and the others when asked for."""
    of_model = [one for one in loan["features"] if one["in_model"]]
    others = [one for one in loan["features"] if not one["in_model"]]
    if not loan["features"]:
        return
    st.subheader("Features and where they came from", anchor=False)
    with st.container(key="origins"):
        if of_model:
            table("The features of the model", FEATURES, map(_feature, of_model), stacked=True)
        with st.expander("Features that the model does not use" if of_model else "All features"):
            table("The other features", FEATURES, map(_feature, others), stacked=True)


def _feature(one: Document) -> list[Text]:
    return [named_html(one["name"], one["feature"]), value_text(one["value"]), with_code(origin_text(one))]


def _show_payments(rows: Sequence[dict[str, Any]]) -> None:
    """Shows the payments under the descriptions of their columns; those with an overdue amount are marked."""
    if not rows:
        return
    bad, source = deployment().book.bad_loan, deployment().book.outcomes
    names = list(rows[0])
    numbers = [name for name in names if any(isinstance(row[name], int | float) for row in rows)]
    words = {name: column_words(name, source.dataset) or name for name in names}
    heads = columns(*words.values(), numbers=[words[name] for name in numbers])
    over = [number for number, row in enumerate(rows) if (row.get(bad.column) or 0) > bad.above]
    cells = [
        [_payment(row[name], marked=name == bad.column and n in over) for name in names] for n, row in enumerate(rows)
    ]
    st.subheader("Payments", anchor=False)
    with st.container(key="payments"):
        table("The payments of the loan, the oldest first", heads, cells, over)
    told = f"{len(over)} of {len(rows)} rows" if over else "No row"
    note(f"{told} above {bad.above:g} in {bad.column}, which makes a loan bad in its months {bad.first} to {bad.last}.")


def _payment(value: Any, *, marked: bool) -> Text:
    if value is None:
        return note_html("missing")
    if isinstance(value, date):
        return day(value)
    text = f"{value:,.2f}" if isinstance(value, float) else str(value)
    return sign_html("!", "warn", text) if marked else text


def _show_scores(loan: Document) -> None:
    st.subheader("Past scores", anchor=False)
    scores = loan["scores"]
    if scores:
        changes = [one["predicted_proba"] - before["predicted_proba"] for one, before in pairwise(scores)]
        rows = [_score(one, change) for one, change in zip(scores, [*changes, None], strict=True)]
        table("The scores of the loan, the newest first", SCORES, rows, stacked=True)
    note(history_sentence(loan))


def _score(one: Document, change: float | None) -> list[Text]:
    return [
        _day(one["as_of"]),
        f"{one['predicted_proba']:.1%}",
        _moved(change),
        "default" if one["predicted_label"] else "repaid",
        model_link(one["model_version"]),
        run_link(one["run_id"]),
    ]


def _day(iso: str) -> str:
    return day(date.fromisoformat(iso))


def _moved(change: float | None) -> str:
    """How far a score moved since the one before. A move that rounds to nothing has no sign."""
    if change is None:
        return "-"
    if not change:
        return "unchanged"
    return f"{100 * change:+.1f} points" if round(100 * change, 1) else "less than 0.1 points"
