"""Requests for approval: the newest event of each version counts, and only against the champion of its request."""

from datetime import timedelta

from storage.db.ledger import Ledger
from storage.ledger.approvals import (
    APPROVED,
    REJECTED,
    REQUESTED,
    ApprovalEvent,
    approvals_by_version,
    champion_and_requests,
    record_approval,
)
from storage.ledger.models import AliasEvent, move_alias, register
from tests.storage.ledger.made import NOW, model, started


def states(ledger: Ledger) -> dict[str, str]:
    with ledger.reading() as connection:
        return {version: one.state for version, one in approvals_by_version(connection).items()}


def waiting(ledger: Ledger) -> tuple[str | None, list[str]]:
    with ledger.reading() as connection:
        champion, requests = champion_and_requests(connection)
    return champion and champion.version, [one.version for one in requests]


def test_a_request_waits_until_it_is_decided_or_another_model_is_champion(ledger: Ledger) -> None:
    lease = started(ledger)
    events = [(REQUESTED, "m1"), (REQUESTED, "m2"), (REQUESTED, "m3"), (REJECTED, "m3")]
    with ledger.writing() as connection:
        for name in ("m0", "m1", "m2", "m3"):
            register(connection, lease, model(name), NOW)
        record_approval(connection, ApprovalEvent("m0", REQUESTED, None, "ann", "the first", lease.run_id), NOW)
    assert waiting(ledger) == (None, ["m0"])
    with ledger.writing() as connection:
        record_approval(connection, ApprovalEvent("m0", APPROVED, None, "ben", "yes"), NOW)
        move_alias(connection, AliasEvent("m0", "ben", "yes"), NOW)
        for minute, (event, name) in enumerate(events):
            at = NOW + timedelta(minutes=minute)
            record_approval(connection, ApprovalEvent(name, event, "m0", "ann", "better"), at)
    assert states(ledger) == {"m3": "rejected", "m2": "waiting", "m1": "waiting", "m0": "approved"}
    assert waiting(ledger) == ("m0", ["m2", "m1"])
    with ledger.writing() as connection:
        record_approval(connection, ApprovalEvent("m1", APPROVED, "m0", "ben", "yes"), NOW)
        move_alias(connection, AliasEvent("m1", "ben", "yes"), NOW)
    assert states(ledger) == {"m3": "rejected", "m2": "superseded", "m1": "approved", "m0": "approved"}
    assert waiting(ledger) == ("m1", [])


def test_a_request_is_told_as_it_was_made(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        register(connection, lease, model("m0"), NOW)
        record_approval(connection, ApprovalEvent("m0", REQUESTED, None, "ann", "the first", lease.run_id), NOW)
        (request,) = champion_and_requests(connection)[1]
    assert (request.who, request.why, request.at, request.run_id) == ("ann", "the first", NOW, lease.run_id)
