"""The importance of features on the Models page."""

from jobs.charts.importance import importance_frame, importance_words
from jobs.modelling.explanation.words import MEANING, importance_in_words, stability_in_words
from tests.commands import command, document
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox


def test_the_part_shows_the_loss_of_each_feature_and_the_stability(opened: Opened, trained_sandbox: Sandbox) -> None:
    model = document("models", "--home", str(trained_sandbox.home))[0]
    told = words(opened(trained_sandbox.home, "models", part="Importance"))
    for one in model["importance"]:
        assert one["feature"] in told
        assert f"{one['importance']:.4f}" in told
        assert f"{one['low']:.4f} to {one['high']:.4f}" in told
        apart = one["not_in_arrears"]
        assert f"{apart['importance']:.4f}" in told
        assert f"{apart['low']:.4f} to {apart['high']:.4f}" in told
    assert stability_in_words(model["reason_stability"]) in told
    assert 0 < model["importance_loans_not_in_arrears"] < model["importance_loans"]
    assert importance_in_words(model) in told
    assert f" on {model['importance_loans']:,} test loans (and on the " in told


def test_a_person_reads_importance_and_stability_of_a_version(trained_sandbox: Sandbox) -> None:
    model = document("models", "--home", str(trained_sandbox.home))[0]
    told = " ".join(command("models", model["version"], "--home", str(trained_sandbox.home)).stdout.split())
    first = model["importance"][0]
    apart = first["not_in_arrears"]
    assert f"{first['feature']} {first['importance']:.4f} {first['low']:.4f} to {first['high']:.4f}" in told
    assert f"{apart['importance']:.4f} {apart['low']:.4f} to {apart['high']:.4f}" in told
    assert importance_in_words(model) in told
    assert stability_in_words(model["reason_stability"]) in told
    assert model["promotion"]["reason"] in told


def test_a_chart_in_words_names_the_largest() -> None:
    found = [
        {"feature": name, "importance": value, "low": value - 0.1, "high": value + 0.1}
        for name, value in (("p", 0.3), ("q", 0.05))
    ]
    frame = importance_frame(found, str)
    assert frame["above"].tolist() == [True, False]
    assert importance_words(frame).endswith("The largest of 2: p 0.3000; q 0.0500.")


def test_what_is_not_known_is_not_said() -> None:
    assert stability_in_words(None) == ""
    same = {"loans": 3, "refits": 2, "first_reason": 1.0, "all_reasons": 1.0}
    assert MEANING not in stability_in_words(same)
    assert stability_in_words({**same, "all_reasons": 0.5}).endswith(f"50% the same four reasons. {MEANING}")
    assert importance_in_words({}).startswith("The mean loss of AUC on the test loans when")
    assert stability_in_words({"loans": 3, "refits": 0, "first_reason": None, "all_reasons": None}) == ""
