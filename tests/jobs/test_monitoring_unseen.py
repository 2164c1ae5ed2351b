import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from engine.launch import checked_request, request
from jobs.models import frame
from jobs.training import frozen_reference
from storage.registry import AliasEvent, ModelVersion, move_alias, register
from storage.runs import Lease, claim, finish
from storage.tables import (
    MONITORING,
    PREDICTIONS,
    TRAINING_DATA,
)
from tests.conftest import AS_OF, House

NOISE = ("Amount_invested_monthly", "fe_10_std")


@contextmanager
def lease_of_a_run(house: House) -> Iterator[Lease]:
    """The lease of a training run that goes well and makes nothing by itself."""
    ledger = house.deployment.ledger
    run_id = request(house.deployment, checked_request(house.deployment, "training", AS_OF))
    with ledger.writing() as connection:
        lease = claim(connection, run_id, "test", ledger.clock())
    assert lease is not None
    yield lease
    with ledger.writing() as connection:
        finish(connection, lease, "succeeded", None, ledger.clock())


def crown(house: House, pipeline: Any, features: Sequence[str]) -> ModelVersion:
    """Registers a fitted pipeline and makes it champion, as a training run would."""
    version, store = "20300101_000000", house.deployment.models
    rows = house.table(TRAINING_DATA)
    test = rows.filter(pc.equal(rows["split"], "test"))
    scores = pipeline.predict_proba(frame(test, tuple(features)))[:, 1]
    reference = frozen_reference(test, scores, features)
    made = {"as_of": AS_OF.isoformat(), "features": list(features), "reference": reference}
    files = {
        "model": store.place(store.keep_pickle(pipeline), f"best_model_{version}.pkl"),
        "encoders": store.place(store.keep_pickle({}), f"label_encoders_{version}.pkl"),
        "metadata": store.folder.write(f"model_metadata_{version}.json", json.dumps(made).encode()),
    }
    model = ModelVersion(version, "KNeighborsClassifier", files, {"test_auc": 0.5}, {})
    clock = house.deployment.ledger.clock
    with lease_of_a_run(house) as lease, house.deployment.ledger.writing() as connection:
        assert register(connection, lease, model, clock())
        move_alias(connection, AliasEvent(version, "a test", "it remembers what it saw"), clock())
    return model


def measured(house: House) -> dict[str, Any]:
    """The monitoring row of the newest date."""
    row: dict[str, Any] = house.table(MONITORING).sort_by("monitoring_date").to_pylist()[-1]
    return row


def test_a_model_that_remembers_is_judged_by_what_it_never_saw(house: House) -> None:
    rows = house.table(TRAINING_DATA)
    train = rows.filter(pc.equal(rows["split"], "train"))
    pipeline = make_pipeline(SimpleImputer(), KNeighborsClassifier(1))
    crown(house, pipeline.fit(frame(train, NOISE), train["label"].to_numpy()), NOISE)
    house.succeed("inference")
    house.succeed("monitoring")
    row = measured(house)
    labels = {one["loan_id"]: one for one in rows.select(["loan_id", "label", "split"]).to_pylist()}
    scored = [one for one in house.table(PREDICTIONS).to_pylist() if one["loan_id"] in labels]
    everything = roc_auc_score(
        [labels[one["loan_id"]]["label"] for one in scored], [r["predicted_proba"] for r in scored]
    )
    unseen = [one for one in scored if labels[one["loan_id"]]["split"] == "test"]
    truth, scores = [labels[one["loan_id"]]["label"] for one in unseen], [one["predicted_proba"] for one in unseen]
    assert everything > 0.85
    assert row["auc"] == pytest.approx(roc_auc_score(truth, scores))
    assert 0.35 < row["auc"] < 0.65
    assert (row["labelled"], row["defaults"]) == (len(unseen), sum(truth))
    assert row["fitted_left_out"] == train.num_rows
    assert row["model_version"] == "20300101_000000"


def test_loans_that_train_in_name_but_matured_later_were_never_seen(house: House) -> None:
    house.succeed("training", date(2024, 9, 1), data=house.data())
    house.succeed("inference", force=True)
    house.succeed("monitoring")
    features = house.table("staged.inference_features")
    late = pc.greater(features["observation_date"], pa.scalar(date(2024, 9, 1), pa.date32()))
    unseen = pc.or_(late, pc.equal(features["split"], "test"))
    assert measured(house)["labelled"] == pc.sum(unseen).as_py()
    assert measured(house)["fitted_left_out"] == features.num_rows - pc.sum(unseen).as_py()
