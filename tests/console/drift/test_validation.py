"""The Drift page's backtest, expected loss and segments."""

from engine.documents.validation import losses_in_words, validation_document
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox


def test_backtest_expected_loss_and_segments_stand_under_the_curves(opened: Opened, monitored_sandbox: Sandbox) -> None:
    said = words(opened(monitored_sandbox.home, "drift"))
    with monitored_sandbox.deployment.ledger.reading() as connection:
        found = validation_document(connection)
    assert found is not None
    assert "Backtest by origination cohort" in said
    for sentence in losses_in_words(found["losses"]):
        assert sentence in said
    below = sum(row["below_four_fifths"] for row in found["segments"])
    assert f"{below} groups are approved less than four fifths as often as the highest of their segment" in said
    for row in found["segments"]:
        assert row["band"] in said
    assert said.count("(below 4/5)") == below
