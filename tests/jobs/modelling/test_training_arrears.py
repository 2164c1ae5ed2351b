"""Candidates, comparisons of feature sets and the verdict on loans that were not in arrears at scoring."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from console.models.candidates import NOT_IN_ARREARS, candidate_rows
from engine.cli.render import model_remarks
from engine.documents.candidates import arrears_note, auc_without_arrears, verdict_numbers
from jobs.gold.arrears import IN_ARREARS
from jobs.modelling.candidates import ALL, candidates
from jobs.modelling.comparison import numbers_by_arrears, set_comparisons
from jobs.modelling.frames import frame
from jobs.modelling.promotion.arrears import verdict_with_arrears
from jobs.modelling.promotion.sets import sets_in_words
from jobs.statistics.discrimination import paired_auc_difference
from storage.lake.names import TRAINING_DATA
from tests.retail import BOOK, FEATURE_SETS, SAFE15
from tests.sandbox import Sandbox


def test_a_candidate_has_its_numbers_on_the_test_loans_not_in_arrears(trained_sandbox: Sandbox) -> None:
    champion = trained_sandbox.champions()[0]
    numbers = champion.summary["candidates"][champion.model_name]
    test = trained_sandbox.table(TRAINING_DATA).filter(pc.field("split") == "test")
    rows = test.filter(pc.invert(test[IN_ARREARS]))
    pipeline = trained_sandbox.deployment.models.load(champion.files["model"])
    scores, truth = pipeline.predict_proba(frame(rows, SAFE15))[:, 1], rows["label"].to_numpy()
    chosen = pipeline.predict(frame(rows, SAFE15))
    apart, late = numbers["not_in_arrears"], numbers["in_arrears"]
    assert apart["test_auc"] == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    assert apart["auc_low"] < apart["test_auc"] < apart["auc_high"]
    assert apart["precision"] == pytest.approx(precision_score(truth, chosen))
    assert apart["recall"] == pytest.approx(recall_score(truth, chosen))
    assert apart["f1"] == pytest.approx(f1_score(truth, chosen))
    assert (apart["loans"], apart["defaults"]) == (rows.num_rows, truth.sum())
    assert apart["loans"] + late["loans"] == test.num_rows
    assert 0 < late["defaults"] <= late["loans"]
    told = champion.summary["promotion"]
    assert told["not_in_arrears"] == apart
    words = f"on the {apart['loans']:,} test loans not in arrears at scoring its AUC is {apart['test_auc']:.3f}."
    assert told["reason"].endswith(words)
    assert auc_without_arrears(numbers).startswith(f"{apart['test_auc']:.3f} (")
    assert f"{late['loans']:,} test loans were in arrears at scoring" in arrears_note(numbers)
    first, second = candidate_rows(champion.model_name, numbers, champion.model_name)
    assert "selected" in str(first[0])
    found = [re.sub("<[^>]*>", "", str(cell)) for cell in second]
    error = f"{apart['expected_calibration_error']:.3f} (noise {apart['calibration_noise']:.3f})"
    figures = ["", "", *(f"{apart[name]:.3f}" for name in ("precision", "recall", "f1")), error]
    interval = f"{apart['auc_low']:.3f} to {apart['auc_high']:.3f}"
    assert found == [NOT_IN_ARREARS, f"{apart['test_auc']:.3f}", interval, *figures]
    assert len(list(candidate_rows("earlier", {"test_auc": 0.7}, ""))) == 1


def test_a_set_that_knows_the_arrears_gains_nothing_on_loans_without_them() -> None:
    """The larger set scores by the arrears beside what the smaller one knows; its whole gain is on loans in arrears."""
    generator = np.random.default_rng(2)
    late = generator.random(5000) < 0.15
    risk = generator.normal(size=5000)
    labels = (late | (generator.random(5000) < 1 / (1 + np.exp(2 - risk)))).astype(np.int8)
    made = list(candidates(ALL, BOOK).values())
    first, second = list(FEATURE_SETS)[:2]
    pair = [next(one for one in made if one.feature_set == name) for name in (second, first)]
    scores = {pair[0].name: risk + 4 * late, pair[1].name: risk.copy()}
    test = pa.table({"label": labels, IN_ARREARS: late})
    found = set_comparisons(test, scores, pair, [first, second])[0]
    apart = found["not_in_arrears"]
    assert found["difference"] > 0.05 < found["low"]
    assert (apart["difference"], apart["n"]) == (0, int((~late).sum()))
    unknown = set_comparisons(test.drop_columns([IN_ARREARS]), scores, pair, [first, second])[0]
    assert unknown["not_in_arrears"] is None
    assert sets_in_words(found) == "with 2 more features"
    assert sets_in_words({**found, "left_out": ["Age"], "added": []}, BOOK.plain_name) == "without Age"
    assert sets_in_words({"a": "a", "b": "b"}) == ""
    noisy = {**scores, pair[0].name: scores[pair[0].name] + generator.normal(size=5000)}
    one = set_comparisons(test, noisy, pair, [first, second])[0]["not_in_arrears"]
    assert one == vars(paired_auc_difference(labels[~late], noisy[pair[0].name][~late], risk[~late]))
    model: dict[str, Any] = {"cut_off": None, "promotion": None, "approval": None}
    model["comparisons"] = [{**found, "compared": "best"}]
    assert f"On the {apart['n']:,} not in arrears at scoring: +0.000" in " ".join(model_remarks(model))


def test_a_verdict_tells_the_differences_from_champion_and_anchor_without_arrears() -> None:
    numbers = {"not_in_arrears": {"loans": 900, "test_auc": 0.781}, "in_arrears": {"loans": 100, "defaults": 90}}
    found = {"n": 900, "difference": 0.0034, "low": -0.01, "high": 0.0161}
    verdict = {"promote": True, "rows": 1000, "auc": 0.8, "threshold": 0.7, "reason": "Promoted: so.", "anchor": "v1"}
    verdict |= {"compared_with": "v2", "champion_not_in_arrears": found, "anchor_difference": None}
    verdict["anchor_not_in_arrears"] = {**found, "n": 240, "low": None, "high": None}
    told = verdict_with_arrears(verdict, numbers)
    assert told["reason"] == (
        "Promoted: so; on the 900 test loans not in arrears at scoring its AUC is 0.781, difference from the champion "
        "+0.003, 95% interval -0.010 to +0.016, from the anchor +0.003, too few defaults for an interval, on 240 of "
        "them."
    )
    assert told["promote"]
    shown = verdict_numbers(told)["Not in arrears at scoring"]
    assert shown.startswith("AUC 0.781 on 900 test loans; difference from the champion +0.003")
    same = {**verdict, "compared_with": "v1", "anchor_not_in_arrears": found}
    assert "difference from champion and anchor +0.003, 95%" in verdict_with_arrears(same, numbers)["reason"]
    earlier = {name: value for name, value in told.items() if not name.endswith("not_in_arrears")}
    assert "Not in arrears at scoring" not in verdict_numbers(earlier)


def test_numbers_that_are_not_known_are_none() -> None:
    test = pa.table({"label": pa.array([0, 1, 1], pa.int8())})
    scores = np.array([0.1, 0.8, 0.6])
    assert numbers_by_arrears(test, scores, scores, 0.5) == {"not_in_arrears": None, "in_arrears": None}
    every = numbers_by_arrears(test.append_column(IN_ARREARS, pa.array([True] * 3)), scores, scores, 0.5)
    assert every == {"not_in_arrears": {"loans": 0, "defaults": 0}, "in_arrears": {"loans": 3, "defaults": 2}}
    verdict = {"reason": "Promoted: it is the first."}
    for numbers in ({}, every, {"not_in_arrears": {"loans": 3, "test_auc": 0.8}, "in_arrears": {"loans": 0}}):
        assert verdict_with_arrears(verdict, numbers)["reason"] == verdict["reason"]
    assert (auc_without_arrears({}), arrears_note({})) == ("-", "")
