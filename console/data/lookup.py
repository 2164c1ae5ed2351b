"""The look-up of a customer or a loan: the field, and whom the id is about. Each look-up is in the audit log."""

from time import monotonic

import streamlit as st

from console.access.session import person
from console.app.deployment import deployment, ledger
from console.app.navigation import page_link
from console.components.elements import Text, callout, code_html, join, note, paragraph, plain_markdown, sign_html
from console.components.table import columns, table
from console.data.lookup_loan import money, score_html, show_loan
from console.data.masking import masked_record
from engine.control.lookups import checked_id, record_lookup
from engine.documents.lookup.document import lookup_document
from engine.documents.lookup.sentences import OUTCOMES, checks_sentence, subject_sentence
from engine.documents.values import Document
from jobs.accounting.reasons import plain_reason
from storage.errors import LoanwatchError
from storage.ledger.catalog import current_versions

FIELD = "find"
RECORDED = "data-lookup-recorded"  # in the session: what was recorded last, by whom, and when
AGAIN = 600.0  # seconds after which the same look-up is recorded again
KEPT = 64
LOANS = columns("Loan", "Start", "Amount", "Score", "Outcome", "Model", numbers=["Amount"])
RECORDS = columns("Dataset", "File", "Line", "Reason", "Text", numbers=["Line"])


def show_lookup() -> bool:
    """Shows the field and what the id in it is about. Returns whether there is an id."""
    typed = st.text_input(
        "Look up a customer or a loan",
        key=FIELD,
        bind="query-params",
        type="search",
        width=420,
        placeholder="Id of a customer or a loan",
    )
    if not (typed or "").strip():
        st.session_state.pop(RECORDED, None)
        note("Score, reasons, features with their origin, payments, checks and past scores. Each look-up is audited.")
        return False
    try:
        wanted = checked_id(typed or "")
        _record(wanted)
        with st.spinner("Reading the tables"):
            document = _found(wanted, _published())
    except LoanwatchError as error:
        callout("warn", "Nothing was looked up", str(error))
        return True
    _show(document)
    return True


def _record(wanted: str) -> None:
    """Records the look-up, once for all the times that the page is drawn with it."""
    name = person().name
    subject, by, at = st.session_state.get(RECORDED, ("", "", 0.0))
    if (subject, by) != (wanted, name) or monotonic() - at > AGAIN:
        record_lookup(deployment(), wanted, "look-up on the Data page", name)
        st.session_state[RECORDED] = (wanted, name, monotonic())


def _published() -> str:
    """The versions of all published tables, as the key of what was read of them."""
    with ledger().reading() as connection:
        versions = current_versions(connection)
    return " ".join(f"{name}={version.version}" for name, version in sorted(versions.items()))


@st.cache_data(max_entries=KEPT, show_spinner=False)
def _found(wanted: str, published: str) -> Document:  # noqa: ARG001 - part of the key
    with ledger().reading() as connection:
        return lookup_document(connection, deployment(), wanted)


def _show(document: Document) -> None:
    if document["kind"] == "unknown":
        callout("quiet", "Not found", subject_sentence(document), *_hint(document))
        _show_quarantined(document)
        return
    loan, customer = document["loan"], document["customer"]
    title = f"Loan {loan['loan']}" if loan else f"Customer {customer}"
    st.header(plain_markdown(title), anchor=False)
    tone = ("!", "warn") if document["flagged"] or document["quarantined"] else ("✓", "good")
    first, _, rest = checks_sentence(document).partition(". ")
    paragraph(join([sign_html(*tone, f"{first}."), rest], " "))
    if len(document["loans"]) != 1 or loan is None:
        _show_loans(document)
    _show_quarantined(document)
    if loan:
        show_loan(loan, customer)
    note(subject_sentence(document))


def _hint(document: Document) -> list[str]:
    return [checks_sentence(document)] if document["quarantined"] else []


def _show_loans(document: Document) -> None:
    """Shows the loans of the customer, each a link to it."""
    if not document["loans"]:
        note("No row of this customer's loans counts yet.")
        return
    chosen = document["loan"]["loan"] if document["loan"] else None
    st.subheader("Loans of the customer", anchor=False)
    cells = [_loan_cells(one) for one in document["loans"]]
    strong = [number for number, one in enumerate(document["loans"]) if one["loan"] == chosen]
    table("The loans of the customer, the oldest first", LOANS, cells, strong, stacked=True)


def _loan_cells(loan: Document) -> list[Text]:
    return [
        page_link("data", loan["loan"], **{FIELD: loan["loan"]}),
        loan["start"],
        money(loan["amount"]),
        score_html(loan),
        OUTCOMES.get(loan["outcome"] or "", "not known yet"),
        page_link("models", loan["model_version"], version=loan["model_version"]) if loan["model_version"] else "-",
    ]


def _show_quarantined(document: Document) -> None:
    """Shows the records in quarantine that name one of the ids."""
    if not document["quarantined"]:
        return
    st.subheader("Records in quarantine", anchor=False)
    rows: list[list[Text]] = [
        [
            row["dataset"],
            str(row["file"]),
            str(row["line"]),
            plain_reason(str(row["reason"])),
            code_html(masked_record(str(row["text"]))),
        ]
        for row in document["quarantined"]
    ]
    table("The quarantined records of this customer", RECORDS, rows, stacked=True)
    note("They are in no table. Fix them at the source and deliver the file again.")
