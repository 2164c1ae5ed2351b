"""The verdict on a new model: by paired comparison on rows that neither saw, with its reason."""

import numpy as np
import pytest

from jobs.modelling.promotion.opponents import LabelChanges, Opponent, Opponents
from jobs.modelling.promotion.rule import Limits, PromotionVerdict, verdict_on
from jobs.statistics.discrimination import AucDifference, paired_auc_difference

GENERATOR = np.random.default_rng(1)
LABELS = (GENERATOR.random(1_000) < 0.3).astype(int)
GOOD = LABELS + GENERATOR.normal(size=1_000)
POOR = LABELS + 2.5 * GENERATOR.normal(size=1_000)
NEARLY_GOOD = GOOD + 0.05 * GENERATOR.normal(size=1_000)


def against(new: np.ndarray, old: np.ndarray) -> AucDifference:
    return paired_auc_difference(LABELS, new, old)


def unanchored(auc: float, rows: int, threshold: float, opponent: Opponent, *faults: str) -> PromotionVerdict:
    """The verdict against a champion alone."""
    return verdict_on(auc, rows, Limits(threshold, 0.02), opponent.version, Opponents(opponent), faults)


def anchored(champion: AucDifference | None, anchor: AucDifference | None, margin: float = 0.02) -> PromotionVerdict:
    """The verdict against champion v2 and anchor v1; None for a model that can't be compared."""
    present = Opponent("v2", champion) if champion else Opponent(None, None, "champion v2 needs x")
    first = Opponent("v1", anchor, "anchor v1 needs x")
    return verdict_on(0.75, 1_000, Limits(0.7, margin), "v2", Opponents(present, first, LabelChanges(113, 1_050)))


def test_a_significantly_worse_model_is_refused() -> None:
    found = against(POOR, GOOD)
    verdict = unanchored(found.auc_a or 0, 1_000, 0.5, Opponent("v1", found))
    assert not verdict.promote
    assert verdict.reason.startswith("Not promoted: significantly worse than champion v1 with AUC 0.7")
    assert "on the same 1,000 test loans" in verdict.reason
    assert (verdict.champion, verdict.compared_with, verdict.difference) == ("v1", "v1", found.difference)
    assert (verdict.low, verdict.high, verdict.p_value) == (found.low, found.high, found.p_value)


def test_a_better_model_is_promoted() -> None:
    verdict = unanchored(0.75, 1_000, 0.7, Opponent("v1", against(GOOD, POOR)))
    assert verdict.promote
    assert verdict.reason.startswith("Promoted: not significantly worse than champion v1")


def test_a_slightly_worse_model_within_noise_is_promoted() -> None:
    found = against(NEARLY_GOOD, GOOD)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    assert unanchored(0.75, 1_000, 0.7, Opponent("v1", found)).promote


def test_an_equal_model_is_promoted_as_the_newer_one() -> None:
    found = against(np.exp(GOOD), GOOD)
    verdict = unanchored(0.75, 1_000, 0.7, Opponent("v1", found))
    assert (verdict.promote, verdict.difference, verdict.p_value) == (True, 0.0, 1.0)
    assert "ranks exactly like champion v1" in verdict.reason


@pytest.mark.parametrize(("auc", "promoted"), [(0.70, True), (np.nextafter(0.70, 0), False), (0.69999, False)])
def test_a_model_below_the_threshold_is_refused_even_without_a_champion(auc: float, promoted: bool) -> None:
    verdict = unanchored(auc, 200, 0.70, Opponent(None, None, "there was no champion before"))
    assert verdict.promote is promoted
    assert "there was no champion before" in verdict.reason
    assert ("on 200 test loans is below 0.70" in verdict.reason) is not promoted
    assert "AUC 0.7 " not in verdict.reason


def test_a_better_model_below_the_threshold_is_refused_and_both_are_told() -> None:
    verdict = unanchored(0.65, 1_000, 0.70, Opponent("v1", against(GOOD, POOR)))
    assert not verdict.promote
    assert "AUC 0.650 on 1,000 test loans is below 0.70; not significantly worse than" in verdict.reason


def test_rows_that_can_tell_nothing_do_not_stand_in_the_way() -> None:
    found = paired_auc_difference([1, 0, 0], [0.9, 0.1, 0.2], [0.1, 0.9, 0.2])
    verdict = unanchored(1.0, 3, 0.7, Opponent("v1", found))
    assert verdict.promote
    assert "too few loans defaulted" in verdict.reason


