"""Training on every feature set: each candidate by an unambiguous name, compared on the same test loans."""

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from rich.console import Console

from console.models.detail import comparison_words
from engine.cli.render import model_remarks, models_view
from engine.documents.models import cost_in_words, left_out_costs, models_document
from jobs.errors import JobError
from jobs.modelling.candidates import ALL, BOTH, FOLDS, candidates, fit_names, fit_of, word_for_every_set
from jobs.modelling.comparison import set_comparisons
from jobs.modelling.frames import frame
from jobs.modelling.promotion.sets import sets_in_words
from jobs.statistics.discrimination import paired_auc_difference
from jobs.statistics.risk_curves import logistic_curve, risk_curve_from_json
from storage.lake.names import TRAINING_DATA
from tests.job_factory import JobFactory
from tests.retail import BOOK, CLASSIFIERS, FEATURE_SETS
from tests.sandbox import Sandbox

pytestmark = pytest.mark.thorough

NUMBERS = {
    *("out_of_fold_auc", "train_auc", "test_auc", "auc_low", "auc_high", "precision", "recall", "f1", "cut_off"),
    *("calibration_error", "raw_calibration_error", "expected_calibration_error", "raw_expected_calibration_error"),
    *("calibration_noise", "brier", "mean_score", "raw_mean_score", "bad_rate"),
    *("not_in_arrears", "in_arrears"),
}


@pytest.fixture(scope="module")
def every(trained_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sandbox, str]:
    """(a deployment whose newest training took every feature set, that run)."""
    sandbox = trained_sandbox.copy(tmp_path_factory.mktemp("every") / "home")
    return sandbox, sandbox.succeed("training", data=sandbox.data(), feature_set="all")


def document(sandbox: Sandbox) -> dict[str, Any]:
    with sandbox.deployment.ledger.reading() as connection:
        return models_document(connection)[0]


def metadata(sandbox: Sandbox) -> dict[str, Any]:
    version = document(sandbox)["version"]
    found: dict[str, Any] = json.loads((sandbox.home / "model_store" / f"model_metadata_{version}.json").read_text())
    return found


@pytest.mark.parametrize("feature_set", [*FEATURE_SETS, ALL, BOTH])
def test_a_fit_is_found_by_its_name(job_factory: JobFactory, feature_set: str) -> None:
    job = job_factory.job(settings={"feature_set": feature_set})
    found = [fit_of(job, name) for name in fit_names(job)]
    sets = [*FEATURE_SETS] if feature_set in (ALL, BOTH) else [feature_set]
    made = {(one.candidate.classifier.label, one.candidate.feature_set, one.fold) for one in found}
    folds = (None, *range(1, FOLDS + 1))
    assert made == {(name, kind, fold) for name in CLASSIFIERS for kind in sets for fold in folds}
    assert len(found) == len(set(fit_names(job))) == len(made)
    with pytest.raises(JobError, match="There is no fit 'x'"):
        fit_of(job, "x")


def test_one_set_keeps_the_plain_names() -> None:
    for name in ("", *FEATURE_SETS):
        assert list(candidates(name, BOOK)) == list(CLASSIFIERS)


def test_a_set_that_the_book_names_all_is_that_set() -> None:
    book = replace(BOOK, feature_sets={"few": ("Age",), "all": ("Age", "tenure")})
    assert {one.feature_set for one in candidates(ALL, book).values()} == {"all"}
    assert {one.feature_set for one in candidates(BOTH, book).values()} == {"few", "all"}
    assert (word_for_every_set(book), word_for_every_set(BOOK)) == (BOTH, ALL)


def test_every_set_is_trained_in_the_same_twelve_boxes(every: tuple[Sandbox, str]) -> None:
    sandbox, run = every
    assert len(sandbox.states(run)) == 12
    told = document(sandbox)
    assert set(told["candidates"]) == {f"{name} ({kind})" for name in CLASSIFIERS for kind in FEATURE_SETS}
    assert all(set(numbers) == NUMBERS for numbers in told["candidates"].values())
    best = max(told["candidates"], key=lambda name: told["candidates"][name]["out_of_fold_auc"])
    assert told["model_name"] == best
    assert f"({told['feature_set']})" in best
    assert tuple(metadata(sandbox)["features"]) == FEATURE_SETS[told["feature_set"]]


def test_a_set_trained_with_the_other_is_as_when_trained_alone(
    every: tuple[Sandbox, str], trained_sandbox: Sandbox
) -> None:
    alone, beside = document(trained_sandbox)["candidates"], document(every[0])["candidates"]
    assert {name: beside[f"{name} (safe15)"] for name in alone} == alone


def test_the_registry_has_the_paired_comparison_on_the_same_test_loans(every: tuple[Sandbox, str]) -> None:
    sandbox, run = every
    told = document(sandbox)
    first, *others = FEATURE_SETS
    compared = {kind: [one for one in told["comparisons"] if one["a"].endswith(f"({kind})")] for kind in others}
    for own in compared.values():
        best, *same = own
        assert (best["compared"], {one["compared"] for one in same}) == ("best", {"same classifier"})
        assert len(same) == 3
        assert all(one["b"].endswith(f"({first})") for one in own)
    assert sum(map(len, compared.values())) == len(told["comparisons"])
    rows = sandbox.table(TRAINING_DATA)
    test = pc.sum(pc.equal(rows["split"], "test")).as_py()
    for one in told["comparisons"]:
        areas = [told["candidates"][one[side]]["test_auc"] for side in ("a", "b")]
        assert one["difference"] == pytest.approx(areas[0] - areas[1])
        assert one["low"] <= one["difference"] <= one["high"]
        assert one["n"] == test
    assert metadata(sandbox)["comparisons"] == told["comparisons"]
    best = told["comparisons"][0]
    assert f"{best['a']}: AUC {best['difference']:+.4f}" in sandbox.log(run, "train_evaluate_select_model")


