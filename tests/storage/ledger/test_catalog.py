"""The versions of tables: published together, listed, removed when nothing needs them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from storage.db.ledger import Ledger
from storage.db.schema import publications
from storage.errors import StorageError
from storage.ledger.catalog import (
    current_versions,
    mark_removed,
    publication_rows,
    publish,
    record_versions,
    removable_versions,
    version_of,
)
from storage.ledger.models import (
    register,
)
from tests.storage.ledger.made import NOW, TABLE, model, started, table


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
    with pytest.raises(StorageError, match="was deleted; resume the run"), ledger.writing() as connection:
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
