"""The importance of features on the Models page."""

from console.models.importance import importance_frame, importance_words, loans_words, stability_words
from tests.commands import document
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox


def test_the_part_shows_the_loss_of_each_feature_and_the_stability(opened: Opened, trained_sandbox: Sandbox) -> None:
    model = document("models", "--home", str(trained_sandbox.home))[0]
    told = words(opened(trained_sandbox.home, "models", part="Importance"))
    for one in model["importance"]:
        assert one["feature"] in told
        assert f"{one['importance']:.4f}" in told
        assert f"{one['low']:.4f} to {one['high']:.4f}" in told
    assert stability_words(model["reason_stability"]) in told
    assert model["importance_loans"] > 0
    assert f"The mean loss of AUC on {model['importance_loans']:,} test loans when" in told


def test_a_chart_in_words_names_the_largest() -> None:
    found = [
        {"feature": name, "importance": value, "low": value - 0.1, "high": value + 0.1}
        for name, value in (("p", 0.3), ("q", 0.05))
    ]
    frame = importance_frame(found)
    assert frame["above"].tolist() == [True, False]
    assert importance_words(frame).endswith("The largest of 2: p 0.3000; q 0.0500.")


def test_what_is_not_known_is_not_said() -> None:
    assert stability_words(None) == ""
    assert loans_words(None).startswith("The mean loss of AUC on the test loans when")
    assert stability_words({"loans": 3, "refits": 0, "first_reason": None, "all_reasons": None}) == ""
