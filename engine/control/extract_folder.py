"""The rules for the folder of extracts that a run reads."""

from sqlalchemy import select

from engine.deployment import Deployment
from storage.db.schema import runs
from storage.lake.extracts import has_extracts


def default_folder(deployment: Deployment) -> str:
    """The folder of the setting `data`, else HOME/data."""
    return deployment.settings.data or str(deployment.settings.home.absolute() / "data")


def folder_for(deployment: Deployment, pipeline: str) -> str:
    """The folder that a run of the pipeline reads when it has no parameter `data`; '' for none.

    Training reads the default folder. The other pipelines read the folder that was read last, so that they use the same
    book; when it has no extracts, they use the published tables. It may look into a store that is slow, so it is asked
    before a transaction of the ledger begins.
    """
    if deployment.settings.data or pipeline == "training":
        return default_folder(deployment)
    return folder_read_last(deployment)


def folder_for_unattended_training(deployment: Deployment) -> str:
    """The folder for a scheduled training: '' for the default folder when that has extracts, else the one read last."""
    if deployment.settings.data or folder_has_extracts(deployment, default_folder(deployment)):
        return ""
    return folder_read_last(deployment)


def folder_read_last(deployment: Deployment) -> str:
    """The folder that the newest successful run read, else the default one; '' when that folder has no extracts."""
    readers = runs.c.pipeline.in_(("training", "inference")) & (runs.c.state == "succeeded")
    query = select(runs.c.snapshot).where(readers).order_by(runs.c.finished_at.desc()).limit(100)
    with deployment.ledger.reading() as connection:
        snapshots = connection.execute(query).scalars().all()
    folders = [str(snapshot["data"]) for snapshot in snapshots if snapshot.get("data")]
    folder = folders[0] if folders else default_folder(deployment)
    return folder if folder_has_extracts(deployment, folder) else ""


def folder_has_extracts(deployment: Deployment, folder: str) -> bool:
    """Whether the folder has any of the book's datasets."""
    return has_extracts(folder, list(deployment.book.by_dataset))
