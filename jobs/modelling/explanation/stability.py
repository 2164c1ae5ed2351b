"""The stability of reasons: for how many loans a model that is fitted again has the same reasons."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from jobs.modelling.explanation.contributions import contributions, reasons
from jobs.modelling.frames import frame

LOANS, PAIRS = 100, 16  # explained for the stability, and orders for each: fewer than for a single loan

Reasons = Sequence[Sequence[int]]  # of each loan the numbers of its features that raise the risk most


def reasons_of_sample(
    pipeline: Any, typical: Mapping[str, Any], test: pa.Table, features: Sequence[str]
) -> list[list[int]]:
    """The reasons of the first 100 test loans by a fitted pipeline, against a typical good payer."""
    sample = frame(test.slice(0, LOANS), features)
    return reasons(contributions(pipeline, sample, typical, PAIRS).of_features)


def stability(own: Reasons, of_refits: Sequence[Reasons]) -> dict[str, Any]:
    """How often the reasons of loans stay when the model is fitted again, over all loans and refits.

    `first_reason` is the share with the same first reason, `all_reasons` the share with the same set of at most four;
    None without loans or refits. `loans` and `refits` are their numbers.
    """
    pairs = [(a, b) for refit in of_refits for a, b in zip(own, refit, strict=True)]
    count = len(pairs) or None
    return {
        "loans": len(own),
        "refits": len(of_refits),
        "first_reason": count and sum(list(a[:1]) == list(b[:1]) for a, b in pairs) / count,
        "all_reasons": count and sum(set(a) == set(b) for a, b in pairs) / count,
    }
