"""Which folder of extracts a run reads: every rule about it is here."""

from sqlalchemy import Connection, select

from engine.deployment import Deployment
from storage.db.schema import runs
from storage.lake.extracts import has_extracts


def default_folder(deployment: Deployment) -> str:
    """The folder of the setting `data`, else HOME/data."""
    return deployment.settings.data or str(deployment.settings.home.absolute() / "data")


def folder_for(connection: Connection, deployment: Deployment, pipeline: str) -> str:
    """The folder that a run of the pipeline reads unless the run names one; '' for none.

    Training reads the default folder. The other pipelines read what was read last, so that they follow the book in
    use; without extracts there they work from the published tables.
    """
    if deployment.settings.data or pipeline == "training":
        return default_folder(deployment)
    return folder_read_last(connection, deployment)


def folder_for_unattended_training(connection: Connection, deployment: Deployment) -> str:
    """The folder that a scheduled training has to name: '' when the default folder is right, else the one read last."""
    if deployment.settings.data or folder_has_extracts(deployment, default_folder(deployment)):
        return ""
    return folder_read_last(connection, deployment)


def folder_read_last(connection: Connection, deployment: Deployment) -> str:
    """The folder of the newest successful run that read extracts, else the default one; '' when it has no extracts."""
    readers = runs.c.pipeline.in_(("training", "inference")) & (runs.c.state == "succeeded")
    query = select(runs.c.snapshot).where(readers).order_by(runs.c.finished_at.desc()).limit(100)
    read = [str(found["data"]) for found in connection.execute(query).scalars() if found.get("data")]
    folder = read[0] if read else default_folder(deployment)
    return folder if folder_has_extracts(deployment, folder) else ""


def folder_has_extracts(deployment: Deployment, folder: str) -> bool:
    """Whether the folder has any of the book's datasets."""
    return has_extracts(folder, list(deployment.book.by_dataset))
