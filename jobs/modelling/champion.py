"""The champion in use: the newest one whose files are unchanged since they were registered."""

import json
from importlib.metadata import version

from jobs.errors import JobError
from jobs.job import Job, log
from storage.lake.model_store import ModelStore, UntrustedModel
from storage.ledger.models import ModelVersion

PICKLED_BY = "scikit-learn"


def serving_champion(job: Job) -> tuple[ModelVersion | None, list[str]]:
    """(the champion in use, None if there is none; the versions of newer champions whose files were refused).

    A champion whose files changed since they were registered is never opened. The one before it is used instead, and
    the log says so.
    """
    refused: list[str] = []
    for model in job.champions:
        try:
            for facts in model.files.values():
                job.models.read(facts)
        except UntrustedModel as error:
            log.error("%s", error)
            refused.append(model.version)
        else:
            return model, refused
    return None, refused


def check_libraries(job: Job, model: ModelVersion) -> None:
    """Raises JobError when a model was pickled by another minor version of scikit-learn than this process has."""
    if reason := other_libraries(model, job.models):
        raise JobError(reason)


def other_libraries(model: ModelVersion, store: ModelStore) -> str | None:
    """A sentence when a model was trained with another minor version of scikit-learn than this process has."""
    metadata = json.loads(store.read(model.files["metadata"]))
    trained, here = metadata.get("libraries", {}).get(PICKLED_BY), version(PICKLED_BY)
    if trained is None or trained.split(".")[:2] == here.split(".")[:2]:
        return None
    return (
        f"Model {model.version} was trained with {PICKLED_BY} {trained}, and here is {here}; "
        "run `python -m engine run training`, or install that version."
    )


def model_of(job: Job, version: str) -> ModelVersion:
    """The present or past champion with that version. Raises JobError when there is none."""
    for model in job.champions:
        if model.version == version:
            return model
    raise JobError(f"Model {version} was never champion here; run `python -m engine run inference` again.")