def test_what_a_smaller_set_costs_is_measured_on_the_same_test_loans(every: tuple[Sandbox, str]) -> None:
    """The set without an attribute of the default one is the book's; the comparison says which attribute it is."""
    sandbox, _ = every
    assert dict(BOOK.smaller_sets) == {"safe14": ("Age",)}
    told = document(sandbox)
    with sandbox.deployment.ledger.reading() as connection:
        (cost,) = left_out_costs(connection, sandbox.deployment.book)
    comparison = cost["comparison"]
    assert (cost["feature_set"], cost["left_out"], cost["version"]) == ("safe14", ["Age"], told["version"])
    assert comparison in told["comparisons"]
    best = {name: max(out_of_fold(told, name)) for name in ("safe14", "safe15")}
    assert (comparison["a"], comparison["b"]) == (best["safe14"][1], best["safe15"][1])
    difference = told["candidates"][comparison["a"]]["test_auc"] - told["candidates"][comparison["b"]]["test_auc"]
    assert comparison["difference"] == pytest.approx(difference)
    sentence = cost_in_words(cost, ALL)
    assert (
        f"Without Age (feature set safe14) the AUC of the best candidate changes by {difference:+.3f} (95%" in sentence
    )
    assert "on those not in arrears at scoring" in sentence
    assert comparison_words(comparison).startswith("Without Age: ")
    assert any(line.startswith("Without Age: ") for line in model_remarks(told))
    full = next(one for one in told["comparisons"] if one["a"].endswith("(full)"))
    assert sets_in_words(full) == f"with {len(full['added'])} more features"


def out_of_fold(told: dict[str, Any], feature_set: str) -> list[tuple[float, str]]:
    """(out-of-fold AUC, name) of the candidates on a feature set."""
    own = {name: one for name, one in told["candidates"].items() if name.endswith(f"({feature_set})")}
    return [(one["out_of_fold_auc"], name) for name, one in own.items()]


def test_people_read_the_comparison(every: tuple[Sandbox, str]) -> None:
    with every[0].deployment.ledger.reading() as connection:
        documents = models_document(connection)
    console = Console(file=io.StringIO(), width=300)
    console.print(models_view(documents))
    best = documents[0]["comparisons"][0]
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert (
        f"{best['a']} against {best['b']}, on the same {best['n']:,} test loans: AUC {best['difference']:+.3f}" in told
    )
    numbers = documents[0]["candidates"][best["a"]]
    assert f"{numbers['expected_calibration_error']:.3f} (noise {numbers['calibration_noise']:.3f})" in told


def test_comparisons_are_of_the_best_and_of_each_classifier() -> None:
    generator = np.random.default_rng(1)
    labels = (generator.random(600) < 0.3).astype(np.int8)
    every = [one for one in candidates(ALL, BOOK).values() if one.feature_set in ("safe15", "behavioural")]
    made = every[::-1]  # as if ranked by their out-of-fold AUC
    scores = {one.name: labels * (0.5 + number) + generator.normal(size=600) for number, one in enumerate(made)}
    best, *same = set_comparisons(pa.table({"label": labels}), scores, made, [*FEATURE_SETS])
    first = [next(one.name for one in made if one.feature_set == kind) for kind in ("behavioural", "safe15")]
    assert [best["a"], best["b"]] == first
    assert [one["a"].split()[0] for one in same] == [one["b"].split()[0] for one in same]
    paired = paired_auc_difference(labels, scores[best["a"]], scores[best["b"]])
    assert {name: best[name] for name in vars(paired)} == vars(paired)
    alone = [one for one in made if one.feature_set == "safe15"]
    assert set_comparisons(pa.table({"label": labels}), scores, alone, [*FEATURE_SETS]) == []


def test_inference_scores_with_the_features_of_the_winner(every: tuple[Sandbox, str], tmp_path: Any) -> None:
    sandbox = every[0].copy(tmp_path / "copy")
    sandbox.succeed("inference", force=True)
    assert set(sandbox.table("gold.model_predictions")["model_version"].to_pylist()) == {document(sandbox)["version"]}


def test_the_risk_curve_is_frozen_from_the_test_loans(trained_sandbox: Sandbox) -> None:
    made, rows = metadata(trained_sandbox), trained_sandbox.table(TRAINING_DATA)
    test = rows.filter(pc.equal(rows["split"], "test"))
    pipeline = trained_sandbox.deployment.models.load(trained_sandbox.champions()[0].files["model"])
    scores = pipeline.predict_proba(frame(test, tuple(made["features"])))[:, 1]
    curve = risk_curve_from_json(made["risk_curve"])
    assert curve == logistic_curve(test["label"].to_numpy(), scores)
    assert curve.rows == test.num_rows
