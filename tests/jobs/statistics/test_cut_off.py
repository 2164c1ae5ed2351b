"""The cut-off: what the setting means, what it is taken from, and its words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.statistics.cut_off import cut_off, cut_off_words, score_of_share
from storage.cut_off import declared_cut_off
from storage.errors import UsageError
from storage.settings import load_settings

SCORES = np.arange(100) / 100
LABELS = (np.arange(100) >= 73).astype(np.int64)


@pytest.mark.parametrize(
    ("text", "kind", "value", "probability", "words"),
    [
        ("0.3", "probability", 0.3, 0.3, "a probability of default of 0.300 or more"),
        ("approve 0.8", "approval share", 0.8, 0.8, "of 0.800 or more, which approves 80.0% of the train loans"),
        ("cost 4", "cost ratio", 4.0, 0.2, "of 0.200 or more, as a default costs as much as 4 good loans refused"),
        (
            "",
            "approval share",
            0.73,
            0.73,
            "of 0.730 or more, which approves 73.0% of the train loans; 73.0% were",
        ),
    ],
)
def test_each_kind_of_cut_off(text: str, kind: str, value: float, probability: float, words: str) -> None:
    found = cut_off(text, LABELS, SCORES)
    assert (found["kind"], found["given"]) == (kind, text)
    assert (found["value"], found["probability"]) == pytest.approx((value, probability))
    assert words in cut_off_words(found)


def test_a_cost_ratio_is_the_cut_off_with_the_least_cost() -> None:
    """Elkan (2001): with calibrated scores, no other cut-off costs less."""
    generator = np.random.default_rng(1)
    scores = generator.beta(1, 3, 200_000)
    labels = generator.random(scores.size) < scores
    best = cut_off("cost 5", labels, scores)["probability"]

    def cost(at: float) -> float:
        refused = scores >= at
        return float(np.mean(5 * (labels & ~refused) + (~labels & refused)))

    assert cost(best) < min(cost(best - 0.05), cost(best + 0.05))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.floats(0.01, 0.99))
def test_a_share_of_the_scores_lies_below_its_score_as_nearly_as_ties_allow(scores: list[float], share: float) -> None:
    values = np.array(scores)
    at = score_of_share(values, share)
    reachable = [float(np.mean(values < score)) for score in scores] + [1.0 if max(scores) < 1 else 0.0]
    assert abs(np.mean(values < at) - share) == pytest.approx(min(abs(one - share) for one in reachable))


@pytest.mark.parametrize(
    "text",
    ["1", "0", "-0.1", "nan", "approve", "approve 80", "approve 1", "cost 0", "cost inf", "cost x", "refuse 0.2"],
)
def test_a_wrong_cut_off_is_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="Setting cut_off .* is not a probability of default") as caught:
        load_settings(cut_off=text)
    assert str(caught.value).count(". ") == 0
    assert caught.value.exit_code == 2


def test_the_setting_is_read_from_the_environment_in_one_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_CUT_OFF", "  Approve   0.8 ")
    assert load_settings().cut_off == "approve 0.8"
    assert declared_cut_off("approve 0.8").value == 0.8
    assert load_settings(cut_off="").cut_off == ""


def test_a_model_without_a_cut_off_says_what_its_classifier_does() -> None:
    assert cut_off_words(None) == "a score of 0.5 or more, not calibrated"


def test_ties_are_cut_where_the_share_is_nearest() -> None:
    scores = [0.1] * 9 + [0.2]
    assert score_of_share(scores, 0.8) == 0.2
    assert score_of_share(scores, 0.2) == 0.1
    kept = cut_off("approve 0.8", [0] * 10, scores)
    assert (kept["probability"], kept["approved"]) == (0.2, 0.9)
    assert "approves 90.0% of the train loans" in cut_off_words(kept)
