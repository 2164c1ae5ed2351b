"""The loans of flagged customers by reason: how many, their amount, and how many of them went bad."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.navigation import run_link
from console.components.elements import Text, count, note, write_html
from console.components.table import columns, table
from console.components.times import day
from console.data.query import FlaggedLoans
from jobs.accounting.flagged import flagged_sentence

NUMBERS = ("Loans", "Amount", "Known outcomes", "Bad", "Bad rate")


def show_flagged_loans(found: FlaggedLoans | None) -> None:
    """Shows the loans of flagged customers of the newest run that counted them; nothing when there are none."""
    told = flagged_sentence(found.counts) if found else ""
    if found is None or not told:
        return
    st.header("Loans of flagged customers")
    run = Markup("<p>{} Counted by {}, as of {}.</p>").format(told, run_link(found.run_id), day(found.as_of))
    write_html(run)
    rows = [_row(reason, counts) for reason, counts in found.by_reason.items()]
    table("The loans of flagged customers by reason", columns("Reason", *NUMBERS, numbers=NUMBERS), rows)
    note("A loan counts under each reason of its customer. A number outside of its limits counts as missing.")


def _row(reason: str, counts: Mapping[str, Any]) -> list[Text]:
    amount, labelled, bad = counts.get("amount"), counts.get("labelled") or 0, counts.get("defaults") or 0
    money, rate = "-" if amount is None else f"{amount:,.0f}", f"{bad / labelled:.1%}" if labelled else "-"
    return [reason, count(counts.get("loans")), money, count(labelled), count(bad), rate]
