"""Data faults told apart from drift, on made populations."""

from collections.abc import Callable

import numpy as np
import pytest

from jobs.statistics.faults import all_on_one_side, feature_fault, missing_rose
from jobs.statistics.reference import CategoryReference, category_reference, numeric_reference

GENERATOR = np.random.default_rng(7)
POPULATIONS: dict[str, Callable[[int], np.ndarray]] = {
    "rates": lambda n: GENERATOR.integers(1, 35, n).astype(float),
    "amounts": lambda n: np.round(np.exp(GENERATOR.normal(8, 0.8, n)), 2),
    "signed": lambda n: GENERATOR.normal(0, 1, n),
    "counts": lambda n: GENERATOR.integers(0, 4, n).astype(float),
}


def kind(reference: np.ndarray, now: np.ndarray, rows: int = 150) -> str | None:
    fault = feature_fault(numeric_reference(reference), now, rows)
    return fault.kind if fault else None


@pytest.mark.parametrize("population", POPULATIONS)
def test_a_unit_is_told_from_a_drift(population: str) -> None:
    draw = POPULATIONS[population]
    before, now = draw(2_000), draw(400)
    deviation = float(np.std(before))
    for drifted in (now, now + deviation, now - deviation, now * 2, now / 2, now * 10):
        assert kind(before, drifted) is None
    for factor in (100, 1_000, 1 / 100, 1 / 1_000):
        assert kind(before, now * factor) == "unit"


def test_the_sentence_of_a_unit_has_factor_and_psi() -> None:
    before = POPULATIONS["rates"](500)
    fault = feature_fault(numeric_reference(before), before[:200] * 100)
    assert fault is not None
    assert fault.text.startswith(
        "is about 100 times what it was, in all 200 loans; rescaled, they fit the baseline (PSI"
    )


def test_one_value_is_a_fault_where_there_were_several() -> None:
    before = POPULATIONS["rates"](500)
    assert kind(before, np.full(200, 7.0)) == "constant"
    # One tenure, and later another one: never several values.
    assert kind(np.full(500, 10.0), np.full(200, 12.0)) is None
    # One rare value in 500 rows may well be absent from 200.
    assert kind(np.r_[np.zeros(499), 1.0], np.zeros(200)) is None


def test_missing_values_are_a_fault_when_they_are_many_more_beyond_chance() -> None:
    before = np.r_[POPULATIONS["rates"](450), np.full(50, np.nan)]
    some = np.r_[POPULATIONS["rates"](120), np.full(80, np.nan)]
    assert kind(before, some) == "missing"
    assert kind(some, some) is None
    assert kind(before, np.full(200, np.nan)) == "empty"
    assert kind(np.full(500, np.nan), np.full(200, np.nan)) is None
    assert not missing_rose(50, 500, 25, 100)  # 10% to 25%
    assert not missing_rose(0, 500, 1, 3)  # by a third, which chance explains
    assert missing_rose(50, 500, 40, 100)


def test_nothing_is_said_with_fewer_rows_than_drift_needs() -> None:
    before = POPULATIONS["rates"](500)
    for broken in (before[:149] * 100, np.full(149, np.nan), np.full(149, 7.0)):
        assert kind(before, broken) is None


def levels(reference: CategoryReference, now: list[str | None]) -> str | None:
    fault = feature_fault(reference, now, 150)
    return fault.kind if fault else None


def test_other_levels_are_a_fault_when_nearly_all_rows_have_them() -> None:
    before = category_reference(["Good"] * 200 + ["Bad"] * 100)
    assert levels(before, ["1"] * 120 + ["2"] * 80) == "levels"
    assert levels(before, ["New"] * 140 + ["Good"] * 60) is None
    assert levels(before, ["Good"] * 100 + ["Bad"] * 100) is None
    assert levels(before, ["Good"] * 200) == "constant"
    names = category_reference([f"branch {number}" for number in range(300)])
    assert levels(names, [f"branch {number}" for number in range(1_000, 1_200)]) is None


def test_the_probability_of_all_rows_on_one_side_is_exact() -> None:
    assert all_on_one_side(3, 1, 2) == pytest.approx(0.5)  # 3 of the 6 pairs of 4 rows
    assert all_on_one_side(3, 1, 0) == pytest.approx(1.0)
    assert all_on_one_side(3, 5, 4) == 0.0
