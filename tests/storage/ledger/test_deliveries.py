"""Deliveries in the ledger: one row for what was delivered, in the order of the last reading."""

from datetime import timedelta

from storage.db.ledger import Ledger
from storage.ledger.deliveries import delivery_counts, delivery_rows, record_profile, record_unused
from tests.storage.ledger.made import NOW, started


def read(ledger: Ledger, run_id: str, delivery: str, minute: int, **more: object) -> None:
    profile = {"dataset": "loans", "delivery": delivery, "rows": minute}
    with ledger.writing() as connection:
        record_profile(connection, run_id, profile, NOW + timedelta(minutes=minute), **more)  # type: ignore[arg-type]


def test_a_delivery_that_is_read_again_stays_one_row(ledger: Ledger) -> None:
    first, second = started(ledger).run_id, started(ledger, "inference").run_id
    read(ledger, first, "a", 1, rejected="No.")
    read(ledger, second, "a", 2)
    with ledger.reading() as connection:
        (row,) = delivery_rows(connection, "loans")
    assert (row.run_id, row.read_at, row.last_read_at) == (
        first,
        NOW + timedelta(minutes=1),
        NOW + timedelta(minutes=2),
    )
    assert (row.profile["rows"], row.rejected, row.as_of) == (2, None, NOW.date())


def test_the_delivery_that_was_read_last_is_the_newest(ledger: Ledger) -> None:
    run_id = started(ledger).run_id
    for minute, delivery in enumerate("abcb"):
        read(ledger, run_id, delivery, minute)
    with ledger.reading() as connection:
        assert [row.delivery for row in delivery_rows(connection, "loans")] == ["a", "c", "b"]
        assert [row.delivery for row in delivery_rows(connection, "loans", 2)] == ["c", "b"]
        assert delivery_rows(connection, "others") == []
        assert [tuple(row) for row in delivery_counts(connection)] == [("loans", 3, NOW + timedelta(minutes=3))]


def test_a_delivery_that_was_used_is_not_rejected_with_others(ledger: Ledger) -> None:
    run_id = started(ledger).run_id
    read(ledger, run_id, "used", 1)
    read(ledger, run_id, "refused", 2, rejected="No.")
    with ledger.writing() as connection:
        for minute, delivery in enumerate(("used", "refused", "new"), 3):
            profile = {"dataset": "loans", "delivery": delivery}
            record_unused(connection, run_id, profile, NOW + timedelta(minutes=minute), "Not these.")
        found = [(row.delivery, row.rejected) for row in delivery_rows(connection, "loans")]
    assert found == [("used", None), ("refused", "Not these."), ("new", "Not these.")]
