"""Whose the roots of the stores are. A root of another deployment is neither written to nor cleaned."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.deployment import Deployment
from engine.errors import Refused
from storage.errors import MissingBucket, StorageError
from storage.files.drafts import drafted
from storage.files.folder import Folder
from storage.lake.marker import NAME, mark, marked_as
from storage.lake.parts import PART_NAME
from storage.ledger.models import registered_models
from storage.ledger.operation.stores import deployment_id, recorded, results_with, run_ends

OURS, FREE, FOREIGN, UNKNOWN, MISSING = "ours", "free", "foreign", "unknown", "missing"
REFUSED = (FOREIGN, UNKNOWN, MISSING)


@dataclass(frozen=True)
class Root:
    """The root of one store, and whose it is.

    `state` is ours; free, when it has no mark and is empty or has files that this ledger records; foreign, when it is
    marked by another deployment; unknown, when it has no mark and files of which the ledger knows none; missing, when
    its bucket does not exist, of which `told` is the sentence.
    """

    store: str
    folder: Folder
    ours: str
    marked: str | None
    state: str
    told: str = ""

    @property
    def address(self) -> str:
        return self.folder.address

    def refusal(self, ledger: str) -> str:
        """Why it is not used: the sentence for a person, which names both and what to do."""
        if self.told:
            return self.told
        setting = f"LOANWATCH_{self.store.upper()}"
        advice = f"correct {setting} or LOANWATCH_LEDGER, or run `python -m engine adopt` if they belong together."
        if self.state == FOREIGN:
            return (
                f"{self.address} belongs to deployment {self.marked}, but the ledger {ledger} to deployment "
                f"{self.ours}, so nothing was written or removed; {advice}"
            )
        return (
            f"{self.address} has files, no mark of a deployment, and nothing that the ledger {ledger} of deployment "
            f"{self.ours} records, so nothing was written or removed; {advice}"
        )


def check_stores(deployment: Deployment) -> None:
    """Takes the roots that are free. Raises Refused (exit code 5) for one of another deployment, before any change."""
    found = roots_of(deployment)
    for root in found:
        if root.state in REFUSED:
            raise Refused(root.refusal(deployment.ledger.address))
    for root in found:
        if root.state == FREE:
            mark(root.folder, root.ours)
            if (now := marked_as(root.folder)) != root.ours:  # another deployment took it at the same time
                raise Refused(Root(root.store, root.folder, root.ours, now, FOREIGN).refusal(deployment.ledger.address))


def adopt_roots(deployment: Deployment) -> list[Root]:
    """Marks every root as this deployment's. Returns those that were not. Raises Refused for a missing bucket."""
    taken = [root for root in roots_of(deployment) if root.state != OURS]
    for root in taken:
        if root.state == MISSING:
            raise Refused(root.told)
    for root in taken:
        mark(root.folder, root.ours)
    return taken


def roots_of(deployment: Deployment) -> list[Root]:
    """The roots of the three stores. It only reads."""
    roots, retry = deployment.roots, deployment.settings.storage_retry
    with deployment.ledger.reading() as connection:
        ours = deployment_id(connection)
    found = []
    for store, root in (("datamart", roots.datamart), ("models", roots.models), ("reports", roots.reports)):
        folder = Folder.at(root, retry, f"LOANWATCH_{store.upper()}")
        marked, told = None, ""
        try:
            marked = marked_as(folder)
            state = _unmarked(deployment, store, folder) if marked is None else OURS if marked == ours else FOREIGN
        except MissingBucket as error:
            state, told = MISSING, str(error)
        except OSError as error:
            raise StorageError(
                f"{folder.address} can't be read ({error}); correct its address or permissions."
            ) from error
        found.append(Root(store, folder, ours, marked, state, told))
    return found


def _unmarked(deployment: Deployment, store: str, folder: Folder) -> str:
    sizes = {name: size for name, size in folder.sizes("").items() if (drafted(name, PART_NAME) or name) != NAME}
    if not sizes:
        folder.refuse_missing_bucket()
        return FREE
    known = {"datamart": _knows_tables, "models": _knows_models, "reports": _knows_reports}[store]
    return FREE if known(deployment, folder, sizes) else UNKNOWN


def _knows_tables(deployment: Deployment, _: Folder, sizes: dict[str, int]) -> bool:
    stored = set(_versions_in(sizes))
    with deployment.ledger.reading() as connection:
        return bool(set(recorded(connection, stored)) & stored or run_ends(connection, {name for _, name in stored}))


def _versions_in(sizes: dict[str, int]) -> Iterator[tuple[str, str]]:
    for name in sizes:
        path = name.split("/")
        if path[0] == ".versions" and len(path) > 4:
            yield f"{path[1]}.{path[2]}", path[3]


def _knows_models(deployment: Deployment, folder: Folder, sizes: dict[str, int]) -> bool:
    with deployment.ledger.reading() as connection:
        facts = [each for model in registered_models(connection) for each in model.files.values()]
        facts += [each for _, each in results_with(connection, "artifacts")]
    # The newest version alone could be of the same second as another deployment's, so bytes are compared too.
    return any(sizes.get(each.name) == each.bytes and folder.sha256(each.name) == each.sha256 for each in facts)


def _knows_reports(deployment: Deployment, folder: Folder, sizes: dict[str, int]) -> bool:
    if not deployment.settings.reports:
        return True  # the home's own folder, where people put files too; only what the ledger records is removed
    with deployment.ledger.reading() as connection:
        facts = [each for _, each in results_with(connection, "reports")]
    return any(sizes.get(each.name) == each.bytes and folder.sha256(each.name) == each.sha256 for each in facts)
