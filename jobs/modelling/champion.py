"""The champion that serves: the newest one whose files are still those that were registered."""

from jobs.job import Job, log
from storage.lake.model_store import UntrustedModel
from storage.ledger.models import ModelVersion


def serving_champion(job: Job) -> tuple[ModelVersion | None, list[str]]:
    """(the champion that serves, None if none can; the versions of newer champions whose files were refused).

    A champion whose files are not those that were registered is never opened; the one before it serves, and the log
    says so.
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
