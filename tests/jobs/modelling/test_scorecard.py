"""The scorecard: its bins, weights, points and probabilities, on rows whose odds are known."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from jobs.modelling.scorecard.bins import LevelBins, NumberBins, level_bins, number_bins
from jobs.modelling.scorecard.estimator import Scorecard
from jobs.modelling.scorecard.evidence import evidence

ROWS = 4000
LEVELS = {"job": ["clerk", "cook", "judge"]}


def made(seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """(columns, labels): risk rises with debt, falls with income, depends on the job, and not on the noise."""
    rng = np.random.default_rng(seed)
    debt, income, noise = rng.normal(size=ROWS), rng.normal(size=ROWS), rng.normal(size=ROWS)
    job = rng.choice([-1, 0, 1, 2], p=[0.1, 0.5, 0.39, 0.01], size=ROWS)
    risk = 1 / (1 + np.exp(1.2 - debt + 0.8 * income - 0.7 * (job == 1)))
    income[rng.random(ROWS) < 0.1] = np.nan
    columns = pd.DataFrame({"debt": debt, "income": income, "noise": noise, "job": job.astype(np.int64)})
    return columns, (rng.random(ROWS) < risk).astype(np.int64)


def test_a_weight_is_the_logarithm_of_the_ratio_of_shares() -> None:
    values = np.repeat([1.0, 2.0], [60, 40])
    labels = np.concatenate([np.repeat([0, 1], [50, 10]), np.repeat([0, 1], [20, 20])])
    found = evidence(NumberBins((1.5,)), values, labels)
    assert (found.goods.tolist(), found.bads.tolist()) == ([0, 50, 20], [0, 10, 20])
    low = math.log((50.5 / 71) / (10.5 / 31))
    high = math.log((20.5 / 71) / (20.5 / 31))
    assert found.weights == pytest.approx([0, low, high])  # nothing was missing, so that it says nothing
    assert found.information == pytest.approx((50.5 / 71 - 10.5 / 31) * low + (20.5 / 71 - 20.5 / 31) * high)
    assert found.of([9.0, np.nan, 1.5]) == pytest.approx([high, 0, low])


@pytest.mark.parametrize("sign", [1, -1])
def test_bins_of_a_number_are_few_and_monotone(sign: int) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=ROWS)
    wave = 0.3 + 0.15 * sign * values / 3 + 0.1 * np.sin(4 * values)  # rises and falls several times
    labels = (rng.random(ROWS) < wave).astype(np.int64)
    bins = number_bins(values, labels, 8, 0.05)
    places = bins.places(values)
    rates = [labels[places == place].mean() for place in range(1, bins.count)]
    assert 2 <= len(rates) <= 8
    assert rates == sorted(rates, reverse=sign < 0)
    assert np.bincount(places)[1:].min() >= 0.04 * ROWS  # an edge is rounded to four digits
    assert not (places == 0).any()


def test_edges_are_those_that_people_read() -> None:
    columns, labels = made()
    bins = number_bins(columns["debt"].to_numpy() * 12345, labels, 5, 0.05)
    assert bins.edges
    for edge, words in zip(bins.edges, bins.words(())[1:-1], strict=True):
        assert float(words.rsplit(" ", 1)[1]) == edge
    assert NumberBins((1.0, 2.5)).words(()) == ["missing", "up to 1", "above 1 to 2.5", "above 2.5"]
    assert NumberBins((1.0, 2.5)).places([1.0, 1.1, 2.5, 3, np.nan]).tolist() == [1, 2, 2, 3, 0]


@pytest.mark.parametrize("values", [np.full(50, np.nan), np.full(50, 3.0)])
def test_a_number_that_tells_nothing_apart_has_one_bin(values: np.ndarray) -> None:
    assert number_bins(values, np.arange(50) % 2, 5, 0.05) == NumberBins(())


def test_frequent_levels_have_a_bin_each_and_the_rest_share_one() -> None:
    codes = np.repeat([-1, 0, 1, 2, 3], [10, 60, 26, 2, 2])
    bins = level_bins(codes, 0.05)
    assert bins == LevelBins((0, 1))
    assert bins.places([-1, 0, 1, 2, 7]).tolist() == [0, 1, 2, 3, 3]
    assert bins.words(["a", "b", "c", "d"]) == ["missing", "a", "b", "other"]


def test_it_ranks_unseen_rows_and_its_probabilities_are_the_observed_rates() -> None:
    card = Scorecard().fit(*made(1))
    columns, labels = made(2)
    probabilities = card.predict_proba(columns)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert roc_auc_score(labels, probabilities[:, 1]) > 0.75
    spread = math.sqrt(labels.mean() * (1 - labels.mean()) * 2 / ROWS)  # of the difference of two samples' rates
    assert abs(probabilities[:, 1].mean() - labels.mean()) < 4 * spread
    assert set(card.evidence_) == {"debt", "income", "job"}  # noise has an information value below 0.02
    assert (card.predict(columns) == (probabilities[:, 1] > 0.5)).all()


def test_points_are_scaled_by_base_points_and_doubling() -> None:
    columns, labels = made()
    card = Scorecard(base_points=500, base_odds=20, points_to_double=40).fit(columns, labels)
    bad = card.predict_proba(columns)[:, 1]
    assert card.points(columns) == pytest.approx(500 + 40 * np.log2((1 - bad) / bad / 20))


def test_the_points_of_a_row_add_up() -> None:
    columns, labels = made()
    card = Scorecard().fit(columns, labels)
    table = card.points_table(LEVELS)
    total = np.zeros(ROWS)
    for name, own in card.evidence_.items():
        words = own.bins.words(LEVELS.get(name, ()))
        points = {row["bin"]: row["points"] for row in table if row["feature"] == name}
        total += [points[words[place]] for place in own.bins.places(columns[name].to_numpy())]
    assert np.abs(total - card.points(columns)).max() <= len(card.evidence_) / 2  # each bin is rounded
    assert {row["bin"] for row in table if row["feature"] == "job"} == {"missing", "clerk", "cook", "other"}
    assert all(sum(row["loans"] for row in table if row["feature"] == name) == ROWS for name in card.evidence_)


def test_the_lower_the_rate_of_defaults_of_a_bin_the_more_points_it_has() -> None:
    table = Scorecard().fit(*made()).points_table(LEVELS)
    for name in ("debt", "income"):
        rows = [row for row in table if row["feature"] == name and row["bin"] != "missing"]
        ranked = sorted(rows, key=lambda row: row["defaults"] / row["loans"])
        assert [row["points"] for row in ranked] == sorted((row["points"] for row in rows), reverse=True)


def test_a_column_that_would_count_the_wrong_way_is_left_out() -> None:
    """A copy with noise of a column: the regression would take back with one what the other counts too often."""
    rng = np.random.default_rng(4)
    columns, labels = made()
    copies = {f"copy{n}": columns["debt"] + rng.normal(size=ROWS) * 0.3 * n for n in range(1, 6)}
    columns = pd.DataFrame({"debt": columns["debt"], **copies})
    card = Scorecard(bins=8).fit(columns, labels)
    assert (card.model_.coef_ < 0).all()


def test_nothing_to_learn_gives_everybody_the_same_probability() -> None:
    columns = pd.DataFrame({"a": np.full(100, np.nan), "b": np.full(100, -1)})
    labels = np.arange(100) % 4 == 0
    assert Scorecard().fit(columns, labels).predict_proba(columns)[:, 1] == pytest.approx(0.25, abs=1e-3)


def test_the_same_rows_give_the_same_bytes_and_a_clone_the_same_card() -> None:
    card = Scorecard(bins=4)
    once, twice = (pickle.dumps(each.fit(*made())) for each in (card, clone(card)))
    assert once == twice
