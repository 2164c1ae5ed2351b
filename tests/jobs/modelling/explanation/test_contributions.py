"""Contributions: exact for pairs of features, near Shapley values for more, complete; and the order of reasons."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from jobs.modelling.explanation.contributions import PAIRS, contributions, log_odds, mixed_rows, orders_of, reasons
from tests.jobs.modelling.explanation.exact_values import shapley_values, spread_of_pairs, values_of_sets

TYPICAL = {"a": 1.0, "b": 2.0, "c": None, "kind": "x"}


class Formula:
    """A model whose log-odds are a formula of the columns; it counts its calls and rows."""

    def __init__(self, formula: Callable[[pd.DataFrame], Any]) -> None:
        self.formula, self.calls = formula, []

    def predict_proba(self, rows: pd.DataFrame) -> Any:
        self.calls.append(len(rows))
        bad = expit(np.asarray(self.formula(rows), np.float64))
        return np.column_stack([1 - bad, bad])


def loans(*rows: tuple[Any, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(TYPICAL))
    return frame.astype({"a": float, "b": float, "c": float, "kind": object})


def filled(rows: pd.DataFrame) -> pd.Series:
    return rows["c"].fillna(0.0)


def test_a_sum_gives_each_feature_its_own_term() -> None:
    model = Formula(lambda rows: 0.5 * rows["a"] - rows["b"] + 2 * filled(rows) + (rows["kind"] == "y"))
    found = contributions(model, loans((3.0, 2.5, 0.25, "y"), (1.0, 2.0, np.nan, "x")), TYPICAL)
    assert found.of_features == pytest.approx(np.array([[1.0, -0.5, 0.5, 1.0], [0, 0, 0, 0]]), abs=1e-9)
    assert found.typical == pytest.approx(-1.5)
    assert found.loans == pytest.approx([0.5, -1.5])


def test_a_pair_shares_what_it_adds_together() -> None:
    model = Formula(lambda rows: (rows["a"] - 1) * (rows["b"] - 2))
    found = contributions(model, loans((3.0, 4.0, np.nan, "x")), TYPICAL)
    assert found.of_features == pytest.approx(np.array([[2.0, 2.0, 0, 0]]), abs=1e-9)


def test_what_three_features_add_together_is_shared_and_nothing_is_lost() -> None:
    model = Formula(lambda rows: (rows["a"] - 1) * (rows["b"] - 2) * (rows["kind"] == "y"))
    found = contributions(model, loans((2.0, 5.0, np.nan, "y")), TYPICAL, pairs=64)
    assert found.of_features.sum() == pytest.approx(3.0, abs=1e-9)
    # In an order the last of the three has all of 3: of an order and its reverse a feature has 0 or 1.5, so the mean of
    # 64 pairs has a standard deviation of 1.5 sqrt(2/3 1/3 / 64).
    assert found.of_features[0, [0, 1, 3]] == pytest.approx(np.ones(3), abs=5 * 1.5 * np.sqrt(2 / 9 / 64))


def test_one_call_scores_every_loan_and_nothing_given_is_changed() -> None:
    model = Formula(lambda rows: rows["a"])
    given = loans((3.0, 2.5, 0.25, "y"), (0.0, 1.0, np.nan, "z"), (9.0, 1.0, 1.0, "x"))
    before = given.copy()
    found = contributions(model, given, TYPICAL, pairs=1)
    assert model.calls == [3 * (2 * (4 - 1) + 2)]
    pd.testing.assert_frame_equal(given, before)
    again = contributions(model, given, TYPICAL, pairs=1)
    assert (found.of_features == again.of_features).all()


def test_a_mixed_row_has_the_values_of_its_set() -> None:
    sets = np.array([[False] * 4, [True, False, False, True], [True] * 4])
    rows = mixed_rows(loans((3.0, 4.0, 5.0, "y"), (6.0, 7.0, np.nan, "z")), TYPICAL, sets)
    nan = np.nan
    assert [str(row) for row in rows.to_numpy().tolist()] == [
        str(row)
        for row in (
            [1.0, 2.0, nan, "x"],
            [3.0, 2.0, nan, "y"],
            [3.0, 4.0, 5.0, "y"],
            [1.0, 2.0, nan, "x"],
            [6.0, 2.0, nan, "z"],
            [6.0, 7.0, nan, "z"],
        )
    ]
    assert [rows[name].dtype for name in rows] == [float, float, float, object]


def test_every_order_has_its_reverse() -> None:
    orders = orders_of(5, 8).tolist()
    assert len(orders) == 16
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    assert [order[::-1] for order in orders[:8]] == orders[8:]


def test_certain_scores_stay_finite() -> None:
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()
    assert log_odds(np.array([0.25]))[0] == pytest.approx(-np.log(3))


def test_reasons_are_those_that_raise_the_risk_most_and_no_others() -> None:
    found = reasons(np.array([[0.1, 0.5, -2.0, 0.3, 0.2, 0.4], [0.0, 1e-12, -1.0, 0.2, 0.2, -0.1]]))
    assert found == [[1, 5, 3, 4], [3, 4]]


@pytest.fixture(scope="module")
def made() -> tuple[pd.DataFrame, Any]:
    """Six numbers, and a label that needs up to four of them together."""
    rng = np.random.default_rng(7)
    inputs = pd.DataFrame(rng.normal(size=(1500, 6)), columns=list("abcdef"))
    odds = inputs["a"] + inputs["b"] * inputs["c"] + inputs["d"] * (inputs["a"] > 0) * (inputs["e"] > 0) * inputs["f"]
    return inputs, (rng.random(1500) < expit(odds)).astype(int)


def test_trees_that_ask_for_two_features_at_most_have_exact_shapley_values(made: tuple[pd.DataFrame, Any]) -> None:
    inputs, labels = made
    model = GradientBoostingClassifier(n_estimators=40, max_depth=2, random_state=1).fit(inputs, labels)
    typical = inputs.median().to_dict()
    found = contributions(model, inputs[:20], typical, pairs=1)
    exact = [shapley_values(values_of_sets(model, inputs[n : n + 1], typical)) for n in range(20)]
    assert found.of_features == pytest.approx(np.array(exact), abs=1e-9)


@pytest.mark.parametrize("kind", [GradientBoostingClassifier, RandomForestClassifier])
def test_other_models_have_shapley_values_within_the_error_of_the_orders(
    made: tuple[pd.DataFrame, Any], kind: Any
) -> None:
    """The mean of independent pairs is within five standard deviations of the Shapley value.

    The standard deviation of a pair is that over all 720 orders. For 60 values the chance to be farther off is below
    1e-4. Whatever the error, the contributions of a loan add up.
    """
    inputs, labels = made
    model = kind(n_estimators=20, max_depth=5, random_state=1).fit(inputs, labels)
    typical = inputs.median().to_dict()
    found = contributions(model, inputs[:10], typical)
    for n in range(10):
        values = values_of_sets(model, inputs[n : n + 1], typical)
        exact, error = shapley_values(values), spread_of_pairs(values) / np.sqrt(PAIRS)
        assert (np.abs(found.of_features[n] - exact) <= 5 * error + 1e-9).all()
        assert found.of_features[n].sum() == pytest.approx(found.loans[n] - found.typical, abs=1e-9)
        assert exact.sum() == pytest.approx(found.loans[n] - found.typical, abs=1e-9)
        assert error.max() < 0.1 * np.abs(exact).max()
