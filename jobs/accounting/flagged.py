"""The loans of flagged customers in words: how many, of what amount, and how many of them went bad."""

import math
from collections.abc import Mapping
from typing import Any

TOLD_FROM = 0.05  # the share of all loans from which pages tell it beside a verdict


def flagged_sentence(numbers: Mapping[str, Any]) -> str:
    """The sentence about `loans`, `amount`, `share`, `labelled` and `defaults`; '' when there is no such loan."""
    loans, amount = numbers.get("loans"), numbers.get("amount")
    if not isinstance(loans, int | float) or not loans:
        return ""
    loans, labelled = int(loans), int(numbers.get("labelled") or 0)
    whole = "the amount" if amount is not None else "the loans"
    money = f", amount {amount:,.0f}" if amount is not None else ""
    bad = (
        f"; {(numbers.get('defaults') or 0) / labelled:.1%} of {labelled:,} with a known outcome are bad"
        if labelled
        else ""
    )
    told = f"{loans:,} {'loan' if loans == 1 else 'loans'} of flagged customers{money}"
    return f"{told} ({numbers.get('share') or 0:.1%} of {whole}), scored and left out of every metric{bad}."


def flagged_remark(row: Mapping[str, Any]) -> str:
    """The same of a row of the monitoring history; '' where these loans are a small share of all, or not known."""
    known = flagged_numbers(row)
    return flagged_sentence(known) if known.get("share", 0.0) >= TOLD_FROM else ""


def flagged_numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of `flagged_sentence` in a row of the monitoring history, without those that are missing."""
    numbers = {name: row.get(f"flagged_{name}") for name in ("loans", "amount", "share", "labelled", "defaults")}
    return {name: value for name, value in numbers.items() if value is not None and not math.isnan(value)}
