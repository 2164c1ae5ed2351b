"""FAULTS row 34, first half: a model that is worse than the champion does not take its place, and others do."""

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from rich.console import Console
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from engine.cli.render import models_view
from engine.documents.models import champion_history, models_document
from engine.execution.publish import commit
from jobs.gold.arrears import IN_ARREARS
from jobs.job import TaskResult
from jobs.modelling.frames import frame
from storage.lake.names import TRAINING_DATA
from storage.ledger.models import ModelVersion, model_by_alias
from tests.champions import claimed_lease, make_champion
from tests.sandbox import Sandbox

NOISE = ("Amount_invested_monthly", "fe_10_std")


def neighbours(sandbox: Sandbox, side: str, features: tuple[str, ...] = NOISE) -> Any:
    """A model that knows the loans of one side by heart."""
    rows = sandbox.table(TRAINING_DATA)
    known = rows.filter(pc.equal(rows["split"], side))
    pipeline = make_pipeline(SimpleImputer(), KNeighborsClassifier(1))
    return pipeline.fit(frame(known, features), known["label"].to_numpy())


def auc_of(sandbox: Sandbox, version: ModelVersion, rows: pa.Table) -> float:
    """The AUC of a registered model on loans with labels."""
    pipeline = sandbox.deployment.models.load(version.files["model"])
    scores = pipeline.predict_proba(frame(rows, tuple(pipeline.feature_names_in_)))[:, 1]
    return float(roc_auc_score(rows["label"].to_numpy(), scores))


