"""Manual promotion: promote a registered version, or roll back to the previous champion.

With the setting `require_approval` a promotion waits for a second person (engine.control.approval). It does so too for
a model that was registered under this rule or whose approval was requested once, so that nobody gets round the rule in
an environment without the setting. A rollback never waits, because it ends an emergency.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection

from engine.control.runs import who
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from jobs.modelling.definition import difference_from
from storage.lake.model_store import UntrustedModel
from storage.ledger.approvals import REQUESTED, Approval, ApprovalEvent, approvals_by_version, record_approval
from storage.ledger.audit import Action, record_action
from storage.ledger.models import AliasEvent, ModelVersion, champions, model_by_alias, model_named, move_alias

Choice = Callable[[Connection], ModelVersion]


@dataclass(frozen=True)
class Promotion:
    """`version` replaced `before` (None for none) as champion, or waits for approval to do so.

    `who` promoted, approved or requested it; `why` is the reason.
    """

    version: str
    before: str | None
    who: str
    why: str
    waiting: bool = False

    def as_json(self) -> dict[str, Any]:
        """The promotion as plain JSON types."""
        return asdict(self)


def promote(deployment: Deployment, version: str, reason: str, by: str | None = None) -> Promotion:
    """Promotes a registered version after a check that its files have the registered bytes.

    Where it `needs_approval` it only requests the approval of another person. Raises UnusableRequest (exit code 2) for
    an empty reason or an unknown version, and Refused (5) when the version is champion already or waits for approval
    already, was trained with another label definition than the book's, or has a missing or damaged file. Alias or
    request, and audit log, change in one transaction.
    """
    action = Action(by or who(), "promote", version, reason)
    return _changed(deployment, lambda connection: registered(connection, version), action)


def rollback(deployment: Deployment, reason: str, by: str | None = None) -> Promotion:
    """Promotes the previous champion: the newest other version in the history of the alias.

    Raises the errors of `promote`, and Refused (5) when there is no previous champion.
    """
    return _changed(deployment, _champion_before, Action(by or who(), "rollback", "", reason))


def needs_approval(deployment: Deployment, model: ModelVersion, approval: Approval | None) -> bool:
    """Whether a promotion of a model with this newest approval, if any, needs a second person."""
    return deployment.settings.require_approval or model.needs_approval or approval is not None


def _changed(deployment: Deployment, chosen: Choice, action: Action) -> Promotion:
    reason = checked_reason(action)
    with deployment.ledger.reading() as connection:
        model = chosen(connection)
    check_model(deployment, model)  # before the transaction, because reading large files would block other writers
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        current = model_by_alias(connection)
        before = current.version if current else None
        if before == model.version:
            raise Refused(f"Model {model.version} is champion already; choose another version.")
        if chosen(connection).version != model.version:
            raise Refused("The champion changed in the meantime; check `python -m engine models` and try again.")
        approval = approvals_by_version(connection).get(model.version)
        waits = action.action == "promote" and needs_approval(deployment, model, approval)
        if waits:
            _refuse_waiting(approval)
            record_approval(connection, ApprovalEvent(model.version, REQUESTED, before, action.who, reason), now)
            action = replace(action, action="request approval")
        else:
            action = replace(action, changes={"champion": [before, model.version]})
            move_alias(connection, AliasEvent(model.version, action.who, reason), now)
        record_action(connection, replace(action, subject=model.version, reason=reason), now)
    return Promotion(model.version, before, action.who, reason, waits)


def checked_reason(action: Action) -> str:
    """The reason of an action without outer spaces. Raises UnusableRequest when it is empty."""
    reason = action.reason.strip()
    if not reason:
        raise UnusableRequest(f"--reason is empty; give the reason for this action ({action.action}).")
    return reason


def check_model(deployment: Deployment, model: ModelVersion) -> None:
    """Refused when a model has another label definition than the book, or a file without the registered bytes."""
    _check_definition(deployment, model)
    _check_files(deployment, model)


def registered(connection: Connection, version: str) -> ModelVersion:
    """The registered model with that version. Raises UnusableRequest when there is none."""
    model = model_named(connection, version)
    if model is None:
        raise UnusableRequest(f"There is no model {version!r}; `python -m engine models` lists the versions.")
    return model


def _refuse_waiting(approval: Approval | None) -> None:
    if approval is not None and approval.state == "waiting":
        raise Refused(
            f"Model {approval.version} waits for approval already (requested by {approval.who}); "
            f"another person decides with `python -m engine approve {approval.version} --reason WHY`."
        )


def _champion_before(connection: Connection) -> ModelVersion:
    past = champions(connection, limit=2)
    if len(past) < 2:
        reason = f"{past[0].version} is the only champion so far" if past else "there is no champion yet"
        raise Refused(f"There is no previous champion: {reason}; promote another version with `promote VERSION`.")
    return past[1]


def _check_definition(deployment: Deployment, model: ModelVersion) -> None:
    difference = difference_from(model, deployment.book)
    if difference is not None:
        raise Refused(
            f"Model {model.version} can't become champion of book {deployment.book.name}: it was trained with another "
            f"label definition. {difference} Choose another version, or train again."
        )


def _check_files(deployment: Deployment, model: ModelVersion) -> None:
    for facts in model.files.values():
        try:
            deployment.models.read(facts)
        except UntrustedModel as error:
            raise Refused(
                f"Model {model.version} can't become champion: {error.path} is not the registered file "
                f"({error.reason}); restore the file from a backup, choose another version, or train again."
            ) from error
