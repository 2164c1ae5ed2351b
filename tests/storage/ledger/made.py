"""A run under way, a table and a model, as a test of the ledger needs them."""

from datetime import UTC, date, datetime

from storage.db.ledger import Ledger
from storage.lake.datamart import Part, TableVersion
from storage.ledger.leases import Lease, claim
from storage.ledger.models import (
    ModelVersion,
)
from storage.ledger.runs import Request, request_run

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
