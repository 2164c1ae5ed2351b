from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from engine.control.promotion import promote
from jobs.gold.flagged import without_flagged
from jobs.modelling.frames import frame
from storage.lake.names import (
    MONITORING,
    PREDICTIONS,
    TRAINING_DATA,
)
from tests.champions import make_champion
from tests.sandbox import Sandbox

NOISE = ("Amount_invested_monthly", "fe_10_std")


def measured(sandbox: Sandbox) -> dict[str, Any]:
    """The monitoring row of the newest date."""
    row: dict[str, Any] = sandbox.table(MONITORING).sort_by("monitoring_date").to_pylist()[-1]
    return row


@pytest.mark.thorough
def test_a_model_that_remembers_is_judged_by_what_it_never_saw(sandbox: Sandbox) -> None:
    rows = sandbox.table(TRAINING_DATA)
    train = rows.filter(pc.equal(rows["split"], "train"))
    pipeline = make_pipeline(SimpleImputer(), KNeighborsClassifier(1))
    make_champion(sandbox, pipeline.fit(frame(train, NOISE), train["label"].to_numpy()), NOISE)
    sandbox.succeed("inference")
    sandbox.succeed("monitoring")
    row = measured(sandbox)
    labels = {one["loan_id"]: one for one in rows.select(["loan_id", "label", "split"]).to_pylist()}
    scored = [one for one in sandbox.table(PREDICTIONS).to_pylist() if one["loan_id"] in labels]
    everything = roc_auc_score(
        [labels[one["loan_id"]]["label"] for one in scored], [r["predicted_proba"] for r in scored]
    )
    unseen = [one for one in scored if labels[one["loan_id"]]["split"] == "test"]
    truth, scores = [labels[one["loan_id"]]["label"] for one in unseen], [one["predicted_proba"] for one in unseen]
    assert everything > 0.85
    assert row["auc_pooled"] == pytest.approx(roc_auc_score(truth, scores))
    assert 0.35 < row["auc_pooled"] < 0.65
    assert (row["labelled_pooled"], row["defaults_pooled"]) == (len(unseen), sum(truth))
    assert row["fitted_left_out"] == train.num_rows
    assert row["model_version"] == "20300101_000000"


@pytest.mark.thorough
def test_loans_that_train_in_name_but_matured_later_were_never_seen(sandbox: Sandbox) -> None:
    run_id = sandbox.succeed("training", date(2024, 9, 1), data=sandbox.data())
    version = sandbox.values(run_id, "store_best_model")["version"]
    if sandbox.champions()[0].version != version:  # too few loans for the promotion test
        promote(sandbox.deployment, version, "a test")
    sandbox.succeed("inference", force=True)
    sandbox.succeed("monitoring")
    features = without_flagged(sandbox.table("staged.inference_features"))
    late = pc.greater(features["observation_date"], pa.scalar(date(2024, 9, 1), pa.date32()))
    unseen = pc.or_(late, pc.equal(features["split"], "test"))
    assert measured(sandbox)["labelled_pooled"] == pc.sum(unseen).as_py()
    assert measured(sandbox)["fitted_left_out"] == features.num_rows - pc.sum(unseen).as_py()