def told(sandbox: Sandbox) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the newest model as `models` tells it, who was champion when)."""
    with sandbox.deployment.ledger.reading() as connection:
        return models_document(connection)[0], champion_history(connection)


def newest(sandbox: Sandbox) -> ModelVersion:
    with sandbox.deployment.ledger.reading() as connection:
        found = model_by_alias(connection)
    assert found is not None
    return found


def test_a_worse_challenger_stays_registered_and_the_reason_is_shown(sandbox: Sandbox) -> None:
    # Of the test loans this champion knows the outcomes: nothing that is trained can be as good on them.
    champion = make_champion(sandbox, neighbours(sandbox, "test"), NOISE)
    run = sandbox.succeed("training", data=sandbox.data())
    model, history = told(sandbox)
    assert model["run_id"] == run
    assert model["aliases"] == []
    verdict = model["promotion"]
    assert not verdict["promote"]
    assert verdict["compared_with"] == champion.version
    assert verdict["high"] < 0
    assert f"significantly worse than champion {champion.version}" in verdict["reason"]
    assert verdict["reason"] in sandbox.log(run, "store_best_model")
    assert history[0]["version"] == champion.version == newest(sandbox).version
    metadata = next(sandbox.home.glob(f"model_store/model_metadata_{model['version']}.json"))
    assert json.loads(metadata.read_text())["promotion"] == verdict

    again = sandbox.succeed("training", data=sandbox.data())
    assert set(sandbox.states(again).values()) == {"cached"}
    assert told(sandbox)[0]["version"] == model["version"]


def test_a_better_challenger_is_promoted_and_the_reason_is_kept(sandbox: Sandbox) -> None:
    champion = make_champion(sandbox, neighbours(sandbox, "train"), NOISE)
    run = sandbox.succeed("training", data=sandbox.data())
    # What was fitted is used again; the verdict on it, which was about another champion, is not.
    states = sandbox.states(run)
    assert (states["train_evaluate_select_model"], states["store_best_model"]) == ("cached", "succeeded")
    model, history = told(sandbox)
    assert model["aliases"] == ["champion"]
    assert model["promotion"]["low"] > 0
    assert model["promotion"]["compared_with"] == champion.version
    # Beside the comparison on all test loans is the one on those not in arrears at scoring.
    rows = sandbox.table(TRAINING_DATA).filter((pc.field("split") == "test") & ~pc.field(IN_ARREARS))
    aucs = [auc_of(sandbox, version, rows) for version in (sandbox.champions()[0], champion)]
    apart = model["promotion"]["champion_not_in_arrears"]
    assert apart["n"] == rows.num_rows < model["promotion"]["compared_rows"]
    assert (apart["auc_a"], apart["auc_b"]) == (pytest.approx(aucs[0], abs=1e-12), pytest.approx(aucs[1], abs=1e-12))
    assert apart["low"] < apart["difference"] < apart["high"]
    told_apart = f"difference from champion and anchor {apart['difference']:+.3f}, 95% interval"
    assert told_apart in model["promotion"]["reason"]
    assert history[0]["why"] == model["promotion"]["reason"]
    assert history[0]["why"].startswith(f"Promoted: not significantly worse than champion {champion.version}")


@pytest.mark.thorough
def test_an_equal_challenger_is_promoted_as_documented(sandbox: Sandbox) -> None:
    (before,) = sandbox.champions()
    sandbox.succeed("training", force=True, data=sandbox.data())
    model, _ = told(sandbox)
    assert model["aliases"] == ["champion"]
    assert model["version"] != before.version
    assert (model["promotion"]["difference"], model["promotion"]["compared_with"]) == (0.0, before.version)
    assert "ranks exactly like" in model["promotion"]["reason"]


@pytest.mark.thorough
def test_nobody_is_asked_to_approve_the_champion_that_was_trained_again(sandbox: Sandbox) -> None:
    (before,) = sandbox.champions()
    sandbox.succeed("training", force=True, data=sandbox.data(), require_approval=True)
    model, history = told(sandbox)
    assert model["version"] != before.version == history[0]["version"]
    assert (model["promotion"]["promote"], model["promotion"]["waiting"], model["approval"]) == (False, False, None)
    assert f"it is the same model as champion {before.version}, byte for byte" in model["promotion"]["reason"]


@pytest.mark.thorough
def test_a_champion_of_other_features_is_compared_on_the_same_loans(sandbox: Sandbox) -> None:
    (before,) = sandbox.champions()
    sandbox.succeed("training", data=sandbox.data(), feature_set="behavioural")
    model, _ = told(sandbox)
    rows = sandbox.table(TRAINING_DATA)
    assert model["promotion"]["compared_with"] == before.version
    assert model["promotion"]["rows"] == rows.filter(pc.equal(rows["split"], "test")).num_rows
    assert model["promotion"]["champion_auc"] == pytest.approx(before.summary["test_auc"])
    best = model["candidates"][model["model_name"]]["test_auc"]
    assert model["promotion"]["difference"] == pytest.approx(best - before.summary["test_auc"])


@pytest.mark.thorough
def test_a_model_below_the_threshold_never_serves(sample_data: Any, tmp_path: Any) -> None:
    sandbox = Sandbox.at(tmp_path / "home")
    sandbox.succeed("training", data=str(sample_data), auc_threshold=0.95)
    model, history = told(sandbox)
    assert (model["aliases"], history, sandbox.champions()) == ([], [], [])
    assert "is below 0.95" in model["promotion"]["reason"]
    ended = sandbox.run("inference")
    assert ended.state == "failed"
    assert "why its model was not promoted" in ended.error["message"]
    # The threshold that refused it was this run's own.
    sandbox.succeed("training", data=str(sample_data))
    assert told(sandbox)[0]["aliases"] == ["champion"]


@pytest.mark.thorough
def test_a_champion_whose_file_was_swapped_is_not_opened_and_the_one_before_it_is_the_measure(sandbox: Sandbox) -> None:
    (before,) = sandbox.champions()
    swapped = make_champion(sandbox, neighbours(sandbox, "test"), NOISE)
    (sandbox.home / "model_store" / swapped.files["model"].name).write_bytes(b"not what was registered")
    sandbox.succeed("training", data=sandbox.data(), feature_set="behavioural")
    verdict = told(sandbox)[0]["promotion"]
    assert (verdict["champion"], verdict["compared_with"]) == (swapped.version, before.version)


def test_a_verdict_about_another_champion_promotes_nobody(sandbox: Sandbox) -> None:
    (before,) = sandbox.champions()
    lease = claimed_lease(sandbox)
    # While the run is under way, somebody makes another model champion.
    meanwhile = make_champion(sandbox, neighbours(sandbox, "train"), NOISE, lease=lease)
    verdict = {**before.promotion, "promote": True, "champion": before.version, "reason": "Promoted: it was better."}
    late = ModelVersion("20310101_000000", "x", before.files, {**before.summary, "promotion": verdict}, {})
    commit(sandbox.deployment, lease, [(lease.run_id, TaskResult(model=late))])
    model, history = told(sandbox)
    assert (model["version"], model["aliases"], model["promotion"]["promote"]) == (late.version, [], False)
    assert (
        f"compared with {before.version}, but {meanwhile.version} became champion during the run"
        in model["promotion"]["reason"]
    )
    assert history[0]["version"] == meanwhile.version


def test_people_read_why_a_model_was_not_promoted(sandbox: Sandbox) -> None:
    sandbox.succeed("training", data=sandbox.data(), auc_threshold=0.95)
    with sandbox.deployment.ledger.reading() as connection:
        documents = models_document(connection)
    console = Console(file=io.StringIO(), width=400)
    console.print(models_view(documents))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    (reason,) = [model["promotion"]["reason"] for model in documents if not model["promotion"]["promote"]]
    assert f"{documents[0]['version']}  {reason}" in text
    assert text.count("Not promoted") == 1
