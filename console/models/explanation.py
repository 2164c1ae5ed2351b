"""Explain a loan: its newest prediction, and the features that raise its risk most against a typical good payer."""

from collections.abc import Sequence

import streamlit as st

from console.access.session import person
from console.app.deployment import deployment, ledger
from console.app.queries import VERSION_KEYS, version_of
from console.components.elements import Text, callout, empty, named_html, note, paragraph
from console.components.table import columns, table
from engine.control.lookups import checked_id, record_lookup
from engine.documents.explanation import (
    explanation_document,
    prediction_sentence,
    sum_sentence,
    typical_sentence,
    value_text,
)
from engine.documents.values import Document
from storage.errors import LoanwatchError
from storage.lake.datamart import TableVersion
from storage.lake.names import PREDICTIONS

KEPT_LOANS = 256
RECORDED = "models-lookup-recorded"  # in the session: the loan whose look-up was recorded last, and by whom
HEADS = ("Feature", "This loan", "Typical good payer", "Risk", "Log-odds")
EFFECTS = {"raises": "▲\N{NO-BREAK SPACE}raises", "lowers": "▼\N{NO-BREAK SPACE}lowers", "none": "unchanged"}


def show_explanation() -> None:
    """Shows a field for a loan's id, and why the loan has its prediction."""
    loan = st.text_input("Loan ID", key="loan", bind="query-params", width=320, placeholder="A loan that was scored")
    predictions = version_of(PREDICTIONS)
    if predictions is None:
        empty("No predictions yet", "A loan is explained once it was scored: run the inference on the Overview page.")
        return
    if not (loan := (loan or "").strip()):
        note("The features of a loan that raise its risk most, against the typical good payer of the model.")
        return
    try:
        loan = checked_id(loan)
        _record(loan)
        with st.spinner("Opening the model"):
            document = _explained(predictions, loan)
    except LoanwatchError as error:
        callout("warn", "The loan can't be explained", str(error))
        return
    _show(document)


def _record(loan: str) -> None:
    """Records the look-up, once for all the times that the page is drawn with it."""
    asked = (loan, person().name)
    if st.session_state.get(RECORDED) != asked:
        record_lookup(deployment(), loan, "explanation on the Models page", asked[1])
        st.session_state[RECORDED] = asked


def _show(document: Document) -> None:
    paragraph(prediction_sentence(document))
    if document["flagged_reason"]:
        note(f"Its customer is flagged: {document['flagged_reason']}.")
    if document["reasons"]:
        st.subheader("What raises its risk most")
        _table("The reasons for the risk of this loan, the largest first", document["reasons"])
    else:
        note("No feature raises its risk against a typical good payer.")
    note(f"{typical_sentence(document)} {sum_sentence(document)}")
    with st.expander("Every feature"):
        _table("The contributions of all features, the largest first", document["contributions"])
        note(
            "A typical good payer has the median of each number and the most frequent level of each category among the "
            "train loans that were repaid. Contributions are baseline Shapley values of the log-odds: the typical good "
            "payer gets the loan's values one after the other, and the changes are averaged over many orders."
        )


def _table(label: str, contributions: Sequence[Document]) -> None:
    rows: list[list[Text]] = [
        [
            named_html(one["name"], one["feature"]),
            value_text(one["value"]),
            value_text(one["typical"]),
            EFFECTS[one["effect"]],
            f"{one['contribution']:+.2f}",
        ]
        for one in contributions
    ]
    table(label, columns(*HEADS, numbers=["This loan", "Typical good payer", "Log-odds"]), rows)


@st.cache_data(max_entries=KEPT_LOANS, show_spinner=False, hash_funcs=VERSION_KEYS)
def _explained(predictions: TableVersion, loan: str) -> Document:  # noqa: ARG001 - part of the key
    with ledger().reading() as connection:
        return explanation_document(connection, deployment(), loan)
