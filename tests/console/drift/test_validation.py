"""The Drift page's backtest, expected loss and segments."""

from typing import Any

from markupsafe import Markup

from console.drift.validation import flat_cohorts, two_rows
from engine.documents.validation import (
    NOT_IN_ARREARS,
    backtest_in_words,
    losses_in_words,
    segments_in_words,
    validation_document,
)
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox


def test_backtest_expected_loss_and_segments_stand_under_the_curves(opened: Opened, monitored_sandbox: Sandbox) -> None:
    said = words(opened(monitored_sandbox.home, "drift"))
    with monitored_sandbox.deployment.ledger.reading() as connection:
        found = validation_document(connection)
    assert found is not None
    assert "Backtest by origination cohort" in said
    for sentence in (backtest_in_words(found["backtest"]), *losses_in_words(found["losses"], found["flagged"])):
        assert sentence in said
    below = sum(row["below_four_fifths"] for row in found["segments"])
    assert segments_in_words(found["segments"]) in said
    for row in found["segments"]:
        assert row["band"] in said
    assert said.count("(below 4/5)") == below
    young = next(row["not_in_arrears"] for row in found["segments"] if row["band"] == "18-24")
    assert f"{young['auc_low']:.3f} to {young['auc_high']:.3f}" in said
    assert "What leaving Age out costs (feature set safe14) is not measured yet" in said
    part = found["losses"]["known"]["not_in_arrears"]["concentration"][0]
    assert f"{part['defaults']:.1%}" in said


def test_the_words_and_numbers_of_the_backtest_have_the_loans_not_in_arrears() -> None:
    apart = {"n": 80, "mean_pd": 0.2, "bad_rate": 0.1, "light": "red", "direction": "too high"}
    whole = {"cohort": None, "n": 100, "mean_pd": 0.25, "bad_rate": 0.24, "light": "green", "direction": ""}
    rows: list[dict[str, Any]] = [{**whole, "not_in_arrears": apart}, {**whole, "cohort": "2025-01"}]
    assert backtest_in_words(rows).startswith(
        "Over 100 loans the mean PD is 25.0% and 24.0% defaulted (light green). On the 80 of them not in arrears at "
        "scoring the mean PD is 20.0% and 10.0% defaulted (light red: PD too high); PDs are calibrated on all loans "
        "together. Of 1 cohorts 0 are amber"
    )
    assert "not in arrears" not in backtest_in_words([whole])  # of an earlier release
    numbers = flat_cohorts([*rows, {**whole, "cohort": "2025-02", "not_in_arrears": apart}])
    assert numbers["cohort"].tolist() == ["2025-01", "2025-02"]
    assert numbers["mean_pd_not_in_arrears"].tolist()[1] == 0.2
    assert list(two_rows(("18-24", "0.8"), (NOT_IN_ARREARS, ""))) == [
        ("18-24", "0.8"), (Markup('<span class="lw-note">not in arrears</span>'), "")
    ]  # fmt: skip
    assert list(two_rows(("18-24", "0.8"), None)) == [("18-24", "0.8")]
