"""The metrics of loans not in arrears at scoring, beside those of all loans that the gate judges."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from jobs.gold.arrears import IN_ARREARS
from jobs.governance.sentences import arrears_sentence
from jobs.monitoring.arrears import COUNTS, MEASURES, arrears_facts
from storage.lake.names import MONITORING, OUTCOMES
from tests.sandbox import Sandbox


def test_the_row_has_the_metrics_of_loans_not_in_arrears(monitored_sandbox: Sandbox) -> None:
    (row,) = monitored_sandbox.table(MONITORING).to_pylist()
    loans = monitored_sandbox.table(OUTCOMES).to_pandas()
    loans = loans[~loans["fitted"] & loans["label"].notna() & loans["cohort"].between(row["auc_from"], row["auc_to"])]
    late, others = loans[loans[IN_ARREARS]], loans[~loans[IN_ARREARS]]
    truth, chosen = others["label"].astype(int), others["predicted_label"]
    assert row["auc_not_in_arrears"] == pytest.approx(roc_auc_score(truth, others["predicted_proba"]), abs=1e-12)
    assert row["auc_not_in_arrears_low"] < row["auc_not_in_arrears"] < row["auc_not_in_arrears_high"]
    assert row["precision_not_in_arrears"] == pytest.approx(precision_score(truth, chosen))
    assert row["recall_not_in_arrears"] == pytest.approx(recall_score(truth, chosen))
    assert row["f1_not_in_arrears"] == pytest.approx(f1_score(truth, chosen))
    counts = [len(others), truth.sum(), len(late), late["label"].sum()]
    assert [row[name] for name in COUNTS] == counts
    assert (row["labelled"], row["defaults"]) == (counts[0] + counts[2], counts[1] + counts[3])
    assert 0 < counts[2] < row["labelled"]


def test_a_score_that_knows_the_arrears_alone_is_worth_nothing_without_them() -> None:
    """The advantage of such a score over chance is all of its AUC, and none on the loans not in arrears."""
    generator = np.random.default_rng(3)
    late = generator.random(4000) < 0.2
    labels = late | (generator.random(4000) < 0.15)
    scores = late + generator.random(4000) / 10
    table = pa.table(
        {
            "label": pa.array(labels.astype(int), pa.int8()),
            "predicted_proba": scores,
            "predicted_label": pa.array(late.astype(int), pa.int8()),
            IN_ARREARS: late,
        }
    )
    found = arrears_facts(table)
    assert found["auc_not_in_arrears_low"] < 0.5 < found["auc_not_in_arrears_high"]
    assert roc_auc_score(labels, scores) > 0.75
    assert found["defaults_in_arrears"] == found["labelled_in_arrears"] == late.sum()


def test_outcomes_of_an_earlier_release_know_nothing_of_arrears(monitored_sandbox: Sandbox) -> None:
    earlier = monitored_sandbox.table(OUTCOMES).drop_columns([IN_ARREARS])
    facts = arrears_facts(earlier)
    assert facts == dict.fromkeys((*MEASURES, *COUNTS))
    assert arrears_sentence(facts) == arrears_sentence({}) == arrears_sentence(dict.fromkeys(COUNTS, np.nan)) == ""


def test_the_sentence_has_both_parts() -> None:
    row: dict[str, Any] = {"labelled_not_in_arrears": 310, "labelled_in_arrears": 50, "defaults_in_arrears": 48}
    area = {"auc_not_in_arrears": 0.781, "auc_not_in_arrears_low": 0.74, "auc_not_in_arrears_high": 0.815}
    assert arrears_sentence({**row, **area}) == (
        "AUC is 0.781 (95% interval 0.740 to 0.815) on the 310 loans not in arrears at scoring "
        "(50 were in arrears, 96.0% of them bad)."
    )
    assert arrears_sentence({**row, "labelled_in_arrears": 0}) == ""
    assert "AUC is not measured on the 310 loans" in arrears_sentence(row)
