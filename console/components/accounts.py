"""The accounts of a run: what was counted, where it went, and whether that adds up."""

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from console.components.elements import Text, count, join, note_html, plain_markdown, sign_html, write_html
from console.components.table import columns, table
from jobs.accounting.account import KINDS, Account, verdict_on
from jobs.accounting.reasons import plain_reason

SIGNS = {True: ("✓", "good"), False: ("✗", "bad"), None: ("·", "quiet")}
SUBJECTS = {"files": "File", "tables": "Table"}
NUMBERS = ("Values", "Readable")
SHOWN = 8  # longer lists are collapsed, unless an account of them does not balance


def show_accounts(accounts: Sequence[Account], remarks: Sequence[str]) -> None:
    """Shows the accounts by kind, long lists collapsed, and what else was counted or decided."""
    balanced, words = verdict_on(accounts)
    write_html(Markup("<p>{}</p>").format(sign_html(*SIGNS[balanced], words)))
    for kind, title in KINDS.items():
        some = [account for account in accounts if account.kind == kind]
        if len(some) > SHOWN:
            wrong = any(account.balanced is False for account in some)
            with st.expander(f"{title} ({len(some)})", expanded=wrong, key=f"accounts-{kind}"):
                _show_table(title, some)
        elif some:
            st.subheader(plain_markdown(title))
            _show_table(title, some)
    if remarks:
        items = join(Markup("<li>{}</li>").format(remark) for remark in remarks)
        st.subheader("Also noted")
        write_html(Markup("<ul>{}</ul>").format(items))


def _show_table(title: str, accounts: Sequence[Account]) -> None:
    if accounts[0].kind == "columns":
        heads = columns("Table", "Column", "Null, by reason", "Balance", "Readable", "Values", numbers=NUMBERS)
        table(title, heads, [_column_row(account) for account in accounts])
        return
    subject = SUBJECTS.get(accounts[0].kind)
    heads = columns(*([subject] if subject else []), "Counted", "Went to", "Balance")
    table(title, heads, [_row(account, with_subject=bool(subject)) for account in accounts])


def _row(account: Account, *, with_subject: bool) -> list[Text]:
    parts: Text = ", ".join(account.parts_in_words) or "no reason"
    if account.overlapping and len(account.parts) > 1:
        parts = join([parts, note_html("some for several reasons")], " ")
    if with_subject:
        return [account.subject, account.counted, parts, _balance(account)]
    return [f"{count(account.total)} {account.subject} {account.unit}", parts, _balance(account)]


def _column_row(account: Account) -> list[Text]:
    nulls = {name: part for name, part in account.parts.items() if name != "readable"}
    reasons = join(
        [
            join([f"{count(part)} {plain_reason(name)}", note_html(_share(part, account.total))], " ")
            for name, part in nulls.items()
        ],
        Markup("<br>"),
    )
    numbers = [count(account.parts["readable"]), count(account.total)]
    return [account.source, account.subject, reasons or "-", _balance(account), *numbers]


def _share(part: int | None, total: int | None) -> str:
    return f"{part / total:.2%}" if part is not None and total else ""


def _balance(account: Account) -> Text:
    return sign_html(*SIGNS[account.balanced], account.verdict)
