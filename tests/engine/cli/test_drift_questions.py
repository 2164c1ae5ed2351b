"""The three questions about a monitoring date: each answer is that of the numbers beside it."""

from datetime import date

import pytest

from engine.documents.drift.questions import levels, moved, ranks
from jobs.governance.breaches import Thresholds
from tests.commands import command, document
from tests.sandbox import Sandbox

LIMITS = Thresholds()
ROW = {
    "monitoring_date": date(2025, 6, 1), "auc_status": "measured", "auc": 0.75, "auc_low": 0.72, "auc_high": 0.78,
    "ks": 0.4, "gini": 0.5, "auc_from": "2024-10", "auc_to": "2024-11", "defaults": 100, "labelled": 400,
    "labelled_pooled": 900, "auc_estimate": None, "psi": 0.02, "psi_chance_level": 0.05, "window_rows": 400,
    "window_from": "2025-04", "window_to": "2025-06",
}  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "answer"),
    [
        ({}, "Yes"),
        ({"auc_low": 0.69}, "Yes, within noise"),
        ({"auc": 0.68, "auc_low": 0.62, "auc_high": 0.74}, "No, within noise"),
        ({"auc": 0.6, "auc_low": 0.55, "auc_high": 0.65}, "No"),
        ({"auc_status": "insufficient", "defaults": 12}, "Not known"),
    ],
)
def test_it_ranks_by_its_auc_and_interval(numbers: dict[str, object], answer: str) -> None:
    told, sentence = ranks({**ROW, **numbers}, LIMITS)
    assert told == answer
    assert ("KS 0.400, Gini 0.500." in sentence) == (answer != "Not known")


@pytest.mark.parametrize(
    ("psi", "level", "answer"),
    [
        (0.02, 0.05, "No"),
        (0.15, 0.05, "A little"),
        (0.15, 0.16, "No"),
        (0.3, 0.05, "Yes"),
        (0.3, 0.4, "Yes, within noise"),
        (None, None, "Not known"),
    ],
)
def test_the_population_moved_by_its_psi_and_noise_level(psi: float | None, level: float | None, answer: str) -> None:
    told, sentence = moved({**ROW, "psi": psi, "psi_chance_level": level}, LIMITS, "Scores moved.")
    assert told == answer
    assert not sentence[0].islower()
    assert sentence.endswith(". Scores moved.")


def test_levels_are_right_by_the_light_of_all_loans(monitored_sandbox: Sandbox) -> None:
    home = str(monitored_sandbox.home)
    whole = document("validation", "--home", home)["backtest"][0]
    asked = document("drift", "--home", home)["questions"]
    light, apart = whole["light"], whole["not_in_arrears"]["light"]
    answers = {"green": "Yes" if apart == "green" else "Yes, over all loans", "amber": "Not quite", "red": "No"}
    assert asked[2]["answer"] == answers[light]
    assert f"the mean PD is {whole['mean_pd']:.1%} and {whole['bad_rate']:.1%} defaulted" in asked[2]["sentence"]
    text = command("drift", "--home", home).stdout
    assert all(f"{each['question']} {each['answer']}." in text for each in asked)
    assert levels(None, "v")[0] == "Not known"
    found = {"backtest": [], "segments": [], "losses": None}
    assert levels(found, "v") == ("Not known", "No outcomes are known yet.")
    assert levels({**found, "calibrated": False}, "v")[0] == "No"
