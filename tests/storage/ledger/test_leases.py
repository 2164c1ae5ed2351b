"""Who owns a run: claimed once, missing beats counted, a stale owner shut out."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from storage.db.ledger import Ledger
from storage.db.schema import runs
from storage.errors import LeaseLost
from storage.ledger.catalog import (
    current_versions,
    publish,
    record_versions,
)
from storage.ledger.leases import claim, finish, reap, renew
from storage.ledger.models import (
    register,
)
from storage.ledger.runs import PipelineActive, Request, request_run, run_row
from tests.storage.ledger.made import NOW, model, started, table


def test_the_schema_itself_allows_one_active_run_a_pipeline(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.reading() as connection:
        row = {**run_row(connection, lease.run_id)._mapping, "run_id": "another", "state": "queued"}
    with pytest.raises(IntegrityError, match="(?i)unique"), ledger.writing() as connection:
        connection.execute(insert(runs).values(row))
    with ledger.writing() as connection:
        connection.execute(insert(runs).values({**row, "state": "skipped"}))


@pytest.mark.parametrize("column", ["slot", "request_key"])
def test_the_schema_itself_allows_one_run_a_slot_and_a_request_key(ledger: Ledger, column: str) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        connection.execute(update(runs).values({column: "once"}))
    with ledger.reading() as connection:
        row = {**run_row(connection, lease.run_id)._mapping, "run_id": "another", "state": "skipped"}
    with pytest.raises(IntegrityError, match="(?i)unique"), ledger.writing() as connection:
        connection.execute(insert(runs).values(row))
    with ledger.writing() as connection:
        connection.execute(insert(runs).values({**row, column: "twice"}))


def test_a_run_is_claimed_once(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        assert claim(connection, lease.run_id, "another", NOW) is None
        with pytest.raises(PipelineActive):
            request_run(connection, Request("training", date(2024, 5, 3), "x"), NOW)


def test_one_slot_is_one_run(ledger: Ledger) -> None:
    wanted = Request("training", date(2024, 5, 3), "scheduler", slot="training@2024-05-05T02:00")
    with ledger.writing() as connection:
        assert request_run(connection, wanted, NOW) == request_run(connection, wanted, NOW)


def test_a_missing_beat_counts_from_the_claim(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        assert reap(connection, timedelta(seconds=30), NOW + timedelta(seconds=30)) == []
        assert reap(connection, timedelta(seconds=30), NOW + timedelta(seconds=31)) == [lease.run_id]


def test_a_run_without_any_heartbeat_is_reaped_by_its_claim(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        connection.execute(update(runs).values(heartbeat_at=None))
        assert reap(connection, timedelta(seconds=30), NOW + timedelta(seconds=30)) == []
        assert reap(connection, timedelta(seconds=30), NOW + timedelta(seconds=31)) == [lease.run_id]


def test_a_lease_ends_when_its_owner_claims_the_run_again(ledger: Ledger) -> None:
    first = started(ledger)
    with ledger.writing() as connection:
        connection.execute(update(runs).values(state="queued"))
        again = claim(connection, first.run_id, first.owner, NOW)
    assert again is not None
    with pytest.raises(LeaseLost), ledger.writing() as connection:
        record_versions(connection, first, [table("v1")], NOW)
    with ledger.writing() as connection:
        record_versions(connection, again, [table("v1")], NOW)


def test_a_stale_owner_can_do_nothing(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        renew(connection, lease, NOW + timedelta(seconds=20))
        assert reap(connection, timedelta(seconds=30), NOW + timedelta(seconds=51)) == [lease.run_id]
    later = NOW + timedelta(seconds=60)
    for act in (
        lambda connection: renew(connection, lease, later),
        lambda connection: record_versions(connection, lease, [table("v1")], later),
        lambda connection: publish(connection, lease, [table("v1")], later),
        lambda connection: register(connection, lease, model("m1"), later),
        lambda connection: finish(connection, lease, "succeeded", None, later),
    ):
        with pytest.raises(LeaseLost), ledger.writing() as connection:
            act(connection)
    with ledger.reading() as connection:
        assert run_row(connection, lease.run_id).state == "crashed"
        assert current_versions(connection) == {}
