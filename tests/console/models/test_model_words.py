"""What the Models page computes by itself: pages, words, differences, champion periods."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from console.models.candidates import candidate_rows
from console.models.lineage import checksums, mismatches
from console.models.pair.comparison import A, B, defaults
from console.models.pair.differences import METRICS, OWN_AUC, comparability, differences
from console.models.promotion import risks
from console.models.query import ModelView
from console.models.version_list import outcome_text, page_of
from engine.cli.render import model_remarks
from engine.documents.candidates import (
    FIGURES,
    by_rank,
    calibration_text,
    comparison_words,
    difference_text,
    loans_text,
    measures_note,
    verdict_numbers,
)
from engine.documents.champions.pair import BETTER, pair_rows, pair_sentences
from jobs.charts.candidates import interval_frame, interval_words
from jobs.charts.pair import DIFFERENCE, difference_chart, difference_frame
from jobs.statistics.rounding import signed
from storage.ledger.approvals import Approval
from storage.ledger.models import ModelVersion

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
NUMBERS = {
    "train_auc": 0.9,
    "test_auc": 0.8,
    "auc_low": 0.75,
    "auc_high": 0.84,
    "precision": 0.5,
    "recall": 0.6,
    "f1": 0.55,
}
COMPARED = {"compared": "best", "a": "A", "b": "B", "n": 2000, "difference": 0.02, "low": 0.01, "high": 0.03}


@dataclass
class Row:
    """A row of the registry, or of its events."""

    version: str
    model_name: str = "RandomForestClassifier"
    files: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    at: datetime = NOW
    who: str = "me"
    why: str = "so"
    run_id: str | None = None


def version(name: str, params: dict[str, Any] | None = None, **told: Any) -> ModelView:
    metadata = {
        "feature_set": "safe15",
        "candidates": {"RandomForestClassifier": NUMBERS},
        "features": ["Age", "tenure"],
        "libraries": {"numpy": "2.4"},
        "extracts": {"/data/a.csv": "aa", "/data/b/1.csv": "bb"},
        "rows": {"train": {"loans": 100, "defaults": 10}},
    }
    return ModelView(Row(name), {**metadata, **told}, "", params or {})  # type: ignore[arg-type]


def differing(a: ModelView, b: ModelView) -> dict[str, tuple[str, str, str]]:
    return {one.name: (one.a, one.b, one.change) for one in differences(a, b) if one.differs}


def test_equal_versions_differ_in_nothing() -> None:
    assert differing(version("a"), version("b")) == {}


def test_only_the_differences_are_listed() -> None:
    better = {"RandomForestClassifier": {**NUMBERS, "test_auc": 0.81}}
    other = version(
        "b",
        {"auc_threshold": 0.8},
        candidates=better,
        features=["Age", "hist_total_paid"],
        libraries={"numpy": "2.5"},
        extracts={"/data/a.csv": "aa", "/data/b/1.csv": "cc"},
        rows={"train": {"loans": 1100, "defaults": 10}},
    )
    found = differing(version("a"), other)
    assert found == {
        OWN_AUC: ("0.800", "0.810", "-0.010"),
        "RandomForestClassifier (safe15)": ("0.800 (0.750 to 0.840)", "0.810 (0.750 to 0.840)", ""),
        "Loan tenure": ("used", "not used", ""),
        "Early payments, total": ("not used", "used", ""),
        "Train loans": ("100", "1,100", "-1,000"),
        "AUC threshold": ("-", "0.8", ""),
        "numpy": ("2.4", "2.5", ""),
        "b/1.csv": ("bb", "cc", ""),
    }


def test_extracts_that_moved_are_the_same_extracts() -> None:
    moved = version("b", extracts={"/other/a.csv": "aa", "/other/b/1.csv": "bb"})
    assert differing(version("a"), moved) == {"Folder": ("/data", "/other", "")}


def test_a_candidate_of_one_set_is_held_against_the_same_of_several() -> None:
    both = version(
        "b", candidates={"RandomForestClassifier (safe15)": NUMBERS, "RandomForestClassifier (behavioural)": NUMBERS}
    )
    assert "RandomForestClassifier (safe15)" not in differing(version("a"), both)
    assert differing(version("a"), both)["RandomForestClassifier (behavioural)"][0] == "-"


def test_a_number_has_one_name_among_the_candidates_and_between_versions() -> None:
    assert {name: METRICS[name] for name in FIGURES} == FIGURES


def test_whether_two_aucs_may_be_compared() -> None:
    table = {"gold.model_training_data": {"version": "v", "digest": "d1"}}
    a, b = version("a", tables=table), version("b", tables=table)
    assert comparability(a, b) == "Both trainings had the same test loans."
    other = version("b", tables={"gold.model_training_data": {"version": "w", "digest": "d2"}})
    assert "different test loans" in comparability(a, other)
    verdict = {"promote": True, "compared_with": "a", "rows": 900, "difference": -0.01, "low": -0.03, "high": 0.01}
    earlier = comparability(a, version("b", promotion=verdict))
    assert earlier.startswith("On the test loans that neither learned from the AUC of a minus that of b is +0.010")
    paired = comparability(a, version("b", promotion={**verdict, "compared_rows": 180}))
    assert "On the same 180 test loans the AUC of a minus that of b is +0.010, 95% interval -0.010 to +0.030" in paired
    apart = {"n": 150, "difference": 0.001, "low": -0.01, "high": 0.012}
    both = version("b", promotion={**verdict, "compared_rows": 180, "champion_not_in_arrears": apart})
    told = " On the 150 of them not in arrears at scoring it is -0.001, 95% interval -0.012 to +0.010."
    assert comparability(a, both) == paired + told
    tested = {"difference": -0.01, "low": -0.03, "high": 0.01}
    assert comparability(both, a) == comparability(a, both).replace("a minus that of b", "b minus that of a").replace(
        "+0.010, 95% interval -0.010 to +0.030", "-0.010, 95% interval -0.030 to +0.010"
    ).replace("-0.001, 95% interval -0.012 to +0.010", "+0.001, 95% interval -0.010 to +0.012")
    assert comparability(both, a, {"difference": tested}).startswith("The two trainings had different test loans")
    assert "in the promotion test of b" in comparability(both, a, {"difference": {**tested, "difference": 0.2}})


def judged(low: float, high: float, n: int = 900) -> dict[str, Any]:
    return {
        "auc_a": 0.7584,
        "auc_b": 0.7584 - (low + high) / 2,
        "difference": (low + high) / 2,
        "low": low,
        "high": high,
        "n": n,
        "positives": 90,
    }


@pytest.mark.parametrize(
    ("low", "high", "better"), [(-0.006, 0.005, ""), (0.004, 0.01, "a"), (-0.01, -0.004, "b"), (0.0, 0.01, "")]
)
def test_the_paired_auc_has_one_sign_and_the_better_one_is_marked_beyond_its_interval(
    low: float, high: float, better: str
) -> None:
    own = {"test_auc": 0.758, "auc_low": 0.733, "auc_high": 0.781, "n": 1919}
    other = {"test_auc": 0.752, "auc_low": 0.726, "auc_high": 0.777, "n": 1728}
    found = {"difference": judged(low, high), "not_in_arrears": judged(-0.002, 0.012, 700)}
    found |= {"a": {"version": "v1", "own_test": own}, "b": {"version": "v2", "own_test": other}}
    paired, apart, alone = pair_rows(found)
    change = f"{signed((low + high) / 2)} ({signed(low)} to {signed(high)})"
    assert (paired["AUC"], paired["a_minus_b"], paired["better"]) == ("on the same 900 loans", change, better)
    assert [side for side in "ab" if BETTER in paired[side]] == list(better)
    assert apart["AUC"] == "on the 700 of them not in arrears"
    assert alone == {
        "AUC": "on the test loans of its own training",
        "a": "0.758 (0.733 to 0.781), 1,919 loans",
        "b": "0.752 (0.726 to 0.777), 1,728 loans",
        "a_minus_b": "+0.006",
    }
    sentence = pair_sentences(found)[0]
    assert f"v1 minus v2 is {difference_text(found['difference'])}" in sentence
    assert ("ranks better" in sentence) == bool(better)
    frame = difference_frame(found)
    assert frame["difference"].tolist() == [(low + high) / 2, 0.005]
    assert DIFFERENCE in difference_chart(frame).to_json()


def test_a_comparison_says_what_can_be_told_from_it() -> None:
    assert comparison_words(COMPARED).startswith("A ranks better than B: AUC +0.020, 95% interval +0.010 to +0.030")
    assert comparison_words({**COMPARED, "low": -0.01}).startswith("No significant difference between A and B")
    assert comparison_words({**COMPARED, "low": -0.03, "high": -0.01}).startswith("A ranks worse than B")
    assert (
        comparison_words({**COMPARED, "low": None}) == "Too few of the 2,000 test loans defaulted to compare A with B."
    )


def test_loans_are_shown_with_their_bad_rate() -> None:
    assert loans_text({"loans": 7949, "defaults": 2305}) == "7,949 loans (bad rate 29.0%)"
    assert loans_text({"loans": 0, "defaults": 0}) == "0 loans (bad rate -)"
    assert loans_text(None) == ""


def test_a_verdict_without_a_comparison_has_its_auc_alone() -> None:
    alone = {"auc": 0.7, "rows": 1200, "threshold": 0.7, "champion_auc": None, "difference": None, "p_value": None}
    assert verdict_numbers(alone) == {"AUC": "0.700 on 1,200 test loans, threshold 0.70"}


def test_a_verdict_tells_the_loans_of_the_comparison_apart_from_all_test_loans() -> None:
    verdict = {"auc": 0.7, "rows": 1200, "threshold": 0.7, "champion_auc": 0.71, "compared_with": "a"}
    told = verdict_numbers({**verdict, "compared_rows": 240})
    assert told["AUC"] == "0.700 on 1,200 test loans, threshold 0.70"
    assert told["Champion then"] == "a, AUC 0.710 on the same 240 test loans"
    assert verdict_numbers(verdict)["Champion then"] == "a, AUC 0.710 on the test loans that neither learned from"


def test_the_outcome_of_a_training_in_the_list() -> None:
    assert outcome_text({}) == "- no test"
    assert outcome_text({"promotion": {"promote": True, "reason": "Promoted: x."}}) == "✓ promoted"
    assert outcome_text({"promotion": {"promote": False, "reason": "Not promoted: weak."}}) == "✗ not promoted: weak."


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("waiting", "! waiting for approval"),
        ("approved", "✓ approved by ben"),
        ("rejected", "✗ rejected by ben"),
        ("superseded", "- superseded before a decision"),
    ],
)
def test_every_place_tells_what_became_of_a_model_that_passed(state: Any, words: str) -> None:
    verdict = {"promote": False, "waiting": True, "reason": "Waiting for approval: better."}
    approval = Approval("a", state, "c", "ben", "so", NOW, None)
    assert outcome_text({"promotion": verdict}, approval) == words
    waited = replace(version("a", promotion=verdict), approval=approval)
    refused = {"promote": False, "reason": "Not promoted: weak."}
    other = replace(version("b", promotion=refused), approval=approval)
    assert differing(waited, other)["Promotion test"][:2] == (words[2:], "not promoted")
    document = {"version": "a", "cut_off": None, "comparisons": [], "promotion": verdict, "approval": vars(approval)}
    reason = ": better." if state == "waiting" else ". Promotion test: better."
    remarks = model_remarks(document)
    assert f"{words[2:].capitalize()}{reason}" in remarks
    assert any("`python -m engine approve a --reason WHY`" in one for one in remarks) == (state == "waiting")
    assert remarks[0] == "It predicts default for loans with a score of 0.5 or more, not calibrated."
    assert "Not promoted: weak." in model_remarks({**document, "promotion": refused})


def test_the_verdict_shown_is_the_one_of_the_registry() -> None:
    late = {"promote": False, "waiting": False, "reason": "Not promoted: the champion changed."}
    early = {"promote": False, "waiting": True, "reason": "Waiting for approval: better."}
    view = ModelView(Row("a", summary={"promotion": late}), {"promotion": early}, "", {})  # type: ignore[arg-type]
    assert view.details["promotion"] == late


def test_candidates_without_an_interval_are_in_the_table_but_not_in_the_plot() -> None:
    candidates = {"weak": {**NUMBERS, "test_auc": 0.6}, "strong": NUMBERS, "none": {**NUMBERS, "test_auc": None}}
    assert by_rank(candidates) == ["strong", "weak", "none"]
    frame = interval_frame({"strong": NUMBERS, "none": {**NUMBERS, "auc_low": None}}, "strong")
    assert frame["name"].tolist() == ["strong"]
    assert interval_words(frame, 0.7).endswith("strong 0.800, 95% interval 0.750 to 0.840.")


def test_the_risks_of_a_promotion() -> None:
    verdict = {"promote": False, "reason": "Not promoted: weak.", "threshold": 0.7}
    weak = {"candidates": {"M": {**NUMBERS, "test_auc": 0.65}}, "promotion": verdict, "as_of": "2025-01-01"}
    present = ModelVersion("p", "M", {}, {"as_of": "2026-01-01"}, {})
    told = risks(ModelVersion("v", "M", {}, weak, {}), present)
    assert told == [
        "Its test AUC 0.650 is below the threshold 0.70.",
        "It did not pass its promotion test. Not promoted: weak.",
        "It learned from data up to 1 Jan 2025, the champion up to 1 Jan 2026.",
    ]
    good = {"candidates": {"M": NUMBERS}, "promotion": {**verdict, "promote": True}, "as_of": "2026-02-01"}
    assert risks(ModelVersion("v", "M", {}, good, {}), present) == []
    waiting = {**good, "promotion": {**verdict, "waiting": True, "reason": "Waiting for approval: better."}}
    assert risks(ModelVersion("v", "M", {}, waiting, {}), present) == []


def test_the_versions_that_a_comparison_begins_with() -> None:
    names = ["v4", "v3", "v2", "v1"]
    assert defaults(names, "v3", None, None) == {A: "v3", B: "v4"}
    assert defaults(names, "v4", None, None) == {A: "v4", B: "v3"}
    assert defaults(names, None, None, None) == {A: "v4", B: "v3"}
    assert defaults(names, "v3", "v1", "v2") == {A: "v1", B: "v2"}
    assert defaults(names, "v3", None, "v3") == {A: "v4", B: "v3"}
    assert defaults(names, "v3", "gone", "v4") == {A: "v3", B: "v4"}
    assert page_of([str(number) for number in range(120)], "99") == 2
    assert page_of(names, None) == page_of(names, "gone") == 1


def test_extracts_as_sha256sum_writes_them() -> None:
    assert checksums({"/b": "22", "/a": "11"}) == "11  /a\n22  /b"
    assert mismatches({"extracts": {"/a": "11", "/b": "33"}}, {"/a": "11", "/b": "22"}) == [
        "/b had the SHA-256 33 at the training; the lineage of its tables has another."
    ]


def test_the_page_says_which_cut_off_was_used_and_how_well_it_is_calibrated() -> None:
    kept = {"kind": "approval share", "given": "", "value": 0.717, "probability": 0.372}
    told = measures_note(kept)
    assert "The cut-off of the selected model is a probability of default of 0.372 or more, which" in told
    assert "approves 71.7% of the train loans" in told
    assert "% were good" in told
    # A model of an earlier release has neither.
    assert measures_note(None).endswith("The cut-off of the selected model is a score of 0.5 or more, not calibrated.")
    assert calibration_text(NUMBERS) == "not known"
    a, b = version("a", cut_off=kept), version("b", cut_off={**kept, "given": "0.3", "kind": "probability"})
    assert [name for name in differing(a, b) if name == "Predicts default at"]


def test_the_calibration_error_has_its_noise_beside_it_and_is_not_the_one_without_noise() -> None:
    means = {"calibration_error": 0.0, "raw_calibration_error": 0.149, "mean_score": 0.3, "bad_rate": 0.27}
    early = {**NUMBERS, **means, "expected_calibration_error": 0.061, "raw_expected_calibration_error": 0.15}
    numbers = {**early, "calibration_noise": 0.051}
    assert calibration_text(numbers) == "0.061 (noise 0.051), of raw scores 0.150; mean score 0.300, observed 0.270"
    (cells,) = candidate_rows("RandomForestClassifier", numbers, "")
    assert cells[-1] == "0.061 (noise 0.051)"
    (cells,) = candidate_rows("RandomForestClassifier", early, "")  # its training kept no noise
    assert cells[-1] == "0.061"
    one, other = ({"candidates": {"RandomForestClassifier": found}} for found in (early, numbers))
    assert differing(version("a", **one), version("b", **other))["Calibration error"] == (
        "0.061",
        "0.061 (noise 0.051)",
        "",
    )


def test_candidates_are_ranked_by_what_they_were_chosen_by() -> None:
    found = {"a": {**NUMBERS, "out_of_fold_auc": 0.7}, "b": {**NUMBERS, "test_auc": 0.7, "out_of_fold_auc": 0.75}}
    assert by_rank(found) == ["b", "a"]
    assert by_rank({"a": NUMBERS, "b": {**NUMBERS, "test_auc": 0.7}}) == ["a", "b"]
