"""Runs in the ledger: which run read a folder of extracts last."""

from datetime import timedelta

from sqlalchemy import update

from storage.db.ledger import Ledger
from storage.db.schema import runs
from storage.ledger.leases import finish
from storage.ledger.runs import last_reader
from tests.storage.ledger.made import NOW, started


def ended(ledger: Ledger, pipeline: str, folder: str, minute: int, state: str = "succeeded") -> str:
    lease = started(ledger, pipeline)
    with ledger.writing() as connection:
        connection.execute(update(runs).where(runs.c.run_id == lease.run_id).values(snapshot={"data": folder}))
        finish(connection, lease, state, None, NOW + timedelta(minutes=minute))
    return lease.run_id


def test_the_last_reader_of_a_folder_is_the_newest_success_of_the_pipelines_that_read_it(ledger: Ledger) -> None:
    training = ended(ledger, "training", "/data", 1)
    own = ended(ledger, "own", "/data", 2)
    ended(ledger, "training", "/other", 3)
    ended(ledger, "training", "/data", 4, "failed")
    with ledger.reading() as connection:
        for pipelines, folder, run_id in (
            (["training"], "/data", training),
            (["training", "own"], "/data", own),
            (["inference"], "/data", None),
            (["own"], "/other", None),
        ):
            found = last_reader(connection, pipelines, folder)
            assert (found.run_id if found else None) == run_id
