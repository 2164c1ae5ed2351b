"""The setting `cut_off`: the probability of default from which on a loan is predicted to default."""

from dataclasses import dataclass
from math import inf, nan

PROBABILITY, APPROVAL_SHARE, COST_RATIO = "probability", "approval share", "cost ratio"
WORDS = {"": PROBABILITY, "approve": APPROVAL_SHARE, "cost": COST_RATIO}
UPPER = {PROBABILITY: 1.0, APPROVAL_SHARE: 1.0, COST_RATIO: inf}


@dataclass(frozen=True)
class DeclaredCutOff:
    """What the setting says: `kind` is `probability`, `approval share` or `cost ratio`, `value` its number.

    `value` is None for the default, the approval share that equals the share of good loans among the train loans.
    """

    kind: str
    value: float | None


def declared_cut_off(text: str) -> DeclaredCutOff:
    """The cut-off of a text: `0.3`, `approve 0.8`, `cost 5`, or '' for the default.

    A probability or a share lies between 0 and 1, a ratio above 0. Raises ValueError for any other text.
    """
    words = text.lower().split()
    if not words:
        return DeclaredCutOff(APPROVAL_SHARE, None)
    kind = WORDS.get(" ".join(words[:-1]))
    value = _number(words[-1])
    if kind is None or not 0 < value < UPPER[kind]:
        raise ValueError(
            f"{text!r} is not a probability of default (`0.3`) or a share of loans to approve (`approve 0.8`), both "
            "between 0 and 1, nor how many good loans refused cost as much as one default (`cost 5`)"
        )
    return DeclaredCutOff(kind, value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan
