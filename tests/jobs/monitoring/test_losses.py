"""Expected loss and its concentration, by hand."""

import numpy as np
import pytest

from jobs.monitoring.losses import concentrations, expected_loss, losses_of

PDS = [0.5, 0.1, 0.2, 0.9, 0.3, 0.05, 0.05, 0.05, 0.05, 0.1]
AMOUNTS = [100.0, 200, 300, 400, 500, 100, 100, 100, 100, 100]


def test_expected_loss_is_the_sum_of_the_products() -> None:
    assert expected_loss([0.5, 0.1], [100, 1000], 0.45) == pytest.approx(0.45 * (50 + 100))
    assert expected_loss([], [], 0.45) == 0


def test_the_riskiest_carry_what_they_carry() -> None:
    labels = [1, 0, 0, 1, 0, 0, 0, 0, np.nan, 1]
    tenth, fifth = concentrations(PDS, AMOUNTS, labels)
    assert (tenth.share, tenth.loans, tenth.least_pd) == (0.1, 1, 0.9)
    assert (fifth.loans, fifth.least_pd) == (2, 0.5)
    assert tenth.exposure == pytest.approx(400 / 2000)
    assert tenth.expected_loss == pytest.approx(360 / np.dot(PDS, AMOUNTS))
    assert (tenth.defaults, fifth.defaults) == (pytest.approx(1 / 3), pytest.approx(2 / 3))


def test_without_defaults_or_loans_there_is_no_share() -> None:
    assert concentrations(PDS, AMOUNTS)[0].defaults is None
    assert concentrations([], []) == []


def test_loans_that_wait_and_loans_with_an_outcome_are_apart() -> None:
    found = losses_of([0.5, 0.2, 0.4, 0.1], [100.0, 200.0, 300.0, 400.0], [1.0, np.nan, 0.0, np.nan], 0.4)
    waiting, known = found["waiting"], found["known"]
    assert (waiting["loans"], waiting["exposure"]) == (2, 600)
    assert waiting["expected_loss"] == pytest.approx(0.4 * (40 + 40))
    assert (known["loans"], known["observed_loss"]) == (2, pytest.approx(0.4 * 100))
    assert known["expected_loss"] == pytest.approx(0.4 * (50 + 120))
    assert [row["defaults"] for row in waiting["concentration"]] == [None, None]
    assert known["concentration"][0]["defaults"] == 1


def test_the_losses_of_loans_not_in_arrears_stand_beside_the_whole() -> None:
    labels, late = np.array([1, 0, 0, 1, 0, np.nan, np.nan, 0, 0, 0]), np.array([1, 0, 0, 1, 0, 1, 0, 0, 0, 0], bool)
    found = losses_of(PDS, AMOUNTS, labels, 0.45, ~late)
    others = ~late & ~np.isnan(labels)
    alone = losses_of(np.array(PDS)[others], np.array(AMOUNTS)[others], labels[others], 0.45)["known"]
    assert found["known"]["not_in_arrears"] == {name: alone[name] for name in alone if name != "not_in_arrears"}
    assert found["known"]["not_in_arrears"]["observed_loss"] == 0 < found["known"]["observed_loss"]
    assert (found["waiting"]["loans"], found["waiting"]["not_in_arrears"]["loans"]) == (2, 1)
    assert losses_of(PDS, AMOUNTS, labels, 0.45)["known"]["not_in_arrears"] is None


def test_loans_without_an_amount_are_counted_apart() -> None:
    found = losses_of([0.5, 0.2], [np.nan, 100.0], [np.nan, np.nan], 0.4)["waiting"]
    assert (found["loans"], found["without_exposure"], found["exposure"]) == (1, 1, 100.0)
    assert found["expected_loss"] == pytest.approx(0.4 * 20)
    assert found["expected_loss_rate"] == pytest.approx(0.08)
    assert losses_of([], [], [], 0.4)["known"]["expected_loss_rate"] is None
