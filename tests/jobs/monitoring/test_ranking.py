"""How well the scores rank: of the newest and of all known outcomes, with and without the loans in arrears."""

import pytest
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from jobs.gold.arrears import IN_ARREARS
from jobs.monitoring.ranking_rows import ranking_of_row
from storage.lake.names import MONITORING, OUTCOMES
from tests.commands import document
from tests.sandbox import Sandbox


def test_auc_ks_and_gini_are_told_of_both_windows_with_and_without_arrears(monitored_sandbox: Sandbox) -> None:
    found = document("drift", "--home", str(monitored_sandbox.home))["ranking"]
    (row,) = monitored_sandbox.table(MONITORING).to_pylist()
    loans = monitored_sandbox.table(OUTCOMES).to_pandas()
    loans = loans[~loans["fitted"] & loans["label"].notna()]
    newest = loans[loans["cohort"].between(row["auc_from"], row["auc_to"])]
    assert [(one["loans"], one["not_in_arrears"]) for one in found] == [
        ("newest", False),
        ("all", False),
        ("newest", True),
        ("all", True),
    ]
    for one in found:
        rows = {"newest": newest, "all": loans}[one["loans"]]
        rows = rows[~rows[IN_ARREARS]] if one["not_in_arrears"] else rows
        truth, scores = rows["label"].astype(int), rows["predicted_proba"]
        auc = roc_auc_score(truth, scores)
        assert one["auc"] == pytest.approx(auc, abs=1e-12)
        assert one["gini"] == pytest.approx(2 * auc - 1, abs=1e-12)
        assert one["ks"] == pytest.approx(ks_2samp(scores[truth == 1], scores[truth == 0]).statistic, abs=1e-12)
        assert (one["labelled"], one["defaults"]) == (len(rows), truth.sum())
        assert one["auc_low"] < auc < one["auc_high"]
    earlier = ranking_of_row(row)
    measured = [one for one in found if (one["loans"], one["not_in_arrears"]) != ("all", True)]
    assert [one["auc"] for one in earlier] == [one["auc"] for one in measured]
    assert [one["ks"] for one in earlier] == [measured[0]["ks"], None, None]
