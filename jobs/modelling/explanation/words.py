"""What the importance of features and the stability of reasons mean, in words."""

from collections.abc import Mapping
from typing import Any

MEANING = "For the other loans the reasons depend on which loans the model learned from: they are less certain."


def importance_in_words(metadata: Mapping[str, Any]) -> str:
    """What the importance of a model is, and of how many test loans; an earlier release kept no numbers."""
    loans, apart = metadata.get("importance_loans"), metadata.get("importance_loans_not_in_arrears")
    number = "the" if loans is None else f"{loans:,}"
    others = "" if apart is None else f" (and on the {apart:,} of them not in arrears at scoring)"
    return f"The mean loss of AUC on {number} test loans{others} when the values of a feature are permuted among them."


def stability_in_words(found: Mapping[str, Any] | None) -> str:
    """What the stability of a model's reasons is and what it means; '' when it is not known."""
    if not found or found["first_reason"] is None:
        return ""
    told = (
        f"Fitted again {found['refits']} times, each time without a part of the train loans, the model gives "
        f"{found['first_reason']:.0%} of {found['loans']} test loans the same first reason and "
        f"{found['all_reasons']:.0%} the same four reasons."
    )
    return told if found["all_reasons"] == 1 else f"{told} {MEANING}"
