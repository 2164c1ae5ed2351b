"""The stability of reasons: shares over loans and refits, and what a training keeps of it."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jobs.gold.arrears import IN_ARREARS, not_in_arrears
from jobs.modelling.candidates import FOLDS
from jobs.modelling.explanation.contributions import contributions, reasons
from jobs.modelling.explanation.importance import permutation_importance
from jobs.modelling.explanation.kept import REPEATS_APART, importance_of
from jobs.modelling.explanation.stability import LOANS, PAIRS, reasons_of_sample, stability
from jobs.modelling.explanation.typical import typical_payer
from jobs.modelling.frames import frame
from jobs.modelling.pipelines import categories_in, untrained
from storage.lake.names import TRAINING_DATA
from tests.commands import document
from tests.retail import BOOK, SAFE15
from tests.sandbox import Sandbox


def test_shares_are_over_all_loans_and_refits() -> None:
    own = [[1, 2, 3, 4], [5], []]
    same_set = [[2, 1, 4, 3], [5], []]
    others = [[1, 2, 3, 9], [6], [1]]
    assert stability(own, [own]) == {"loans": 3, "refits": 1, "first_reason": 1.0, "all_reasons": 1.0}
    assert stability(own, [same_set])["first_reason"] == pytest.approx(2 / 3)
    assert stability(own, [same_set])["all_reasons"] == 1.0
    assert stability(own, [own, others]) == {
        "loans": 3,
        "refits": 2,
        "first_reason": pytest.approx(4 / 6),
        "all_reasons": pytest.approx(3 / 6),
    }


def test_nothing_is_said_without_refits() -> None:
    assert stability([[1]], []) == {"loans": 1, "refits": 0, "first_reason": None, "all_reasons": None}


def kept(sandbox: Sandbox) -> dict[str, Any]:
    (champion,) = sandbox.champions()
    found: dict[str, Any] = json.loads(sandbox.deployment.models.read(champion.files["metadata"]))
    return found


def test_a_training_keeps_what_explains_its_model(trained_sandbox: Sandbox) -> None:
    metadata = kept(trained_sandbox)
    told = document("models", "--home", str(trained_sandbox.home))[0]
    rows = trained_sandbox.table(TRAINING_DATA)
    train = rows.filter(pc.equal(rows["split"], "train"))
    assert metadata["typical_payer"] == typical_payer(train, SAFE15)
    assert {one["feature"] for one in metadata["importance"]} == set(SAFE15)
    assert metadata["importance"][0]["low"] > 0  # the sample's labels do depend on features
    test = rows.filter(pc.equal(rows["split"], "test"))
    others = test.filter(pc.invert(test[IN_ARREARS]))
    pipeline = trained_sandbox.deployment.models.load(trained_sandbox.champions()[0].files["model"])
    inputs = frame(others, metadata["features"])
    alone = permutation_importance(
        pipeline, inputs, others["label"].to_numpy(), pipeline.predict_proba(inputs)[:, 1], REPEATS_APART
    )
    apart = {one["feature"]: one["not_in_arrears"] for one in metadata["importance"]}
    assert apart == {one.pop("feature"): one for one in alone}
    assert metadata["importance_loans_not_in_arrears"] == others.num_rows < metadata["importance_loans"]
    assert told["importance"] == metadata["importance"]
    assert told["reason_stability"] == metadata["reason_stability"]
    found = metadata["reason_stability"]
    assert (found["loans"], found["refits"]) == (LOANS, FOLDS)
    assert 1 / len(SAFE15) < found["first_reason"] <= 1  # better than a feature drawn by lot


def test_a_feature_that_tells_the_arrears_alone_is_worth_nothing_on_loans_without_them() -> None:
    """Permuted among loans not in arrears, where it is the same for each, the feature changes no score."""
    generator = np.random.default_rng(6)
    late, risk = generator.random(2000) < 0.3, generator.normal(size=2000)
    labels = (generator.random(2000) < 1 / (1 + np.exp(-risk - 3 * late))).astype(np.int8)
    loans = pa.table({"risk": risk, "late": late.astype(float), IN_ARREARS: late, "label": labels})
    logistic, features = next(one for one in BOOK.candidates if one.scaled), ("risk", "late")
    model = untrained(logistic, features, []).fit(frame(loans, features), labels)
    whole = {one["feature"]: one for one in importance_of(model, loans, features, 5)}
    apart = {one["feature"]: one for one in importance_of(model, not_in_arrears(loans), features, 5)}
    assert whole["late"]["low"] > 0.05
    assert (apart["late"]["importance"], apart["late"]["low"], apart["late"]["high"]) == (0.0, 0.0, 0.0)
    assert apart["risk"]["low"] > 0
    assert importance_of(model, loans.filter(pc.equal(loans["label"], 0)), features, 5) == []


@pytest.mark.thorough
def test_a_model_of_the_same_rows_has_the_same_reasons_and_one_of_shuffled_labels_has_not(
    trained_sandbox: Sandbox,
) -> None:
    rows = trained_sandbox.table(TRAINING_DATA)
    train, test = (rows.filter(pc.equal(rows["split"], side)) for side in ("train", "test"))
    labels = train["label"].to_numpy()
    shuffled = np.random.default_rng(0).permutation(labels)

    def found(given: Any) -> list[list[int]]:
        logistic = next(one for one in BOOK.candidates if one.scaled)
        pipeline = untrained(logistic, SAFE15, categories_in(train, SAFE15)).fit(frame(train, SAFE15), given)
        return reasons_of_sample(pipeline, typical_payer(train, SAFE15), test, SAFE15)

    own = found(labels)
    assert stability(own, [found(labels)])["all_reasons"] == 1.0
    assert stability(own, [found(shuffled)])["all_reasons"] < 0.5


def test_fewer_orders_give_the_same_reasons_where_features_do_not_act_together(trained_sandbox: Sandbox) -> None:
    rows = trained_sandbox.table(TRAINING_DATA)
    train = rows.filter(pc.equal(rows["split"], "train"))
    logistic = next(one for one in BOOK.candidates if one.scaled)
    pipeline = untrained(logistic, SAFE15, categories_in(train, SAFE15))
    pipeline.fit(frame(train, SAFE15), train["label"].to_numpy())
    loans, typical = frame(train.slice(0, 20), SAFE15), typical_payer(train, SAFE15)
    few = contributions(pipeline, loans, typical, PAIRS)
    assert reasons(few.of_features) == reasons(contributions(pipeline, loans, typical).of_features)
