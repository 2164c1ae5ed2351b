"""The loans of flagged customers in words."""

from typing import Any

import numpy as np

from jobs.accounting.flagged import flagged_remark, flagged_sentence

NUMBERS: dict[str, Any] = {"loans": 1633, "amount": 16_330_000.0, "share": 0.1306, "labelled": 1500, "defaults": 510}


def in_row(**numbers: Any) -> dict[str, Any]:
    return {f"flagged_{name}": value for name, value in {**NUMBERS, **numbers}.items()}


def test_the_sentence_has_loans_amount_share_and_bad_rate() -> None:
    assert flagged_sentence(NUMBERS) == (
        "1,633 loans of flagged customers, amount 16,330,000 (13.1% of the amount), scored and left out of every "
        "metric; 34.0% of 1,500 with a known outcome are bad."
    )
    without = {**NUMBERS, "loans": 1, "amount": None, "labelled": 0, "defaults": 0}
    assert flagged_sentence(without) == (
        "1 loan of flagged customers (13.1% of the loans), scored and left out of every metric."
    )
    assert flagged_sentence({**NUMBERS, "loans": 0}) == flagged_sentence({}) == ""


def test_a_small_share_and_a_row_of_an_earlier_release_have_no_remark() -> None:
    assert flagged_remark(in_row()) == flagged_sentence(NUMBERS)
    assert flagged_remark(in_row(share=0.049)) == ""
    assert flagged_remark(in_row(amount=np.nan)) == flagged_sentence({**NUMBERS, "amount": None})
    assert flagged_remark({}) == flagged_remark(dict.fromkeys(in_row(), np.nan)) == ""
