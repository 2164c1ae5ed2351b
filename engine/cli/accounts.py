"""The accounts of a run for the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from jobs.accounting.account import KINDS

SIGNS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("·", "dim")}
MOST = 12  # lines of one kind; accounts that do not balance are always shown


def accounts_view(document: Mapping[str, Any]) -> Text:
    """The accounts by kind, a line each, and the remarks. Long lists are cut."""
    text = Text()
    for kind, title in KINDS.items():
        accounts = [account for account in document["accounts"] if account["kind"] == kind]
        if not accounts:
            continue
        text.append(f"{title}\n", "bold")
        for account in [one for number, one in enumerate(accounts) if number < MOST or one["balanced"] is False]:
            sign, style = SIGNS[account["balanced"]]
            text.append(f"  {sign} ", style).append(account["sentence"])
            text.append("\n" if account["balanced"] else f" ({account['verdict']})\n", style)
        if len(accounts) > MOST:
            text.append(f"  All {len(accounts)} are on the page of the run, and in `show --json`.\n", "dim")
    for remark in document["remarks"]:
        text.append(f"{remark}\n", "dim")
    text.rstrip()
    return text
