"""ROC and precision-recall points against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve, roc_curve

from jobs.statistics.curves import precision_recall_points, roc_points
from jobs.statistics.discrimination import auc_with_interval

ROWS = st.lists(st.tuples(st.booleans(), st.integers(-6, 6)), min_size=2, max_size=60)


@given(ROWS)
def test_roc_points_are_those_of_sklearn_and_enclose_the_auc(rows: list[tuple[bool, int]]) -> None:
    labels, scores = np.array(rows, dtype=float).T
    false, true = roc_points(labels, scores)
    if labels.sum() in (0, labels.size):
        assert false.size == true.size == 0
        return
    theirs = roc_curve(labels, scores, drop_intermediate=False)
    assert false == pytest.approx(theirs[0])
    assert true == pytest.approx(theirs[1])
    assert np.trapezoid(true, false) == pytest.approx(auc_with_interval(labels, scores).value)


@given(ROWS)
def test_precision_and_recall_are_those_of_sklearn(rows: list[tuple[bool, int]]) -> None:
    labels, scores = np.array(rows, dtype=float).T
    recall, precision = precision_recall_points(labels, scores)
    if labels.sum() == 0:
        assert recall.size == precision.size == 0
        return
    theirs = precision_recall_curve(labels, scores)
    assert recall[::-1] == pytest.approx(theirs[1][:-1])
    assert precision[::-1] == pytest.approx(theirs[0][:-1])


def test_rows_must_match() -> None:
    with pytest.raises(ValueError, match="same rows"):
        roc_points([1, 0], [0.1])
