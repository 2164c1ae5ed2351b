"""Checks of whose the stores are, and of what in them the ledger does not know. They only read."""

from collections.abc import Iterator

from engine.deployment import Deployment
from engine.doctor.finding import Finding
from engine.stores.ownership import REFUSED, roots_of
from engine.stores.plan import plan_of

MOST_NAMES = 3


def _stores(deployment: Deployment) -> Iterator[Finding]:
    roots = roots_of(deployment)
    others = [root for root in roots if root.state in REFUSED]
    for root in others:
        yield Finding("stores", "problem", root.refusal(deployment.ledger.address))
    if not others:
        yield Finding("stores", "ok", f"of deployment {roots[0].ours}")
        yield from _unknown(deployment)


def _unknown(deployment: Deployment) -> Iterator[Finding]:
    unknown = plan_of(deployment).unknown
    if unknown:
        names = ", ".join(f"{item.store}/{item.name}" for item in unknown[:MOST_NAMES])
        more = f" and {len(unknown) - MOST_NAMES} more" if len(unknown) > MOST_NAMES else ""
        yield Finding(
            "stores",
            "warning",
            f"The ledger has no record of {names}{more}, so they are left alone: a newer ledger of this deployment may "
            "have; if there is none, move them elsewhere.",
        )


STORE_CHECKS = (_stores,)
