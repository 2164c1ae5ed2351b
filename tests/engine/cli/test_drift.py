"""The command `drift`: the ranking by change times importance with directions, since the last healthy date."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from engine.documents.movement import moved_between, score_sentence
from jobs.statistics.drift import psi
from jobs.statistics.reference import NumericReference
from storage.lake.names import MONITORING_FEATURES
from tests.commands import command
from tests.paths import ROOT
from tests.processes import DEADLINE
from tests.sandbox import AS_OF, Sandbox

NUMBER = NumericReference((1.0, 2.0), (40, 40, 20), 0)
METADATA = {"reference": {"features": {"number": NUMBER.as_json()}}, "model_name": "M"}
SCORES = ([20, 80], [40, 60], [45, 55])  # loans in each bin: far, near, before
HEALTHY = date(2025, 5, 1)
THEN_THE_IMPORTS = """
import atexit, sys
from engine.__main__ import main
atexit.register(lambda: print(*sys.modules))
main()
"""


def test_it_ranks_the_features_and_tells_their_direction(monitored_sandbox: Sandbox) -> None:
    home = str(monitored_sandbox.home)
    told = json.loads(command("drift", "--json", "--home", home).stdout)
    assert (told["monitoring_date"], told["since"], told["weighted"]) == (str(AS_OF), None, True)
    weights = [one["weight"] for one in told["features"]]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > 0
    assert all(one["weight"] == one["change"] * max(one["importance"], 0) for one in told["features"])
    stored = {row["feature"]: row["csi"] for row in monitored_sandbox.table(MONITORING_FEATURES).to_pylist()}
    constant = {name for name, csi in stored.items() if csi is None}
    assert constant
    assert {one["feature"]: one["csi"] for one in told["features"]} == {
        name: csi for name, csi in stored.items() if name not in constant
    }
    first, text = told["features"][0], command("drift", "--date", str(AS_OF), "--home", home).stdout
    words = "within noise" if first["within_noise"] else first["moved"]
    row = f"{first['feature']} {words} {first['change']:.3f} {first['noise_level']:.3f}"
    assert row in " ".join(text.split())
    # Since the baseline the change is the CSI, and so is its noise level.
    assert all(one["noise_level"] == one["chance_level"] for one in told["features"])
    assert {one["moved"] for one in told["features"] if one["within_noise"]} == {""}
    assert told["scores"] in text
    assert "since the baseline (mean score" in told["scores"]
    assert "Ranked by change (the PSI of a feature since the baseline) times importance" in text


def test_it_shows_noise_levels_without_an_import_of_scipy_or_pandas(monitored_sandbox: Sandbox) -> None:
    done = subprocess.run(
        [sys.executable, "-c", THEN_THE_IMPORTS, "drift", "--home", str(monitored_sandbox.home)],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    *shown, imported = done.stdout.splitlines()
    assert "noise level" in " ".join(shown)
    assert {"numpy", "pyarrow", "scipy", "pandas", "sklearn"} & set(imported.split()) == {"numpy", "pyarrow"}


def test_it_moved_since_the_last_healthy_date_where_that_kept_its_bins() -> None:
    now = {"bins": {"number": [20, 40, 40, 0]}, "mean_score": 0.3}
    before = {"bins": {"number": [60, 30, 10, 0]}, "mean_score": 0.2}
    found = moved_between(METADATA, now, HEALTHY, before)
    assert (found.since, found.features[0].moved, found.weighted) == (HEALTHY, "higher", False)
    assert found.features[0].change == pytest.approx(psi(before["bins"]["number"], now["bins"]["number"]))  # type: ignore[index]
    assert score_sentence(found).startswith("Scores moved towards higher risk since 2025-05-01 (the last healthy date)")
    earlier = moved_between(METADATA, now, HEALTHY, {"mean_score": 0.2})
    assert (earlier.since, score_sentence(earlier)) == (None, "")
    assert earlier.features[0].change == pytest.approx(psi(NUMBER.all_counts(), now["bins"]["number"]))  # type: ignore[index]


def test_scores_that_moved_no_more_than_their_noise_level_have_no_direction() -> None:
    """The noise level of two windows of 100 loans in two bins is 0.02 * 6.63 = 0.133."""
    far, near, before = ([{"reference_count": 50, "current_count": n} for n in counts] for counts in SCORES)
    for scores, since, earlier in ((near, None, None), (near, HEALTHY, before)):
        assert score_of(scores, since, earlier).startswith("Scores moved within noise since")
    assert score_of(far, None, None).startswith("Scores moved towards higher risk since")
    assert score_of(far, HEALTHY, before).startswith("Scores moved towards higher risk since")
    assert score_of([], HEALTHY, before).startswith("Scores moved towards higher risk since")  # not known


def score_of(scores: list[dict[str, int]], since: date | None, before: list[dict[str, int]] | None) -> str:
    """The sentence on scores whose mean rose."""
    candidates = {"candidates": {"M": {"mean_score": 0.2}}}
    earlier = {"bins": {"number": [60, 30, 10, 0]}, "mean_score": 0.2, "scores": before} if before else None
    now = {"bins": {"number": [20, 40, 40, 0]}, "mean_score": 0.3, "scores": scores}
    return score_sentence(moved_between({**METADATA, **candidates}, now, since, earlier))


def test_a_date_that_was_not_monitored_says_what_to_run(monitored_sandbox: Sandbox) -> None:
    done = command("drift", "--date", "2020-01-01", "--home", str(monitored_sandbox.home))
    assert done.returncode == 2
    assert "run monitoring --as-of 2020-01-01" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_an_empty_home_says_what_to_run(tmp_path: Path, words: list[str]) -> None:
    command("migrate", "--home", str(tmp_path / "home"))
    done = command("drift", *words, "--home", str(tmp_path / "home"))
    assert done.returncode == 0
    assert ("null" if words else "No monitoring results yet") in done.stdout
