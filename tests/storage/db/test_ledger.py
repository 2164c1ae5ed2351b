"""The ledger: transactions, runs, leases, publishing, the registry."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

import storage.db.engines
import storage.db.ledger
from storage.db.ledger import Ledger, LedgerUnavailable
from storage.db.schema import logs, publications, runs
from storage.errors import LeaseLost, StorageError, UsageError
from storage.lake.datamart import Part, TableVersion
from storage.ledger.catalog import (
    current_versions,
    mark_removed,
    publication_rows,
    publish,
    record_versions,
    removable_versions,
    version_of,
)
from storage.ledger.leases import Lease, claim, finish, reap, renew
from storage.ledger.models import (
    AliasEvent,
    ModelVersion,
    alias_rows,
    champions,
    free_version,
    model_by_alias,
    model_count,
    model_names,
    model_row,
    model_rows,
    move_alias,
    register,
)
from storage.ledger.runs import PipelineActive, Request, request_run, run_row
from storage.ledger.tasks import LogLine, add_logs, log_rows
from tests.databases import sqlite_only

NOW = datetime(2024, 5, 3, 12, tzinfo=UTC)
TABLE = "gold.model_predictions"


def started(ledger: Ledger, pipeline: str = "training", owner: str = "me") -> Lease:
    with ledger.writing() as connection:
        run_id = request_run(connection, Request(pipeline, date(2024, 5, 3), "somebody"), NOW)
        lease = claim(connection, run_id, owner, NOW)
    assert lease
    return lease


def table(version: str, table_name: str = TABLE) -> TableVersion:
    return TableVersion(table_name, version, (Part("p", 1, 1, version),))


def model(version: str) -> ModelVersion:
    return ModelVersion(version, "LogisticRegression", {}, {"candidates": {}}, {TABLE: version})


@sqlite_only
def test_sqlite_writes_ahead_and_waits_for_the_disk(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    assert ledger.check() == "ok"


def test_a_failed_block_writes_nothing(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.writing() as connection:
        request_run(connection, Request("training", date(2024, 5, 3), "x"), NOW)
        raise RuntimeError
    with ledger.reading() as connection:
        assert connection.execute(select(logs)).all() == []


def test_a_reader_sees_one_state_throughout(ledger: Ledger) -> None:
    with ledger.reading() as reader:
        assert reader.execute(select(logs)).all() == []
        with ledger.writing() as writer:
            add_logs(writer, "r", [LogLine("t", NOW, "INFO", "hello")])
        assert reader.execute(select(logs)).all() == []
    with ledger.reading() as reader:
        (row,) = log_rows(reader, "r")
    assert (row.at, row.message) == (NOW, "hello")


def test_a_writer_whose_turn_does_not_come_is_told_so(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (storage.db.engines, storage.db.ledger):  # the one waits, the other tells for how long
        monkeypatch.setattr(module, "BUSY_MS", 1000)
    holding, waiting = Ledger(ledger_url), Ledger(ledger_url)
    holding.prepare()
    told = r"another process has been writing for 1 s\); end that process or try again\.$"
    with holding.writing(), pytest.raises(LedgerUnavailable, match=told), waiting.writing():
        pass
    with waiting.writing():
        pass
    holding.close()
    waiting.close()


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "oracle9://x", "mysql://x", "postgresql://me:p@ss@host/x"])
def test_an_address_that_can_not_be_right_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="SQLite ledger needs|LOANWATCH_LEDGER can't be used"):
        Ledger(url)


def test_a_file_that_is_no_ledger_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "loanwatch.db"
    file.write_bytes(b"not a database at all" * 100)
    broken = Ledger(f"sqlite:///{file}")
    with pytest.raises(StorageError, match="can't be used .*not a database"):
        broken.prepare()
    broken.close()


def test_the_schema_itself_allows_one_active_run_a_pipeline(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.reading() as connection:
        row = {**run_row(connection, lease.run_id)._mapping, "run_id": "another", "state": "queued"}
    with pytest.raises(IntegrityError, match="(?i)unique"), ledger.writing() as connection:
        connection.execute(insert(runs).values(row))
    with ledger.writing() as connection:
        connection.execute(insert(runs).values({**row, "state": "skipped"}))


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


def test_tables_are_published_together_and_the_newest_is_current(ledger: Ledger) -> None:
    lease = started(ledger)
    both = [table("v1"), table("v1", "gold.model_monitoring")]
    with ledger.writing() as connection:
        record_versions(connection, lease, [*both, table("v2")], NOW)
        publish(connection, lease, both, NOW)
        publish(connection, lease, both, NOW)  # nothing new to tell
        assert len(connection.execute(select(publications)).all()) == 2
    with ledger.writing() as connection:
        publish(connection, lease, [table("v2")], NOW)
        assert current_versions(connection) == {TABLE: table("v2"), "gold.model_monitoring": both[1]}


def test_a_version_whose_files_are_gone_is_not_published(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        record_versions(connection, lease, [table("v1")], NOW)
        mark_removed(connection, [(TABLE, "v1")], NOW)
    with pytest.raises(StorageError, match="is gone; resume the run"), ledger.writing() as connection:
        publish(connection, lease, [table("v1")], NOW)


def test_what_failed_runs_made_does_not_push_out_published_history(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        for number in range(3):
            record_versions(connection, lease, [table(f"published{number}")], NOW + timedelta(minutes=number))
            publish(connection, lease, [table(f"published{number}")], NOW)
        for number in range(4):
            record_versions(connection, lease, [table(f"draft{number}")], NOW + timedelta(hours=1, minutes=number))
        assert removable_versions(connection, 3) == [(TABLE, "draft0")]


def test_old_versions_go_but_not_what_is_current_or_was_trained_on(ledger: Ledger) -> None:
    lease = started(ledger)
    names = [f"v{number}" for number in range(8)]
    with ledger.writing() as connection:
        for number, name in enumerate(names):
            record_versions(connection, lease, [table(name)], NOW + timedelta(minutes=number))
            publish(connection, lease, [table(name)], NOW)
        publish(connection, lease, [table("v1")], NOW)
        register(connection, lease, model("v0"), NOW)
        assert removable_versions(connection, 5) == [(TABLE, "v2")]
        assert version_of(connection, TABLE, "v2")


def test_who_was_champion_when_has_an_answer(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        assert model_by_alias(connection) is None
        for number, name in enumerate(("m1", "m2")):
            assert register(connection, lease, model(name), NOW)
            move_alias(connection, AliasEvent(name, "me", "better"), NOW + timedelta(days=number))
        move_alias(connection, AliasEvent("m1", "me", "rolled back"), NOW + timedelta(days=2))
    with ledger.reading() as connection:
        at = {day: model_by_alias(connection, at=NOW + timedelta(days=day, hours=1)) for day in range(3)}
        assert [at[day].version for day in range(3) if at[day]] == ["m1", "m2", "m1"]  # type: ignore[union-attr]
        assert model_by_alias(connection, at=NOW - timedelta(days=1)) is None
        assert [known.version for known in champions(connection)] == ["m1", "m2"]


def test_a_model_is_registered_once_and_names_never_collide(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        assert free_version(connection, NOW) == "20240503_120000"
        assert register(connection, lease, model("20240503_120000"), NOW)
        assert not register(connection, lease, model("20240503_120000"), NOW)
        assert free_version(connection, NOW) == "20240503_120001"


def test_models_are_listed_page_by_page(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        for number in range(5):
            register(connection, lease, model(f"m{number}"), NOW + timedelta(hours=number // 2))
        assert model_count(connection) == 5
        pages = [[row.version for row in model_rows(connection, 2, skip)] for skip in (0, 2, 4, 6)]
        assert pages == [["m4", "m3"], ["m2", "m1"], ["m0"], []]
        assert model_names(connection, 3) == ["m4", "m3", "m2"]
        found = model_row(connection, "m3")
        assert found is not None
        assert (found.created_at, found.run_id) == (NOW + timedelta(hours=1), lease.run_id)
        assert model_row(connection, "m9") is None


def test_the_times_of_one_champion(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        for name in ("m1", "m2"):
            register(connection, lease, model(name), NOW)
        for day, name in enumerate(("m1", "m2", "m1")):
            move_alias(connection, AliasEvent(name, "me", f"day {day}"), NOW + timedelta(days=day))
        assert [row.why for row in alias_rows(connection, version="m1")] == ["day 2", "day 0"]
        assert [row.version for row in alias_rows(connection)] == ["m1", "m2", "m1"]


def test_publications_of_a_table_are_listed_with_what_became_of_their_files(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        for number in range(4):
            record_versions(connection, lease, [table(f"v{number}")], NOW)
            publish(connection, lease, [table(f"v{number}")], NOW + timedelta(hours=number))
        mark_removed(connection, [(TABLE, "v2")], NOW + timedelta(days=1))
        found = publication_rows(connection, TABLE, 3)
        assert [(row.version, row.removed_at is None) for row in found] == [("v3", True), ("v2", False), ("v1", True)]
        assert found[0].published_at == NOW + timedelta(hours=3)
        assert publication_rows(connection, "gold.model_monitoring") == []
