"""The figures of a verdict on the test loans that were not in arrears at scoring; the decision is on all test loans."""

from collections.abc import Mapping
from typing import Any

from jobs.statistics.rounding import signed


def verdict_with_arrears(verdict: Mapping[str, Any], numbers: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict as JSON with `not_in_arrears`, the new model's numbers on these test loans, and words on them.

    The words have the differences from champion and anchor too. There are none where no test loan was in arrears.
    """
    apart, late = numbers.get("not_in_arrears"), numbers.get("in_arrears")
    if not apart or not late or not late["loans"] or apart.get("test_auc") is None:
        return {**verdict, "not_in_arrears": apart}
    told = f"on the {apart['loans']:,} test loans not in arrears at scoring its AUC is {apart['test_auc']:.3f}"
    against = differences_in_words(verdict, apart["loans"])
    told = f"{told}, {against}" if against else told
    return {**verdict, "not_in_arrears": apart, "reason": f"{verdict['reason'].removesuffix('.')}; {told}."}


def differences_in_words(verdict: Mapping[str, Any], loans: int) -> str:
    """`difference from the champion +0.003, 95% interval -0.010 to +0.016, from the anchor +0.001, ...`.

    The differences of AUC on the `loans` test loans not in arrears at scoring, or on those of them that the other model
    did not learn from either; '' where they are not known, as in earlier releases.
    """
    champion, anchor = (verdict.get(f"{role}_not_in_arrears") for role in ("champion", "anchor"))
    pairs = [("the champion", champion), ("the anchor", anchor)]
    if champion and anchor and verdict.get("anchor") == verdict.get("compared_with"):
        pairs = [("champion and anchor", champion)]
    told = [_difference(role, found, loans) for role, found in pairs if found and found["difference"] is not None]
    return f"difference {', '.join(told)}" if told else ""


def _difference(role: str, found: Mapping[str, Any], loans: int) -> str:
    low, high = found["low"], found["high"]
    sure = "too few defaults for an interval" if low is None else f"95% interval {signed(low)} to {signed(high)}"
    some = "" if found["n"] == loans else f", on {found['n']:,} of them"
    return f"from {role} {signed(found['difference'])}, {sure}{some}"
