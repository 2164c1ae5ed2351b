"""What the Drift page says of movements: the scores' risk, the inputs that matter most, and what is not known."""

import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from console.components.times import day
from console.drift.movement import drivers, ranking_words, with_movements
from console.drift.sections.inputs import input_cells, worst_first
from engine.documents.movement import Moved, last_healthy, score_sentence
from jobs.monitoring.movement import Movement
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox

FEATURES = pd.DataFrame(
    {
        "feature": ["Age", "DTI", "tenure", "loan_amt", "Occupation"],
        "csi": [0.30, 0.12, 0.11, 0.25, 0.15],
        "chance_level": [0.05, 0.05, 0.20, 0.05, 0.05],
        "band": ["significant", "moderate", "moderate", "significant", "moderate"],
    }
)
MOVED = Moved(
    date(2025, 5, 1),
    [
        Movement("DTI", 0.1, "higher", 0.08, 0.008, 0.02),
        Movement("Age", 0.3, "lower", 0.01, 0.003, 0.02),
        Movement("Occupation", 0.15, "more often Doctor", 0.0, 0.0, 0.02),
        Movement("loan_amt", 0.12, "", -0.01, 0.0, 0.2),
    ],
    0.241,
    0.203,
)
WITHOUT = replace(MOVED, features=[replace(one, importance=None, weight=None) for one in MOVED.features])


def test_inputs_beyond_noise_are_ranked_by_change_times_importance_with_their_direction() -> None:
    assert drivers(FEATURES, MOVED) == (
        "4 of 5 inputs drifted beyond noise, by change since 1 May 2025 (the last healthy date) times importance (CSI, "
        'direction): Debt-to-income ratio <span class="lw-raw">DTI</span> 0.12 higher, Age 0.30 lower, '
        "Occupation 0.15 more often Doctor and 1 more."
    )
    assert drivers(FEATURES.assign(band="stable"), MOVED) == "No single input has drifted beyond noise."
    assert drivers(FEATURES.head(0), MOVED) == ""


def test_a_model_without_importance_is_ranked_by_csi_and_says_so() -> None:
    assert drivers(FEATURES, WITHOUT) == (
        "4 of 5 inputs drifted beyond noise, by CSI, no importance is known (CSI, direction): Age 0.30 lower, "
        'Loan amount <span class="lw-raw">loan_amt</span> 0.25, Occupation 0.15 more often Doctor and 1 more.'
    )
    assert "no importance of its features" in ranking_words(WITHOUT)
    assert ranking_words(MOVED).endswith("times importance the first is Debt-to-income ratio (higher).")


def test_the_scores_say_towards_which_risk_they_moved() -> None:
    since = "since 1 May 2025 (the last healthy date) (mean score 24.1%, 20.3% then)."
    assert score_sentence(MOVED, day) == f"Scores moved towards higher risk {since}"
    assert score_sentence(replace(MOVED, mean_score=0.18), day).startswith("Scores moved towards lower risk since")
    assert score_sentence(replace(MOVED, mean_score=0.2031), day).startswith("The mean score has not moved since")
    assert score_sentence(replace(MOVED, since=None)).endswith("since the baseline (mean score 24.1%, 20.3% there).")
    assert score_sentence(replace(MOVED, mean_score_before=None)) == ""
    assert score_sentence(replace(MOVED, scores_within_noise=True), day) == f"Scores moved within noise {since}"


def test_numbers_have_the_movement_of_each_feature_and_the_largest_weight_first() -> None:
    found = with_movements(FEATURES, MOVED)
    assert found["feature"].tolist()[:2] == ["DTI", "Age"]
    assert found["moved"].tolist()[:2] == ["higher", "lower"]
    assert found.set_index("feature")["moved"]["loan_amt"] == "within noise"
    assert found.set_index("feature")["noise_level"]["loan_amt"] == 0.2
    assert len(found) == len(FEATURES)
    assert with_movements(FEATURES, WITHOUT)["feature"].tolist() == FEATURES["feature"].tolist()


@pytest.mark.thorough
def test_every_input_stands_in_a_table_that_is_made_only_while_it_is_open(
    opened: Opened, monitored_sandbox: Sandbox
) -> None:
    label = "The inputs, the largest drift beyond noise first"
    app = opened(monitored_sandbox.home, "drift")
    assert label not in words(app)
    app.session_state["drift-inputs"] = True
    said = words(app.run())
    rows = said[said.index(label) :].partition("</table>")[0].count("<tr>") - 1
    measured = monitored_sandbox.table("gold.model_monitoring_features").to_pandas().dropna(subset=["csi"])
    assert rows == len(measured) > 0


def test_inputs_come_worst_first_and_those_within_noise_last() -> None:
    rows = worst_first(FEATURES).to_dict("records")
    assert [row["feature"] for row in rows] == ["Age", "loan_amt", "Occupation", "DTI", "tenure"]
    known = {one.feature: one for one in MOVED.features}
    told = [[re.sub("<[^>]+>", "", cell) for cell in input_cells(row, known.get(row["feature"]))] for row in rows]
    assert told[0] == ["Age", "▲ significant", "0.300", "0.050", "lower", "0.0100"]
    assert told[1][4] == "within noise"
    assert told[-1][1:] == ["○ within noise", "0.110", "0.200", "-", "-"]


def test_the_last_healthy_date_is_of_the_same_model_and_earlier() -> None:
    days = [date(2025, month, 1) for month in (1, 2, 3, 4, 5)]
    names, states = ["a", "b", "b", "b", "b"], ["healthy", "healthy", "healthy", "watch", "healthy"]
    history = [
        {"monitoring_date": when, "model_version": name, "status": status}
        for when, name, status in zip(days, names, states, strict=True)
    ]
    assert last_healthy(history, days[4], "b") == days[2]
    assert last_healthy(history, days[1], "b") is None
    assert last_healthy([], days[1], "b") is None