def test_a_new_model_is_refused_wrongly_as_rarely_as_said() -> None:
    generator, refused, draws = np.random.default_rng(2), 0, 400
    for _ in range(draws):
        labels = generator.random(400) < 0.3
        common = generator.normal(size=400) + labels
        new, old = (common + 0.6 * generator.normal(size=400) for _ in range(2))
        found = paired_auc_difference(labels, new, old)
        refused += not unanchored(0.75, 400, 0.7, Opponent("v1", found)).promote
    # Of two models that are equally good, 2.5% at a two-sided 95%; four standard errors.
    assert refused / draws == pytest.approx(0.025, abs=4 * (0.025 * 0.975 / draws) ** 0.5)


def test_a_model_one_of_whose_features_lost_its_values_is_not_promoted() -> None:
    fault = "rate has no value in any of 90 loans; check column r of bank."
    verdict = unanchored(0.75, 1_000, 0.7, Opponent("v1", against(GOOD, POOR)), fault)
    assert not verdict.promote
    assert verdict.reason.startswith(
        "Not promoted: data fault: rate has no value in any of 90 loans; check column r of bank; not significantly "
    )


def test_a_model_within_the_margin_of_the_anchor_is_promoted_and_the_verdict_names_it() -> None:
    champion, anchor = against(NEARLY_GOOD, POOR), against(NEARLY_GOOD, GOOD)
    verdict = anchored(champion, anchor)
    assert verdict.promote
    assert f"not worse than anchor v1 with AUC {anchor.auc_b:.3f} by more than 0.02 (difference" in verdict.reason
    assert (verdict.anchor, verdict.anchor_auc, verdict.margin) == ("v1", anchor.auc_b, 0.02)
    numbers = (verdict.anchor_difference, verdict.anchor_low, verdict.anchor_high)
    assert numbers == (anchor.difference, anchor.low, anchor.high)


def test_the_lower_end_of_the_interval_decides_at_the_margin() -> None:
    champion, anchor = against(NEARLY_GOOD, POOR), against(NEARLY_GOOD, GOOD)
    assert anchor.low is not None
    assert anchor.low < 0
    assert anchored(champion, anchor, -anchor.low).promote
    refused = anchored(champion, anchor, np.nextafter(-anchor.low, 0))
    assert not refused.promote
    assert "possibly worse than anchor v1" in refused.reason


def test_a_model_that_is_as_good_as_the_champion_and_worse_than_the_anchor_is_refused() -> None:
    verdict = anchored(against(POOR, POOR), against(POOR, GOOD))
    assert not verdict.promote
    assert verdict.reason.startswith("Not promoted: it ranks exactly like champion v2")
    assert "; worse than anchor v1 with AUC 0.7" in verdict.reason


def test_a_champion_that_is_the_anchor_is_told_once() -> None:
    found = Opponent("v1", against(NEARLY_GOOD, GOOD))
    verdict = verdict_on(0.75, 1_000, Limits(0.7, 0.02), "v1", Opponents(found, found))
    assert verdict.promote
    assert verdict.reason.count("interval") == 1
    assert verdict.reason.endswith("; not worse than anchor v1 by more than 0.02.")


def test_an_anchor_that_can_not_be_compared_asks_a_person_unless_the_champion_can_not_either() -> None:
    alone = anchored(against(GOOD, POOR), None)
    assert not alone.promote
    assert "anchor v1 needs x, so a person has to promote it" in alone.reason
    assert (alone.anchor, alone.anchor_difference) == ("v1", None)
    both = anchored(None, None)
    assert both.promote
    assert "champion v2 needs x; anchor v1 needs x, so there is no comparison with an anchor" in both.reason


def test_too_few_defaults_show_nothing_about_the_anchor() -> None:
    found = paired_auc_difference([1, 0, 0], [0.9, 0.1, 0.2], [0.1, 0.9, 0.2])
    verdict = anchored(found, found)
    assert not verdict.promote
    assert "too few loans defaulted to show that it is not worse than anchor v1" in verdict.reason


def test_the_verdict_tells_how_many_labels_change() -> None:
    verdict = anchored(against(GOOD, POOR), against(GOOD, POOR))
    assert verdict.reason.endswith("; 113 of 1,050 labels change.")
    assert (verdict.labels_changed, verdict.loans) == (113, 1_050)
