"""The rules for the folder of extracts that a run reads. A trial, which a person runs on another one, is left out."""

from sqlalchemy import Row, Select, select

from engine.deployment import Deployment
from storage.db.schema import runs
from storage.lake.extracts import has_extracts
from storage.ledger.runs import IS_OFFICIAL

READERS = ("training", "inference")


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
    adopted = runs.c.cause_detail["adopts"].as_string().is_not(None)
    newest = _newest(deployment, _read().where(adopted).limit(1))
    folder = str(newest[0].snapshot.get("data", "")) if newest else ""
    return folder if folder and folder_has_extracts(deployment, folder) else ""


def folder_read_last(deployment: Deployment) -> str:
    """The folder that the newest successful run read, else the default one; '' when that folder has no extracts."""
    folders = [str(row.snapshot["data"]) for row in _newest(deployment, _read().limit(100)) if row.snapshot.get("data")]
    folder = folders[0] if folders else default_folder(deployment)
    return folder if folder_has_extracts(deployment, folder) else ""


def has_read_extracts(deployment: Deployment) -> bool:
    """Whether a run succeeded that read extracts, apart from trials."""
    return bool(_newest(deployment, _read().limit(1)))


def folder_has_extracts(deployment: Deployment, folder: str) -> bool:
    """Whether the folder has any of the book's datasets."""
    return has_extracts(folder, list(deployment.book.by_dataset))


def _read() -> Select[tuple[dict[str, object]]]:
    """The snapshots of the successful runs that read extracts, newest first."""
    readers = runs.c.pipeline.in_(READERS) & (runs.c.state == "succeeded") & IS_OFFICIAL
    return select(runs.c.snapshot).where(readers).order_by(runs.c.finished_at.desc())


def _newest(deployment: Deployment, query: Select[tuple[dict[str, object]]]) -> "list[Row[tuple[dict[str, object]]]]":
    with deployment.ledger.reading() as connection:
        return list(connection.execute(query).all())
