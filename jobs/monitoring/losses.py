"""Expected loss, and how much of it the riskiest loans carry.

The expected loss of a loan is its probability of default x loss given default x exposure, as the Basel framework
defines it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

RISKIEST = (0.1, 0.2)  # shares of the loans

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Concentration:
    """What the riskiest `share` of the loans carry: of the exposure, the expected loss and the defaults, as shares.

    A share of defaults is None without a default. `least_pd` is the lowest probability among these loans.
    """

    share: float
    loans: int
    least_pd: float
    exposure: float
    expected_loss: float
    defaults: float | None


def expected_loss(probabilities: ArrayLike, exposures: ArrayLike, lgd: float) -> float:
    """The sum of PD x LGD x exposure over loans, in the unit of the exposures; both of length n."""
    values, amounts = _checked(probabilities, exposures)
    return float(lgd * np.sum(values * amounts))


def concentrations(
    probabilities: ArrayLike, exposures: ArrayLike, labels: ArrayLike | None = None
) -> list[Concentration]:
    """What the riskiest 10% and 20% of the loans carry, by falling probability; none without loans.

    `labels` (1 is bad, NaN for an outcome that is not known) have length n too. The number of loans is rounded up.
    """
    values, amounts = _checked(probabilities, exposures)
    if values.size == 0:
        return []
    bad = np.full(values.size, np.nan) if labels is None else np.asarray(labels, dtype=np.float64).ravel()
    order = np.argsort(-values, kind="stable")
    values, amounts, bad = values[order], amounts[order], np.nan_to_num(bad[order])
    losses = values * amounts
    found = []
    for share in RISKIEST:
        loans = int(np.ceil(round(share * values.size, 9)))
        found.append(
            Concentration(
                share,
                loans,
                float(values[loans - 1]),
                _part(amounts, loans) or 0.0,
                _part(losses, loans) or 0.0,
                _part(bad, loans),
            )
        )
    return found


def losses_of(
    probabilities: ArrayLike, exposures: ArrayLike, labels: ArrayLike, lgd: float, apart: ArrayLike | None = None
) -> dict[str, Any]:
    """`waiting` and `known`: the losses of the loans whose outcome is not known yet, and of the others.

    The arguments have length n; labels are NaN for an outcome that is not known. Each has loans, exposure, expected
    loss and concentration, as plain JSON types; loans without an exposure (NaN) are counted apart and left out.
    `observed_loss` is the LGD times the exposure of the bad loans, None without outcomes. Each has `not_in_arrears`,
    the same of its loans for which `apart` is True; None without `apart`.
    """
    loans = np.stack([np.asarray(one, dtype=np.float64).ravel() for one in (probabilities, exposures, labels)])
    waiting = np.isnan(loans[2])
    found: dict[str, Any] = {"lgd": lgd}
    for name, side in (("waiting", waiting), ("known", ~waiting)):
        part = None if apart is None else _losses(loans[:, side & np.asarray(apart, bool)], lgd)
        found[name] = {**_losses(loans[:, side], lgd), "not_in_arrears": part}
    return found


def _losses(loans: Floats, lgd: float) -> dict[str, Any]:
    """The losses of loans, 3 x n: their probabilities, exposures and labels."""
    has = ~np.isnan(loans[1])
    values, amounts, bad = loans[:, has]
    loss, total = expected_loss(values, amounts, lgd), float(amounts.sum())
    return {
        "loans": int(has.sum()),
        "without_exposure": int((~has).sum()),
        "exposure": total,
        "expected_loss": loss,
        "expected_loss_rate": loss / total if total else None,
        "observed_loss": None if np.isnan(bad).any() else float(lgd * amounts[bad == 1].sum()),
        "concentration": [vars(one) for one in concentrations(values, amounts, bad)],
    }


def _part(amounts: Floats, first: int) -> float | None:
    """The share of the first amounts in the total; None when the total is 0."""
    total = float(amounts.sum())
    return float(amounts[:first].sum()) / total if total else None


def _checked(probabilities: ArrayLike, exposures: ArrayLike) -> tuple[Floats, Floats]:
    values, amounts = (np.asarray(one, dtype=np.float64).ravel() for one in (probabilities, exposures))
    if values.size != amounts.size:
        raise ValueError(f"values of the same loans are needed, not {values.size} and {amounts.size}")
    return values, amounts
