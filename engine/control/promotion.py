"""Manual promotion: promote a registered version, or roll back to the previous champion."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from engine.control.runs import who
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from jobs.modelling.definition import difference_from
from storage.lake.model_store import UntrustedModel
from storage.ledger.audit import Action, record_action
from storage.ledger.models import AliasEvent, ModelVersion, champions, model_by_alias, model_named, move_alias

Choice = Callable[[Connection], ModelVersion]


@dataclass(frozen=True)
class Promotion:
    """`version` replaced `before` (None for none) as champion. `who` promoted it, `why` is the reason."""

    version: str
    before: str | None
    who: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """The promotion as plain JSON types."""
        return asdict(self)


def promote(deployment: Deployment, version: str, reason: str, by: str | None = None) -> Promotion:
    """Promotes a registered version after a check that its files have the registered bytes.

    Raises UnusableRequest (exit code 2) for an empty reason or an unknown version, and Refused (5) when the version is
    champion already, was trained with another label definition than the book's, or has a missing or damaged file. Alias
    and audit log change in one transaction.
    """
    return _promoted(
        deployment, lambda connection: _registered(connection, version), Action(by or who(), "promote", version, reason)
    )


def rollback(deployment: Deployment, reason: str, by: str | None = None) -> Promotion:
    """Promotes the previous champion: the newest other version in the history of the alias.

    Raises the errors of `promote`, and Refused (5) when there is no previous champion.
    """
    return _promoted(deployment, _champion_before, Action(by or who(), "rollback", "", reason))


def _promoted(deployment: Deployment, chosen: Choice, action: Action) -> Promotion:
    reason = action.reason.strip()
    if not reason:
        raise UnusableRequest(f"--reason is empty; give the reason for the {action.action}.")
    with deployment.ledger.reading() as connection:
        model = chosen(connection)
    _check_definition(deployment, model)
    _check_files(deployment, model)  # before the transaction, because reading large files would block other writers
    now = deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        current = model_by_alias(connection)
        if current is not None and current.version == model.version:
            raise Refused(f"Model {model.version} is champion already; choose another version.")
        if chosen(connection).version != model.version:
            raise Refused("The champion changed in the meantime; check `python -m engine models` and try again.")
        move_alias(connection, AliasEvent(model.version, action.who, reason), now)
        record_action(connection, Action(action.who, action.action, model.version, reason), now)
    return Promotion(model.version, current.version if current else None, action.who, reason)


def _registered(connection: Connection, version: str) -> ModelVersion:
    model = model_named(connection, version)
    if model is None:
        raise UnusableRequest(f"There is no model {version!r}; `python -m engine models` lists the versions.")
    return model


def _champion_before(connection: Connection) -> ModelVersion:
    past = champions(connection, limit=2)
    if len(past) < 2:
        reason = f"{past[0].version} is the only champion so far" if past else "there is no champion yet"
        raise Refused(f"There is no previous champion: {reason}; promote another version with `promote VERSION`.")
    return past[1]


def _check_definition(deployment: Deployment, model: ModelVersion) -> None:
    """Refused when the model was trained with another label definition than the book's."""
    difference = difference_from(model, deployment.book)
    if difference is not None:
        raise Refused(
            f"Model {model.version} can't become champion of book {deployment.book.name}: it was trained with another "
            f"label definition. {difference} Choose another version, or train again."
        )


def _check_files(deployment: Deployment, model: ModelVersion) -> None:
    """Raises Refused when a file of the model does not have the registered bytes."""
    for facts in model.files.values():
        try:
            deployment.models.read(facts)
        except UntrustedModel as error:
            raise Refused(
                f"Model {model.version} can't become champion: {error.path} is not the registered file "
                f"({error.reason}); restore the file from a backup, choose another version, or train again."
            ) from error
