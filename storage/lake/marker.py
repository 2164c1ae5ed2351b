"""The mark of a store's root: a small file with the id of the deployment that it belongs to."""

import json

from storage.errors import StorageError
from storage.files.folder import Folder

NAME = ".loanwatch-deployment"


def marked_as(folder: Folder) -> str | None:
    """The id of the deployment that a root belongs to; None for a root without a mark."""
    if folder.size(NAME) is None:
        return None
    try:
        return str(json.loads(folder.read(NAME))["deployment"])
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{folder.address}/{NAME} is damaged ({type(error).__name__}); if the files there belong to this ledger, "
            "delete it and run `python -m engine adopt`."
        ) from error


def mark(folder: Folder, deployment_id: str) -> None:
    """Writes the mark."""
    folder.write(NAME, json.dumps({"deployment": deployment_id}).encode() + b"\n")
