"""Registered models for the tests of promotion and approval."""

from collections.abc import Callable
from datetime import date

import pytest

from engine.control import runs
from engine.deployment import Deployment
from storage.ledger.leases import claim, finish
from storage.ledger.models import ModelVersion, register

Registered = Callable[[str], ModelVersion]


@pytest.fixture
def registered(deployment: Deployment) -> Registered:
    """Registers a version as a training run does, without making it champion."""

    def enter(version: str) -> ModelVersion:
        ledger, store = deployment.ledger, deployment.models
        run_id = runs.request(deployment, runs.checked_request(deployment, "training", date(2024, 1, 1)))
        files = {
            "model": store.place(store.keep_pickle(["model", version]), f"best_model_{version}.pkl"),
            "metadata": store.folder.write(f"model_metadata_{version}.json", b"{}"),
        }
        model = ModelVersion(version, "LogisticRegression", files, {"candidates": {}}, {})
        with ledger.writing() as connection:
            lease = claim(connection, run_id, "test", ledger.clock())
            assert lease is not None
            assert register(connection, lease, model, ledger.clock())
            finish(connection, lease, "succeeded", None, ledger.clock())
        return model

    return enter
