"""Numbers as text."""

import pytest

from jobs.statistics.rounding import signed


@pytest.mark.parametrize(
    ("value", "text"), [(0.0041, "+0.004"), (-0.0055, "-0.005"), (-0.0004, "0.000"), (0.0004, "0.000"), (0, "0.000")]
)
def test_a_difference_has_a_sign_unless_it_rounds_to_zero(value: float, text: str) -> None:
    assert signed(value) == text
