"""Champions of a test's own making, registered as a training run would."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from engine.control.runs import checked_request, request
from jobs.modelling.frames import frame
from jobs.modelling.training import frozen_reference
from storage.lake.names import TRAINING_DATA
from storage.ledger.leases import Lease, claim, finish
from storage.ledger.models import AliasEvent, ModelVersion, move_alias, register
from tests.sandbox import AS_OF, Sandbox

SPLIT = {"split_by": "customer"}


def claimed_lease(sandbox: Sandbox) -> Lease:
    """The lease of a training run that makes nothing by itself."""
    ledger = sandbox.deployment.ledger
    run_id = request(sandbox.deployment, checked_request(sandbox.deployment, "training", AS_OF))
    with ledger.writing() as connection:
        lease = claim(connection, run_id, "test", ledger.clock())
    assert lease is not None
    return lease


def make_champion(
    sandbox: Sandbox,
    pipeline: Any,
    features: Sequence[str],
    *,
    lease: Lease | None = None,
    split: Mapping[str, str] = SPLIT,
) -> ModelVersion:
    """Registers a fitted pipeline and makes it champion, within a run of its own or under a lease.

    `split` says by what it was split; {} as in earlier releases, by loan.
    """
    version, store = "20300101_000000", sandbox.deployment.models
    rows = sandbox.table(TRAINING_DATA)
    test = rows.filter(pc.equal(rows["split"], "test"))
    scores = pipeline.predict_proba(frame(test, tuple(features)))[:, 1]
    reference = frozen_reference(test, scores, features)
    made = {"as_of": AS_OF.isoformat(), **split, "features": list(features), "reference": reference}
    files = {
        "model": store.place(store.keep_pickle(pipeline), f"best_model_{version}.pkl"),
        "encoders": store.place(store.keep_pickle({}), f"label_encoders_{version}.pkl"),
        "metadata": store.folder.write(f"model_metadata_{version}.json", json.dumps(made).encode()),
    }
    summary = {"test_auc": 0.5, "feature_set": "safe15", "candidates": {}}
    model = ModelVersion(version, "KNeighborsClassifier", files, summary, {})
    ledger, held = sandbox.deployment.ledger, lease or claimed_lease(sandbox)
    with ledger.writing() as connection:
        assert register(connection, held, model, ledger.clock())
        move_alias(connection, AliasEvent(version, "a test", "it remembers what it saw"), ledger.clock())
        if lease is None:
            finish(connection, held, "succeeded", None, ledger.clock())
    return model
