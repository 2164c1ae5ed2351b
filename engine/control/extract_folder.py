"""The rules for the folder of extracts that a run reads. A trial, which a person runs on another one, is left out."""

from sqlalchemy import ColumnElement, select

from engine.deployment import Deployment
from storage.db.schema import runs
from storage.lake.extracts import has_extracts
from storage.ledger.runs import IS_OFFICIAL

HAS_READ = runs.c.pipeline.in_(("training", "inference")) & (runs.c.state == "succeeded") & IS_OFFICIAL


def default_folder(deployment: Deployment) -> str:
    """The folder of the setting `data`, else HOME/data."""
    return deployment.settings.data or str(deployment.settings.home.absolute() / "data")


def folder_for(deployment: Deployment, pipeline: str) -> str:
    """The folder that a run of the pipeline reads when it has no parameter `data`; '' for none.

    Training reads the adopted folder, else the default one. The other pipelines read the folder that was read last, so
    that they use the same book; when it has no extracts, they use the published tables. It may look into a store that
    is slow, so it is asked before a transaction of the ledger begins.
    """
    if deployment.settings.data:
        return default_folder(deployment)
    if pipeline == "training":
        return adopted_folder(deployment) or default_folder(deployment)
    return folder_read_last(deployment)


def folder_for_unattended_training(deployment: Deployment) -> str:
    """The folder for a scheduled training: '' for the default folder when that has extracts, else the one read last.

    A folder that a person adopted goes before the default one.
    """
    if deployment.settings.data:
        return ""
    adopted = adopted_folder(deployment)
    if adopted:
        return adopted
    return "" if folder_has_extracts(deployment, default_folder(deployment)) else folder_read_last(deployment)


def folder_in_use(deployment: Deployment, pipeline: str) -> str:
    """The folder that scheduled runs of the pipeline read now."""
    found = folder_for_unattended_training(deployment) if pipeline == "training" else folder_for(deployment, pipeline)
    return found or default_folder(deployment)


def adopted_folder(deployment: Deployment) -> str:
    """The folder that a person adopted last by a run that succeeded; '' when there is none, or it has no extracts."""
    folder = _newest_folder(deployment, runs.c.cause_detail["adopts"].as_string().is_not(None))
    return folder if folder and folder_has_extracts(deployment, folder) else ""


def folder_read_last(deployment: Deployment) -> str:
    """The folder that the newest successful run read, else the default one; '' when that folder has no extracts."""
    folder = _newest_folder(deployment) or default_folder(deployment)
    return folder if folder_has_extracts(deployment, folder) else ""


def has_read_extracts(deployment: Deployment) -> bool:
    """Whether a run succeeded that read extracts, apart from trials."""
    with deployment.ledger.reading() as connection:
        return connection.execute(select(runs.c.run_id).where(HAS_READ).limit(1)).first() is not None


def folder_has_extracts(deployment: Deployment, folder: str) -> bool:
    """Whether the folder has any of the book's datasets."""
    return has_extracts(folder, list(deployment.book.by_dataset))


def _newest_folder(deployment: Deployment, *conditions: ColumnElement[bool]) -> str:
    """The folder of the newest successful run that read one and meets the conditions; '' when there is none."""
    folder = runs.c.snapshot["data"].as_string()
    query = select(folder).where(HAS_READ, folder != "", *conditions).order_by(runs.c.finished_at.desc()).limit(1)
    with deployment.ledger.reading() as connection:
        return str(connection.execute(query).scalar() or "")
