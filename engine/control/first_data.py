"""The extracts of a new deployment: an invented sample, or a folder that a person names."""

from collections.abc import Mapping
from pathlib import Path

from engine.control.extract_folder import default_folder, folder_has_extracts
from engine.control.runs import who
from engine.deployment import Deployment
from engine.errors import UnusableRequest
from jobs.sample.write import DEMO, Progress, SampleSpec, write_sample
from storage.lake.extracts import has_extracts
from storage.ledger.audit import Action, record_action
from storage.settings import is_remote


def make_sample(
    deployment: Deployment, spec: SampleSpec = DEMO, progress: Progress | None = None, by: str | None = None
) -> str:
    """The default folder of extracts, with a new sample in it. It is recorded in the audit log.

    Raises UsageError when the folder has extracts, and UnusableRequest when it is in an object store.
    """
    folder = default_folder(deployment)
    if is_remote(folder):
        raise UnusableRequest(
            f"{folder} is in an object store; make the sample in a folder (`sample DIR`), and copy it."
        )
    rows = write_sample(Path(folder), spec, progress)
    with deployment.ledger.writing() as connection:
        told = f"{sum(rows.values()):,} rows of {spec.customers:,} invented customers"
        record_action(connection, Action(by or who(), "sample", folder, told), deployment.ledger.now(connection))
    return folder


def found_extracts(deployment: Deployment, folder: str) -> Mapping[str, bool]:
    """For each dataset of the book whether the folder has it."""
    return {name: has_extracts(folder, [name]) for name in deployment.book.by_dataset}


def checked_folder(deployment: Deployment, folder: str) -> str:
    """The folder, absolute. Raises UnusableRequest when it is missing, or has no dataset of the book."""
    named = folder.strip()
    if not named:
        raise UnusableRequest("The folder is missing. Type the path of the folder that has the extracts.")
    place = named if is_remote(named) else str(Path(named).expanduser().absolute())
    if not is_remote(place) and not Path(place).is_dir():
        raise UnusableRequest(f"There is no folder {place}. Type the path of the folder that has the extracts.")
    if not folder_has_extracts(deployment, place):
        wanted = ", ".join(deployment.book.by_dataset)
        raise UnusableRequest(f"{place} has no extract. Book {deployment.book.name} reads {wanted} (.csv or .csv.gz).")
    return place
