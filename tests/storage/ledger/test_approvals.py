"""Requests for approval: one waits at a time, and one that was superseded never waits again."""

from storage.db.ledger import Ledger
from storage.ledger.approvals import (
    APPROVED,
    REJECTED,
    REQUESTED,
    ApprovalEvent,
    approvals_by_version,
    record_approval,
)
from storage.ledger.models import AliasEvent, move_alias, register
from storage.ledger.published.at_a_glance import serving
from tests.storage.ledger.made import NOW, model, started


def states(ledger: Ledger) -> dict[str, str]:
    with ledger.reading() as connection:
        return {version: one.state for version, one in approvals_by_version(connection).items()}


def waiting(ledger: Ledger) -> tuple[str | None, str | None]:
    with ledger.reading() as connection:
        found = serving(connection)
    return found.champion and found.champion.version, found.waiting and found.waiting.version


def test_a_request_waits_until_it_is_decided_or_superseded(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        for name in ("m0", "m1", "m2", "m3"):
            register(connection, lease, model(name), NOW)
        record_approval(connection, ApprovalEvent("m0", REQUESTED, None, "ann", "the first", lease.run_id), NOW)
    assert waiting(ledger) == (None, "m0")
    with ledger.writing() as connection:
        record_approval(connection, ApprovalEvent("m0", APPROVED, None, "ben", "yes"), NOW)
        move_alias(connection, AliasEvent("m0", "ben", "yes"), NOW)
        for event, name in [(REQUESTED, "m1"), (REJECTED, "m1"), (REQUESTED, "m2"), (REQUESTED, "m3")]:
            record_approval(connection, ApprovalEvent(name, event, "m0", "ann", "better"), NOW)
    assert states(ledger) == {"m3": "waiting", "m2": "superseded", "m1": "rejected", "m0": "approved"}
    assert waiting(ledger) == ("m0", "m3")
    with ledger.writing() as connection:
        move_alias(connection, AliasEvent("m1", "ben", "yes"), NOW)
        move_alias(connection, AliasEvent("m0", "ben", "rolled back"), NOW)
    assert states(ledger) == {"m3": "superseded", "m2": "superseded", "m1": "rejected", "m0": "approved"}
    assert waiting(ledger) == ("m0", None)
    with ledger.reading() as connection:
        ended = approvals_by_version(connection)["m3"]
    assert (ended.who, ended.why, ended.champion) == ("ben", "Model m1 became champion.", "m0")


def test_another_alias_supersedes_nothing(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        register(connection, lease, model("m0"), NOW)
        record_approval(connection, ApprovalEvent("m0", REQUESTED, None, "ann", "the first"), NOW)
        move_alias(connection, AliasEvent("m0", "ben", "to try it", alias="shadow"), NOW)
    assert states(ledger) == {"m0": "waiting"}


def test_a_request_is_told_as_it_was_made(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        register(connection, lease, model("m0"), NOW)
        register(connection, lease, model("m1"), NOW)
        move_alias(connection, AliasEvent("m0", "ben", "yes"), NOW)
        record_approval(connection, ApprovalEvent("m1", REQUESTED, "m0", "ann", "newer", lease.run_id), NOW)
        request = serving(connection).waiting
        (same,) = approvals_by_version(connection).values()
    assert request == same
    assert (same.who, same.why, same.at, same.run_id) == ("ann", "newer", NOW, lease.run_id)
