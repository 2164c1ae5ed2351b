"""Champions chosen by a person: promote a registered version, or roll back to the previous champion."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from engine.control.runs import who
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from jobs.modelling.definition import difference_from
from storage.lake.model_store import UntrustedModel
from storage.ledger.audit import Action, note
from storage.ledger.models import AliasEvent, ModelVersion, champions, model_by_alias, model_named, move_alias

Choice = Callable[[Connection], ModelVersion]


@dataclass(frozen=True)
class Promotion:
    """`version` replaced `before` (None for none) as champion; `who` promoted it, and `why`."""

    version: str
    before: str | None
    who: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """The promotion as plain JSON types."""
        return asdict(self)


def promote(deployment: Deployment, version: str, reason: str, by: str | None = None) -> Promotion:
    """The promotion of a registered version, after a check that its files have the registered bytes.

    UnusableRequest (exit code 2) for an empty reason or an unknown version; Refused (5) when the version is champion
    already, was trained with another label definition than the book's, or
    has a missing or damaged file. The alias and the audit log change in one transaction.
    """
    return _promoted(
        deployment, lambda connection: _known(connection, version), Action(by or who(), "promote", version, reason)
    )


def rollback(deployment: Deployment, reason: str, by: str | None = None) -> Promotion:
    """The promotion of the previous champion: the newest other version in the alias's history.

    Errors as for `promote`; Refused (5) too when there is no previous champion.
    """
    return _promoted(deployment, _champion_before, Action(by or who(), "rollback", "", reason))


def _promoted(deployment: Deployment, chosen: Choice, action: Action) -> Promotion:
    reason = action.reason.strip()
    if not reason:
        raise UnusableRequest(f"--reason is empty; give the reason for the {action.action}.")
    with deployment.ledger.reading() as connection:
        model = chosen(connection)
    _check_definition(deployment, model)
    _check_files(deployment, model)  # before the write lock is taken: big files take a while to read
    now = deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        present = model_by_alias(connection)
        if present is not None and present.version == model.version:
            raise Refused(f"Model {model.version} is champion already; there is nothing to {action.action}.")
        if chosen(connection).version != model.version:
            raise Refused("Another champion was chosen meanwhile; check `python -m engine models` and try again.")
        move_alias(connection, AliasEvent(model.version, action.who, reason), now)
        note(connection, Action(action.who, action.action, model.version, reason), now)
    return Promotion(model.version, present.version if present else None, action.who, reason)


def _known(connection: Connection, version: str) -> ModelVersion:
    model = model_named(connection, version)
    if model is None:
        raise UnusableRequest(f"There is no model {version!r}; `python -m engine models` lists the versions.")
    return model


def _champion_before(connection: Connection) -> ModelVersion:
    past = champions(connection, limit=2)
    if len(past) < 2:
        there = f"{past[0].version} is the only champion so far" if past else "there is no champion yet"
        raise Refused(f"There is nothing to roll back to: {there}; promote another version with `promote VERSION`.")
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
    """Refused when a file of the model does not have the bytes that were registered."""
    for facts in model.files.values():
        try:
            deployment.models.read(facts)
        except UntrustedModel as error:
            raise Refused(
                f"Model {model.version} can't become champion: {error.path} is not the registered file ({error.why}); "
                "restore the file from a backup, choose another version, or train again."
            ) from error
