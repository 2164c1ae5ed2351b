"""The traps of drift measures, each with its number, and the shape of the references."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from jobs.errors import JobError
from jobs.statistics.drift import MINIMUM_ROWS, band, chance_level, ks_distance, measured_drift, psi
from jobs.statistics.reference import bin_counts, bin_labels, category_reference, numeric_reference, reference_from_json


@pytest.fixture(scope="module")
def normal() -> np.ndarray:
    return np.random.default_rng(1).normal(size=20_000)


def test_psi_is_the_smoothed_sum() -> None:
    p, q = np.array([10.5, 20.5, 0.5]) / 31.5, np.array([5.5, 0.5, 7.5]) / 13.5
    assert psi([10, 20, 0], [5, 0, 7]) == pytest.approx(sum((q - p) * np.log(q / p)), rel=1e-14)


def test_one_extreme_value_does_not_hide_a_shift(normal: np.ndarray) -> None:
    reference = numeric_reference(normal)
    shifted = np.random.default_rng(2).normal(1.0, size=20_000)
    alone, beside = measured_drift(reference, shifted).value, measured_drift(reference, np.append(shifted, 1e4)).value
    # What ten deciles of a normal make of a shift by one deviation; 20 draws of this size lay within 0.05 of it.
    shares = np.diff(np.concatenate(([0], stats.norm.cdf(stats.norm.ppf(np.arange(1, 10) / 10) - 1), [1])))
    assert alone == pytest.approx(np.sum((shares - 0.1) * np.log(shares / 0.1)), abs=0.07)
    assert beside == pytest.approx(alone, abs=0.001)
    # Bins of equal width, as tempting as they are, see nothing any more.
    edges = np.histogram_bin_edges(np.concatenate((normal, shifted, [1e4])), 10)
    assert psi(np.histogram(normal, edges)[0], np.histogram(np.append(shifted, 1e4), edges)[0]) < 0.01


def test_an_emptied_decile_does_not_alarm_by_a_floor() -> None:
    full, emptied = [100] * 10, [0] + [111] * 9
    # Floors of 1e-6, 1e-4 and 0.01 would say 1.15, 0.69 and 0.21 more; smoothing depends on the rows there are.
    assert psi(full, emptied) == pytest.approx(0.54, abs=0.01)
    assert psi([20] * 10, [0, 2, 2, 2, 2, 2, 2, 2, 2, 2]) < 0.2


def test_a_new_category_counts_as_unseen() -> None:
    reference = category_reference(["a"] * 600 + ["b"] * 400)
    current = ["a"] * 300 + ["b"] * 200 + ["new"] * 500
    assert dict(zip(bin_labels(reference), bin_counts(reference, current).tolist(), strict=True)) == {
        "a": 300, "b": 200, "RARE": 0, "UNSEEN": 500, "MISSING": 0,
    }  # fmt: skip
    measured = measured_drift(reference, current)
    assert measured.value is not None
    assert measured.value > 1
    assert measured.band == "significant"


def test_missing_that_first_appears_in_production_is_drift(normal: np.ndarray) -> None:
    reference = numeric_reference(normal)
    assert reference.missing == 0
    holes = normal[:2_000].copy()
    holes[::2] = np.nan
    measured = measured_drift(reference, holes)
    assert measured.value is not None
    assert measured.value > 1
    assert bin_counts(reference, holes)[-1] == 1_000


def test_a_missing_category_that_first_appears_in_production_is_drift() -> None:
    reference = category_reference(["a"] * 600 + ["b"] * 400)
    assert (reference.missing, bin_labels(reference)[-1]) == (0, "MISSING")
    for nothing in (None, float("nan")):
        measured = measured_drift(reference, ["a"] * 300 + ["b"] * 200 + [nothing] * 500)
        assert measured.value is not None
        assert measured.value > 1
        assert (measured.band, measured.confirmed) == ("significant", True)


def test_drift_is_measured_against_the_reference_not_within_the_batch(normal: np.ndarray) -> None:
    shifted = normal[:5_000] + 2
    assert psi(*(bin_counts(numeric_reference(normal), half) for half in (shifted[:2_500], shifted[2_500:]))) < 0.05
    assert measured_drift(numeric_reference(normal), shifted).band == "significant"


@pytest.mark.parametrize(("rows", "share"), [(50, 0.27), (100, 0.02), (150, 0.0)])
def test_small_windows_cross_the_threshold_by_chance(rows: int, share: float) -> None:
    generator = np.random.default_rng(7)
    reference = np.full(10, 2_000)
    draws = generator.multinomial(rows, np.full(10, 0.1), size=2_000)
    alarms = np.mean([psi(reference, draw) >= 0.2 for draw in draws])
    # A MISSING bin that is empty on both sides would raise 27% to 51%.
    assert [psi([*reference, 0], [*draw, 0]) for draw in draws[:50]] == [psi(reference, draw) for draw in draws[:50]]
    # Four standard errors of 2,000 draws, and the rounding of the stated share.
    assert alarms == pytest.approx(share, abs=4 * math.sqrt(max(share, 0.001) * (1 - share) / 2_000) + 0.005)


@pytest.mark.parametrize("bins", range(2, 24))
def test_chance_level_of_few_and_many_bins_is_to_the_bit_what_scipy_gives(bins: int) -> None:
    assert chance_level(700, 300, bins) == (1 / 700 + 1 / 300) * float(special.chdtri(bins - 1, 1 - 0.99))
    assert chance_level(700, 300, bins, 0.95) == (1 / 700 + 1 / 300) * float(special.chdtri(bins - 1, 1 - 0.95))


def test_chance_level_is_the_chi_square_quantile_and_holds() -> None:
    assert chance_level(20_000, 5_000, 10) == pytest.approx((1 / 20_000 + 1 / 5_000) * stats.chi2.ppf(0.99, 9))
    assert chance_level(20_000, 5_000, 10) == pytest.approx(0.005, abs=0.0005)
    assert chance_level(10, 10, 1) == 0.0
    draws = np.random.default_rng(3).multinomial(1_000, np.full(10, 0.1), size=4_000)
    level = chance_level(10_000_000, 1_000, 10)
    beyond = np.mean([psi(np.full(10, 1_000_000), draw) > level for draw in draws])
    assert beyond == pytest.approx(0.01, abs=4 * math.sqrt(0.01 * 0.99 / 4_000))


def test_bins_that_are_empty_on_both_sides_count_for_nothing() -> None:
    assert psi([0, 10, 20, 0], [0, 12, 18, 0]) == psi([10, 20], [12, 18])
    assert psi([0, 0], [0, 0]) == 0.0
    assert psi([10, 20, 0], [10, 20, 5]) > psi([10, 20], [10, 20]) == 0.0
    reference = category_reference(["a"] * 600 + ["b"] * 400)
    without, beside = (measured_drift(reference, ["a"] * 120 + ["b"] * 80 + more) for more in ([], [None] * 10))
    assert (without.bins, beside.bins) == (2, 3)
    assert without.chance_level == pytest.approx((1 / 1000 + 1 / 200) * stats.chi2.ppf(0.99, 1))
    assert beside.chance_level == pytest.approx((1 / 1000 + 1 / 210) * stats.chi2.ppf(0.99, 2))


def test_no_drift_is_within_chance_and_drift_is_confirmed(normal: np.ndarray) -> None:
    reference = numeric_reference(normal)
    same = measured_drift(reference, np.random.default_rng(11).normal(size=3_000))
    moved = measured_drift(reference, np.random.default_rng(12).normal(0.8, size=3_000))
    assert (same.band, same.confirmed) == ("stable", False)
    assert (moved.band, moved.confirmed) == ("significant", True)
    assert (same.n, same.m, same.bins, same.status) == (20_000, 3_000, 10, "measured")


def test_too_few_rows_are_insufficient(normal: np.ndarray) -> None:
    reference = numeric_reference(normal)
    few = measured_drift(reference, normal[: MINIMUM_ROWS - 1])
    assert (few.value, few.chance_level, few.band, few.confirmed) == (None, None, None, False)
    assert (few.status, few.m) == ("insufficient", 149)
    assert measured_drift(reference, normal[:MINIMUM_ROWS]).status == "measured"
    assert measured_drift(reference, []).value is None
    assert measured_drift(reference, [], minimum_rows=0).value is None


@pytest.mark.parametrize(
    ("value", "name"),
    [(0.0, "stable"), (math.nextafter(0.1, 0), "stable"), (0.1, "moderate"), (math.nextafter(0.2, 0), "moderate"),
     (0.2, "significant"), (3.0, "significant")],
)  # fmt: skip
def test_bands_change_exactly_at_their_edges(value: float, name: str) -> None:
    assert band(value) == name


def test_deciles_are_deduplicated_with_open_ends(normal: np.ndarray) -> None:
    plain = numeric_reference(normal)
    assert plain.edges == tuple(np.quantile(normal, np.arange(1, 10) / 10))
    assert bin_counts(plain, [-np.inf, -1e300, 1e300, np.inf, np.nan]).tolist() == [2, *[0] * 8, 2, 1]
    tied = numeric_reference([1.0] * 5 + [2.0] * 5 + [9.0] * 90)
    assert len(set(tied.edges)) == len(tied.edges)
    assert sum(tied.counts) == 100


def test_values_below_a_heap_at_the_minimum_are_told_from_it() -> None:
    constant = numeric_reference([5.0] * 200)
    assert bin_labels(constant) == ["< 5", "= 5", "> 5", "MISSING"]
    for other in (3.0, 7.0):
        assert measured_drift(constant, [other] * 200).band == "significant"
    assert measured_drift(constant, [5.0] * 200).value == 0.0
    zeros = numeric_reference([0.0] * 100 + [*range(1, 101)])
    assert measured_drift(zeros, [-500.0] * 100 + [*range(1, 101)]).band == "significant"


def test_a_column_that_is_all_missing_or_has_infinities_has_a_reference() -> None:
    empty = numeric_reference([np.nan] * 200)
    assert bin_labels(empty) == ["all values", "MISSING"]
    assert measured_drift(empty, [1.0] * 200).band == "significant"
    infinite = numeric_reference([1.0, 2.0, 3.0, np.inf, -np.inf])
    assert all(map(math.isfinite, infinite.edges))
    assert sum(infinite.counts) == 5


def test_rare_levels_are_pooled_below_one_percent() -> None:
    reference = category_reference(["a"] * 980 + ["edge"] * 10 + ["x"] * 9 + [None])
    assert (reference.levels, reference.rare, reference.rare_count) == (("a", "edge"), ("x",), 9)
    assert (reference.missing, reference.unseen) == (1, 0)
    assert bin_counts(reference, ["x", "edge", "never", None, float("nan")]).tolist() == [0, 1, 1, 1, 2]
    assert bin_counts(reference, np.array(["a", None], dtype=object)).tolist() == [1, 0, 0, 0, 1]


def test_level_order_does_not_depend_on_row_order() -> None:
    rows = ["b", "a", "c", "a", "b"]
    assert category_reference(rows) == category_reference(rows[::-1])
    assert category_reference(rows).levels == ("a", "b", "c")


def test_references_need_rows() -> None:
    for build in (numeric_reference, category_reference):
        with pytest.raises(JobError, match="at least one row"):
            build([])


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=1, max_size=60))
def test_numeric_reference_counts_every_row_and_survives_json(values: list[float]) -> None:
    reference = numeric_reference(values)
    assert reference.all_counts().sum() == len(values)
    assert bin_counts(reference, values).tolist() == reference.all_counts().tolist()
    assert reference_from_json(json.loads(json.dumps(reference.as_json(), allow_nan=False))) == reference
    labels = bin_labels(reference)
    assert len(set(labels)) == len(labels) == reference.all_counts().size


@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=300))
def test_category_reference_counts_every_row_and_survives_json(values: list[str | None]) -> None:
    reference = category_reference(values)
    assert bin_counts(reference, values).tolist() == reference.all_counts().tolist()
    assert reference.all_counts().sum() == len(values)
    assert reference_from_json(json.loads(json.dumps(reference.as_json()))) == reference


@pytest.mark.parametrize(
    "document",
    [{}, {"kind": "other", "counts": [1], "missing": 0},
     {"kind": "numeric", "edges": [1.0], "counts": [1], "missing": 0},
     {"kind": "category", "levels": ["a"], "counts": [], "rare": [], "rare_count": 0, "missing": 0},
     {"kind": "numeric", "edges": ["x"], "counts": [1, 2], "missing": 0}],
)  # fmt: skip
def test_a_damaged_reference_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(JobError, match="train the model again"):
        reference_from_json(document)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20), st.randoms())
def test_psi_is_never_negative_and_zero_for_the_same_shares(counts: list[int], random: object) -> None:
    assert psi(counts, counts) == 0.0
    assert psi(counts, counts[::-1]) >= 0.0
    assert psi(counts, counts[::-1]) == pytest.approx(psi(counts[::-1], counts))


def test_psi_refuses_counts_of_other_bins() -> None:
    with pytest.raises(ValueError, match="same bins"):
        psi([1, 2], [1, 2, 3])


def test_labels_are_short_and_distinct() -> None:
    reference = numeric_reference(np.arange(0, 1000) / 7)
    assert bin_labels(reference)[0] == "≤ 14"
    assert bin_labels(reference)[1] == "14 to 29"
    assert len(set(bin_labels(numeric_reference(1e6 + np.arange(100) / 1e3)))) == 11


def test_ks_distance_agrees_with_scipy() -> None:
    generator = np.random.default_rng(5)
    a, b = generator.normal(size=300).round(1), generator.normal(0.4, size=170).round(1)
    assert ks_distance(a, np.append(b, np.nan)) == pytest.approx(stats.ks_2samp(a, b).statistic)
    assert ks_distance([], [1.0]) is None
