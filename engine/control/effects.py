"""What a requested run may change of the deployment, in sentences, which its dialog shows before it is requested."""

from engine.control.trials import trial_sentences
from engine.definitions.task import Pipeline
from engine.deployment import Deployment
from storage.lake.names import MONITORING, PREDICTIONS
from storage.ledger.runs import Request


def reads_extracts(pipeline: Pipeline) -> bool:
    """Whether runs of the pipeline read a folder of extracts."""
    return any(task.extracts for task in pipeline.tasks)


def makes_model(pipeline: Pipeline) -> bool:
    """Whether runs of the pipeline register a model, which may become champion."""
    return any("promote" in task.settings for task in pipeline.tasks)


def effects(deployment: Deployment, new: Request) -> list[str]:
    """What a run changes when it succeeds. A trial changes nothing, and says so."""
    trial = trial_sentences(new.cause_detail)
    if trial:
        return trial
    pipeline = deployment.pipelines[new.pipeline]
    told = [*_adopted(new), _published(pipeline)]
    if makes_model(pipeline):
        told.append(_promoted(deployment, new))
    if pipeline.maker(MONITORING):
        told.append("It records a decision of the retraining rule, which may request a training.")
    return told


def _adopted(new: Request) -> list[str]:
    if "adopts" not in new.cause_detail:
        return []
    before, folder = new.cause_detail["adopts"]
    return [f"From its success on, later runs read {folder} instead of {before}."]


def _published(pipeline: Pipeline) -> str:
    if pipeline.maker(MONITORING):
        return "It publishes the metrics and the picture of this date, in place of earlier ones."
    if pipeline.maker(PREDICTIONS):
        return "It publishes its tables, with new predictions of the champion."
    return "It publishes its tables in place of the present ones."


def _promoted(deployment: Deployment, new: Request) -> str:
    chosen = deployment.settings.changed(**new.params)
    if not chosen.promote:
        return "Its model is registered. The champion stays."
    if chosen.require_approval:
        return "Its model is registered, and waits for the approval of a second person if it passes its promotion test."
    return "Its model is registered, and becomes champion if it passes its promotion test."
