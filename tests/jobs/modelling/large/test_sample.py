"""The stratified sample: each label's share, the same loans in the same order wherever they lie."""

import numpy as np
import pyarrow as pa
import pytest

from jobs.gold.labels import folds, splits
from jobs.modelling.large.sample import stratified_sample

N, BAD = 5000, 1400
IDS = pa.chunked_array([[f"CUS_{number}_2023" for number in range(N)]])
LABELS = (np.random.default_rng(1).permutation(N) < BAD).astype(np.int64)


@pytest.mark.parametrize("size", [2, 10, 777, 2500, N - 1])
def test_each_label_has_its_share(size: int) -> None:
    places = stratified_sample(IDS, LABELS, size)
    assert len(set(places.tolist())) == places.size == size
    assert abs(LABELS[places].sum() - size * BAD / N) <= 0.5


def test_a_rare_label_is_never_left_out() -> None:
    rare = (np.arange(N) == 4321).astype(np.int64)
    for labels in (rare, 1 - rare):
        assert 4321 in stratified_sample(IDS, labels, 50)


def test_the_same_loans_are_drawn_in_the_same_order_wherever_they_lie() -> None:
    names = np.array(IDS.to_pylist())
    expected = names[stratified_sample(IDS, LABELS, 600)].tolist()
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(N)
        parts = np.array_split(names[order], seed + 1)
        places = stratified_sample(pa.chunked_array([part.tolist() for part in parts]), LABELS[order], 600)
        assert names[order][places].tolist() == expected


def test_a_larger_sample_has_all_loans_of_a_smaller_one() -> None:
    assert set(stratified_sample(IDS, LABELS, 500)) < set(stratified_sample(IDS, LABELS, 1500))


def test_no_more_rows_than_there_are_stay_as_they_are() -> None:
    for size in (N, N + 1):
        assert stratified_sample(IDS, LABELS, size).tolist() == list(range(N))


def test_the_sample_tells_nothing_of_split_or_fold() -> None:
    drawn = np.isin(np.arange(N), stratified_sample(IDS, LABELS, 2500))
    sides = np.array(splits(IDS).to_pylist()) == "test"
    groups = [sides, *(folds(IDS, LABELS == 1, 3) == fold for fold in (1, 2, 3))]
    assert [abs(drawn[group].mean() - 0.5) < 0.05 for group in groups] == [True] * 4
