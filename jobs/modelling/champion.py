"""The champion in use: the newest one whose files are unchanged since they were registered."""

from jobs.errors import JobError
from jobs.job import Job, log
from storage.lake.model_store import UntrustedModel
from storage.ledger.models import ModelVersion


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


def model_of(job: Job, version: str) -> ModelVersion:
    """The present or past champion with that version. Raises JobError when there is none."""
    for model in job.champions:
        if model.version == version:
            return model
    raise JobError(f"Model {version} was never champion here; run `python -m engine run inference` again.")
