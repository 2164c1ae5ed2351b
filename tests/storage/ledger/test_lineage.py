"""Lineage: what a table was made from, down to the extracts, on each of the two databases."""

from datetime import UTC, date, datetime, timedelta

from storage.db.ledger import Ledger
from storage.lake.datamart import Part, TableVersion
from storage.ledger.catalog import mark_removed, record_versions
from storage.ledger.leases import Lease, claim
from storage.ledger.lineage import ancestry
from storage.ledger.runs import Request, request_run

NOW = datetime(2024, 5, 3, 12, tzinfo=UTC)
BRONZE, STAGED, SILVER = "bronze.LMS_loans", "staged.loan_daily", "silver.loan_daily"


def started(ledger: Ledger) -> Lease:
    with ledger.writing() as connection:
        run_id = request_run(connection, Request("training", date(2024, 5, 3), "somebody"), NOW)
        lease = claim(connection, run_id, "me", NOW)
    assert lease
    return lease


def entered(ledger: Ledger, lease: Lease, *versions: TableVersion) -> None:
    for minute, made in enumerate(versions):
        with ledger.writing() as connection:
            record_versions(connection, lease, [made], NOW + timedelta(minutes=minute))


def bronze(name: str, file: str, sha256: str, content: str = "raw") -> TableVersion:
    return TableVersion(BRONZE, name, (Part("p", 3, 1, content),), sources={file: sha256})


def made_of(table: str, name: str, *sources: TableVersion) -> TableVersion:
    return TableVersion(table, name, (Part("p", 2, 1, name),), sources={one.table: one.digest for one in sources})


def test_a_table_leads_down_to_its_extracts(ledger: Ledger) -> None:
    raw = bronze("r1", "/data/a.csv", "aa")
    cleaned = made_of(STAGED, "r1", raw)
    governed = made_of(SILVER, "r1", cleaned)
    entered(ledger, started(ledger), raw, cleaned, governed)
    with ledger.writing() as connection:
        mark_removed(connection, [(BRONZE, "r1")], NOW + timedelta(days=1))
    with ledger.reading() as connection:
        found = ancestry(connection, SILVER, "r1")
        assert ancestry(connection, SILVER, "r9") is None
    assert found is not None
    (staged,) = found.made_from
    (first,) = staged.made_from
    assert (found.rows, staged.table, first.table, first.digest) == (2, STAGED, BRONZE, raw.digest)
    assert first.files == {"/data/a.csv": "aa"} == found.extracts()
    assert first.removed_at == NOW + timedelta(days=1)  # its row outlives its files
    assert found.removed_at is None


def test_of_equal_content_the_one_of_the_run_or_the_newest_before_is_meant(ledger: Ledger) -> None:
    first, second, later = (bronze(name, f"/data/{name}.csv", name) for name in ("r1", "r2", "r3"))
    cleaned = made_of(STAGED, "r9", first)
    entered(ledger, started(ledger), first, second, cleaned, later)
    with ledger.reading() as connection:
        guessed = ancestry(connection, STAGED, "r9")
        told = ancestry(connection, STAGED, "r9", {BRONZE: "r1"})
        wrong = ancestry(connection, STAGED, "r9", {BRONZE: "r7"})
    assert guessed is not None
    assert told is not None
    assert (guessed.extracts(), told.extracts()) == ({"/data/r2.csv": "r2"}, {"/data/r1.csv": "r1"})
    assert wrong == guessed


def test_a_source_that_the_ledger_does_not_know_is_named(ledger: Ledger) -> None:
    unknown = bronze("r1", "/data/a.csv", "aa")
    entered(ledger, started(ledger), made_of(STAGED, "r2", unknown))
    with ledger.reading() as connection:
        found = ancestry(connection, STAGED, "r2")
    assert found is not None
    assert found.made_from == ()
    assert found.lost == {BRONZE: unknown.digest}
