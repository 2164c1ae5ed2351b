"""Rows that a model did not learn from, also of a model of an earlier release, which was split by loan."""

import re
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.impute import SimpleImputer
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from engine.documents.models import models_document
from jobs.gold.labels import splits
from jobs.modelling.frames import frame
from jobs.modelling.splits import labels_by, raw_scores_of, scores_of, unseen_by
from storage.lake.names import INFERENCE_FEATURES, MONITORING, PREDICTIONS, TRAINING_DATA
from tests.champions import make_champion
from tests.retail import BOOK
from tests.sandbox import AS_OF, Sandbox

FEATURES = ("Age", "loan_amt", "tenure")
BY_LOAN: dict[str, str] = {}  # what an earlier release kept of its split


def by_loan(rows: pa.Table) -> Any:
    return pc.equal(splits(rows["loan_id"]), "test")


def earlier_champion(sandbox: Sandbox) -> Any:
    """The pipeline of a champion as an earlier release made it: without calibration, split by loan."""
    rows = sandbox.table(TRAINING_DATA)
    known = rows.filter(pc.invert(by_loan(rows)))
    pipeline = make_pipeline(SimpleImputer(), GaussianNB()).fit(frame(known, FEATURES), known["label"].to_numpy())
    make_champion(sandbox, pipeline, FEATURES, split=BY_LOAN)
    return pipeline


@pytest.mark.parametrize(("split", "name"), [({"split_by": "customer"}, "Customer_ID"), ({}, "loan_id")])
def test_a_test_row_of_the_models_own_split_and_a_later_one_are_unseen(split: dict[str, str], name: str) -> None:
    rows = pa.table(
        {
            "Customer_ID": [f"c{number // 2}" for number in range(400)],
            "loan_id": [f"l{number}" for number in range(400)],
            "observation_date": pa.array([date(2024, 1, 1), date(2024, 3, 1), None, date(2023, 1, 1)] * 100),
        }
    )
    unseen = unseen_by({"as_of": "2024-02-01", **split}, rows, BOOK).to_pylist()
    test = [side == "test" for side in splits(rows[name]).to_pylist()]
    assert unseen == [number % 4 in (1, 2) or test[number] for number in range(400)]


def test_two_loans_of_a_customer_are_on_one_side(trained_sandbox: Sandbox) -> None:
    rows = trained_sandbox.table(TRAINING_DATA)
    assert rows["split"].combine_chunks().equals(splits(rows["Customer_ID"]))
    assert not rows["split"].combine_chunks().equals(splits(rows["loan_id"]))


def test_a_champion_that_was_split_by_loan_is_compared_on_loans_that_neither_saw(sandbox: Sandbox) -> None:
    earlier_champion(sandbox)
    sandbox.succeed("training", data=sandbox.data())
    with sandbox.deployment.ledger.reading() as connection:
        verdict = models_document(connection)[0]["promotion"]
    rows = sandbox.table(TRAINING_DATA)
    neither = pc.sum(pc.and_(pc.equal(rows["split"], "test"), by_loan(rows))).as_py()
    (told,) = re.findall(r"on the same ([\d,]+) test loans", verdict["reason"])
    assert int(told.replace(",", "")) == neither == verdict["compared_rows"]
    assert 0 < neither < pc.sum(pc.equal(rows["split"], "test")).as_py()


@pytest.mark.thorough
def test_a_champion_of_an_earlier_release_is_monitored_and_predicts_as_before(sandbox: Sandbox) -> None:
    pipeline = earlier_champion(sandbox)
    sandbox.succeed("inference")
    sandbox.succeed("monitoring")
    features = sandbox.table(INFERENCE_FEATURES)
    due = pc.less_equal(features["observation_date"], pa.scalar(AS_OF, pa.date32()))
    seen = pc.and_(due, pc.invert(by_loan(features)))
    row = sandbox.table(MONITORING).sort_by("monitoring_date").to_pylist()[-1]
    unflagged = pc.is_in(features["loan_id"], value_set=sandbox.table(TRAINING_DATA)["loan_id"].combine_chunks())
    assert row["fitted_left_out"] == pc.sum(pc.and_(seen, unflagged)).as_py()
    assert row["cut_off"] is None
    scored = sandbox.table(PREDICTIONS).sort_by("loan_id")
    inputs = features.sort_by("loan_id").filter(pc.is_in(features.sort_by("loan_id")["loan_id"], scored["loan_id"]))
    expected = pipeline.predict_proba(frame(inputs, FEATURES))[:, 1]
    assert scored["predicted_proba"].to_numpy() == pytest.approx(expected, abs=1e-12)
    assert scored["predicted_label"].to_pylist() == pipeline.predict(frame(inputs, FEATURES)).tolist()
    assert raw_scores_of(pipeline, inputs, FEATURES) == pytest.approx(scores_of(pipeline, inputs, FEATURES))


class Rows(GaussianNB):  # type: ignore[misc]
    """A classifier that counts the rows of each call."""

    def predict_proba(self, rows: Any) -> Any:
        self.calls_ = [*getattr(self, "calls_", []), len(rows)]
        return super().predict_proba(rows)


def test_rows_are_scored_in_blocks_of_limited_size(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"Age": [float(age) for age in range(20, 70)], "label": [age % 2 for age in range(50)]})
    pipeline = make_pipeline(SimpleImputer(), Rows()).fit(frame(table, ["Age"]), table["label"].to_numpy())
    whole = scores_of(pipeline, table, ["Age"])
    monkeypatch.setattr("jobs.modelling.splits.AT_ONCE", 7)
    assert scores_of(pipeline, table, ["Age"]).tolist() == whole.tolist()
    assert pipeline.steps[-1][1].calls_ == [50, *[7] * 7, 1]
    assert labels_by(pipeline, table, ["Age"]).tolist() == pipeline.predict(frame(table, ["Age"])).tolist()


def test_equal_levels_of_a_frame_are_one_object() -> None:
    levels = pa.chunked_array([["rent", None], ["rent", "own"]])
    for column in (levels, levels.dictionary_encode()):
        found = frame(pa.table({"home": column}), ["home"])["home"].tolist()
        assert found[0] is found[2]
        assert [one if isinstance(one, str) else None for one in found] == levels.to_pylist()
        assert isinstance(found[1], float)
