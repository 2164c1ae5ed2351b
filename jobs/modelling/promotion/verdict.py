"""The verdict on the model of a training run, against the champion that serves and the anchor."""

import json
from collections.abc import Sequence
from dataclasses import replace

from jobs.job import Job
from jobs.modelling.champion import serving_champion
from jobs.modelling.promotion.broken_features import broken_features
from jobs.modelling.promotion.opponents import Challenger, opponents
from jobs.modelling.promotion.rule import Limits, PromotionVerdict, verdict_on
from jobs.modelling.splits import train_and_test
from storage.files.folder import FileFacts
from storage.lake.names import TRAINING_DATA


def promotion_verdict(job: Job, artifact: FileFacts, features: Sequence[str], auc: float) -> PromotionVerdict:
    """The verdict on a pipeline that was fitted in this run and has this test AUC.

    Nobody is asked to approve the champion's own file again.
    """
    table = job.read(TRAINING_DATA)
    _, test = train_and_test([table])
    model, _ = serving_champion(job)
    metadata = json.loads(job.models.read(model.files["metadata"])) if model else {}
    faults = list(broken_features(job, table, metadata, features))
    compared = opponents(job, model, Challenger(job.models.load(artifact), features, table, test))
    settings = job.settings
    margin, approval = float(settings["anchor_margin"]), bool(settings["require_approval"])
    limits = Limits(float(settings["auc_threshold"]), margin, approval)
    champion = job.champions[0].version if job.champions else None
    verdict = verdict_on(auc, test.num_rows, limits, champion, compared, faults)
    if approval and model and model.version == champion and model.files["model"].sha256 == artifact.sha256:
        reason = f"Not promoted: it is the same model as champion {champion}, byte for byte, so there is no change."
        return replace(verdict, promote=False, waiting=False, reason=reason)
    return verdict if settings.get("promote", True) else registered_only(verdict)


def registered_only(verdict: PromotionVerdict) -> PromotionVerdict:
    """The verdict of a run that only registers its model, which keeps the reason of its test."""
    if not (verdict.promote or verdict.waiting):
        return verdict
    test = verdict.reason.partition(": ")[2] or verdict.reason
    reason = f"Not promoted: the run only registers its model, which passed its promotion test: {test}"
    return replace(verdict, promote=False, waiting=False, reason=reason)
