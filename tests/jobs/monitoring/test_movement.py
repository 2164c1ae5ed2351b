"""Movements of features between two windows: PSI of the bins, direction in words, rank by change times importance."""

import pytest

from jobs.monitoring.movement import direction, movements
from jobs.statistics.drift import psi
from jobs.statistics.reference import CategoryReference, NumericReference

NUMBER = NumericReference((1.0, 2.0), (40, 40, 20), 0)
LEVELS = CategoryReference(("Good", "Bad"), (60, 30), ("Odd",), 10, 0)
FROZEN = {"number": NUMBER.as_json(), "levels": LEVELS.as_json()}
NOW = {"number": [20, 40, 40, 0], "levels": [60, 30, 10, 0, 0]}


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ([40, 40, 20, 0], [20, 40, 40, 0], "higher"),
        ([40, 40, 20, 0], [60, 30, 10, 0], "lower"),
        ([40, 40, 20, 0], [40, 40, 20, 0], ""),
        ([40, 40, 20, 0], [80, 80, 40, 0], ""),
        ([40, 40, 20, 0], [20, 20, 12, 48], "more often missing"),
        ([20, 20, 10, 50], [40, 40, 20, 0], "less often missing"),
    ],
)
def test_a_number_moves_higher_or_lower_or_is_missing_more_or_less_often(
    before: list[int], now: list[int], words: str
) -> None:
    assert direction(NUMBER, before, now) == words


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ([60, 30, 10, 0, 0], [50, 45, 5, 0, 0], "more often Bad"),
        ([60, 30, 10, 0, 0], [40, 40, 20, 0, 0], "less often Good"),
        ([60, 30, 10, 0, 0], [55, 27, 10, 8, 0], "more often an unseen level"),
        ([60, 30, 10, 0, 0], [60, 30, 10, 0, 0], ""),
    ],
)
def test_a_category_moves_where_its_shares_changed_most(before: list[int], now: list[int], words: str) -> None:
    assert direction(LEVELS, before, now) == words


def test_change_times_importance_ranks_and_change_is_the_psi_of_the_two_windows() -> None:
    now = {"number": [20, 40, 40, 0], "levels": [50, 40, 10, 0, 0]}
    before = {"number": [40, 40, 20, 0], "levels": [60, 30, 10, 0, 0]}
    importance = [{"feature": "levels", "importance": 0.2}, {"feature": "number", "importance": 0.001}]
    first, second = movements(FROZEN, now, before, importance)
    assert (first.feature, second.feature) == ("levels", "number")
    assert second.change > first.change
    assert first.change == pytest.approx(psi(before["levels"], now["levels"]))
    assert first.weight == pytest.approx(0.2 * first.change)


def test_a_change_within_its_noise_level_has_no_direction() -> None:
    """(1/100 + 1/100) times the 99% quantile of chi-square with two degrees of freedom, 9.21."""
    now, before = {"levels": [50, 35, 15, 0, 0]}, {"levels": [60, 30, 10, 0, 0]}
    (one,) = movements(FROZEN, now, before, [])
    assert one.noise_level == pytest.approx(0.02 * 9.2103, abs=1e-5)
    assert (one.moved, one.words, one.within_noise) == ("", "within noise", True)
    many = [{name: [20 * n for n in counts] for name, counts in side.items()} for side in (now, before)]
    (one,) = movements(FROZEN, *many, [])
    assert (one.moved, one.words, one.within_noise) == ("less often Good", "less often Good", False)


def test_an_importance_below_zero_weighs_nothing() -> None:
    (one,) = movements(
        {"number": NUMBER.as_json()}, {"number": [20, 40, 40, 0]}, {}, [{"feature": "number", "importance": -0.1}]
    )
    assert (one.importance, one.weight) == (-0.1, 0.0)


def test_without_importance_the_largest_change_is_first_and_without_an_earlier_window_the_reference_is_before() -> None:
    first, second = movements(FROZEN, NOW, {}, [])
    assert (first.feature, first.weight, first.moved) == ("number", None, "higher")
    assert first.change == pytest.approx(psi(NUMBER.all_counts(), NOW["number"]))
    assert (second.change, second.moved) == (pytest.approx(0.0), "")


def test_a_feature_that_is_constant_in_both_windows_is_left_out() -> None:
    constant = {"number": [0, 90, 0, 0], "levels": [60, 30, 10, 0, 0]}
    assert [one.feature for one in movements(FROZEN, constant, constant, [])] == ["levels"]
    (one, other) = movements(FROZEN, constant, {**constant, "number": [90, 0, 0, 0]}, [])
    assert (one.feature, one.moved, other.feature) == ("number", "higher", "levels")


def test_bins_of_another_model_and_empty_windows_are_left_out() -> None:
    assert movements(FROZEN, {"number": [1, 2], "levels": [0, 0, 0, 0, 0], "gone": [1]}, {}, []) == []
