"""Trials: runs that a person tries with other thresholds, or on another folder, than the deployment's.

A trial publishes no table, report or decision, promotes no model and requests no training. A run that judges a model
with other thresholds is a what-if. A run on another folder is that run's alone, unless the person adopts the folder.
What a run is, is stored with it: `trial` and `adopts` in the details of its cause.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.control.extract_folder import folder_has_extracts, folder_in_use, has_read_extracts
from engine.definitions.task import Pipeline
from engine.deployment import Deployment
from engine.errors import UnusableRequest
from storage.db.ledger import LedgerRow
from storage.lake.names import MONITORING
from storage.ledger.runs import Request
from storage.settings import Settings, is_remote

JUDGING = ("auc_threshold", "auc_defaults", "auc_least_defaults", "psi_threshold", "drift_rows", "lgd")


def as_asked(deployment: Deployment, new: Request, folder: str, *, adopt: bool = False) -> Request:
    """The request of a person, marked as a trial or as one that adopts its folder where it is one.

    `folder` is the one that the person named now, '' for none. Raises UnusableRequest for a folder that does not exist
    or can't be adopted. It may look into a store that is slow.
    """
    pipeline, found = deployment.pipelines[new.pipeline], dict(new.cause_detail)
    _check_folder(deployment, pipeline, folder, adopt=adopt)
    before = found.pop("trial", {})
    if folder:
        found.pop("adopts", None)
        found.update(folder_marks(deployment, pipeline.name, folder, adopt=adopt))
    elif "folder" in before:
        found["trial"] = {"folder": before["folder"]}
    if other := other_thresholds(deployment.settings, pipeline, new.params):
        found["trial"] = {**found.get("trial", {}), "thresholds": other}
    return replace(new, cause_detail=found)


def folder_marks(deployment: Deployment, pipeline: str, folder: str, *, adopt: bool) -> dict[str, Any]:
    """The marks of a run on a folder that a person named: `adopts`, or a `trial` where another folder is in use."""
    before = replaced_folder(deployment, pipeline, folder)
    if adopt:
        return {"adopts": [before or folder_in_use(deployment, pipeline), folder]}
    return {} if before is None else {"trial": {"folder": [before, folder]}}


def marks_of(run: LedgerRow) -> dict[str, Any]:
    """The marks of a run, which a run that resumes it takes over."""
    return {name: run.cause_detail[name] for name in ("trial", "adopts") if name in run.cause_detail}


def changed_folder(new: Request) -> dict[str, list[str]]:
    """For the audit log, the folder of a request and the one that is in use: adopted, or read by this run alone."""
    if "adopts" in new.cause_detail:
        return {"adopted data": new.cause_detail["adopts"]}
    folder = new.cause_detail.get("trial", {}).get("folder")
    return {"data": folder} if folder else {}


def is_trial(run: LedgerRow) -> bool:
    """Whether a run is a trial, which publishes nothing."""
    return bool(run.cause_detail.get("trial"))


def kind_of(run: LedgerRow) -> str:
    """`what-if` for a run with other thresholds, `trial` for one on another folder, '' for an ordinary run."""
    trial = run.cause_detail.get("trial")
    if not trial:
        return ""
    return "what-if" if trial.get("thresholds") else "trial"


def trial_words(run: LedgerRow) -> str:
    """The mark of a run in lists: `trial`, `what-if trial` for one with other thresholds, '' for an ordinary run."""
    kind = kind_of(run)
    return "what-if trial" if kind == "what-if" else kind


def other_thresholds(ours: Settings, pipeline: Pipeline, params: Mapping[str, Any]) -> dict[str, list[Any]]:
    """By name, the deployment's setting and the parameter of a run that judges a model by another one."""
    if pipeline.maker(MONITORING) is None:
        return {}
    return {
        name: [getattr(ours, name), params[name]]
        for name in JUDGING
        if name in params and params[name] != getattr(ours, name)
    }


def replaced_folder(deployment: Deployment, pipeline: str, folder: str) -> str | None:
    """The folder that the deployment reads now, when it is another one; None when it is this one, or there is none."""
    before = folder_in_use(deployment, pipeline)
    if _same(before, folder):
        return None
    if not has_read_extracts(deployment) and not folder_has_extracts(deployment, before):
        return None
    return before


def trial_sentences(detail: Mapping[str, Any]) -> list[str]:
    """What a run with these details of its cause is, and what it leaves unchanged; none for an ordinary run."""
    trial, sentences = detail.get("trial") or {}, []
    if trial.get("thresholds"):
        told = ", ".join(f"{name} {asked:g} instead of {ours:g}" for name, (ours, asked) in trial["thresholds"].items())
        sentences.append(
            f"What-if with {told}: its numbers, picture and decision are of this run alone. Nothing of it is "
            "published, and it requests no training."
        )
    if trial.get("folder"):
        before, folder = trial["folder"]
        sentences.append(
            f"Trial on {folder}, while the deployment reads {before}: its tables are not published, its model is "
            "registered and not promoted, and later runs read the folder of the deployment. `--adopt` makes "
            "this folder the deployment's."
        )
    return sentences


def _check_folder(deployment: Deployment, pipeline: Pipeline, folder: str, *, adopt: bool) -> None:
    if adopt and not folder:
        raise UnusableRequest("There is no folder to adopt; name it with --data FOLDER, or leave --adopt out.")
    if not folder:
        return
    if not any(task.extracts for task in pipeline.tasks):
        raise UnusableRequest(f"Pipeline {pipeline.name} reads no extracts; leave --data out.")
    if not is_remote(folder) and not Path(folder).is_dir():
        raise UnusableRequest(f"The folder {folder} does not exist; name the folder with the extracts.")
    if adopt and deployment.settings.data and not _same(deployment.settings.data, folder):
        raise UnusableRequest(
            f"LOANWATCH_DATA names the folder of this deployment, {deployment.settings.data}; change it there, or "
            "leave --adopt out."
        )


def _same(a: str, b: str) -> bool:
    """Whether two names are of one folder."""
    if is_remote(a) or is_remote(b):
        return a.rstrip("/") == b.rstrip("/")
    return os.path.realpath(a) == os.path.realpath(b)
