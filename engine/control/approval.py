"""The decision of a second person on a model that waits for approval: approve or reject."""

from sqlalchemy import Connection

from engine.control.promotion import Promotion, check_model, checked_reason, registered
from engine.control.runs import who
from engine.deployment import Deployment
from engine.errors import Refused
from storage.ledger.approvals import (
    APPROVED,
    REJECTED,
    Approval,
    ApprovalEvent,
    approvals_by_version,
    open_request,
    record_approval,
)
from storage.ledger.audit import Action, record_action
from storage.ledger.models import AliasEvent, move_alias
from storage.ledger.runs import run_row


def approve(deployment: Deployment, version: str, reason: str, by: str | None = None) -> Promotion:
    """Makes a model champion whose approval was requested; it is the anchor of later promotion tests.

    Raises UnusableRequest (exit code 2) for an empty reason or an unknown version, and Refused (5) when there is no
    open request, when the person requested it or the training of the model (two spellings of one name are one person),
    when it was superseded, and when the model has another label definition than the book or a damaged file. All of this
    holds whatever the settings of the person are. Alias, decision and audit log change in one transaction.
    """
    action = Action(by or who(), "approve", version, reason)
    why = checked_reason(action)
    with deployment.ledger.reading() as connection:
        model = registered(connection, version)
    check_model(deployment, model)  # before the transaction, because reading large files would block other writers
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        request = _open_request(connection, version)
        if any(is_same_person(action.who, name) for name in requesters(connection, request)):
            raise Refused(
                f"{action.who} requested the approval of model {version} and can't approve it; another person has to."
            )
        record_approval(connection, ApprovalEvent(version, APPROVED, request.champion, action.who, why), now)
        told = f"{why} (approved; requested by {request.who})"
        move_alias(connection, AliasEvent(version, action.who, told), now)
        changes = {"champion": [request.champion, version]}
        record_action(connection, Action(action.who, action.action, version, why, changes), now)
    return Promotion(version, request.champion, action.who, why)


def reject(deployment: Deployment, version: str, reason: str, by: str | None = None) -> Approval:
    """Ends the request for the approval of a model, which stays registered. Returns the request.

    The person who requested it may do so too. Raises the errors of `approve` about reason, version and open request.
    """
    action = Action(by or who(), "reject", version, reason)
    why = checked_reason(action)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        registered(connection, version)
        request = _open_request(connection, version)
        record_approval(connection, ApprovalEvent(version, REJECTED, request.champion, action.who, why), now)
        record_action(connection, Action(action.who, action.action, version, why), now)
    return request


def approve_command(version: str) -> str:
    """The command that approves a version."""
    return f"python -m engine approve {version} --reason WHY"


def reject_command(version: str) -> str:
    """The command that rejects a version."""
    return f"python -m engine reject {version} --reason WHY"


def no_champion(connection: Connection, advice: str) -> str:
    """The sentence that there is no champion, and what to do: approve the model that waits, else the `advice`."""
    request = open_request(connection)
    if request is None:
        return f"There is no champion yet; {advice}."
    return (
        f"There is no champion yet; model {request.version} waits for approval: `{approve_command(request.version)}`."
    )


def rejected_in_words(request: Approval) -> str:
    """What a rejection changed, by the request that it ended: any change of champion would have ended it before."""
    stays = "The champion stays." if request.champion else "There is still no champion."
    return f"Model {request.version} was rejected. {stays}"


def requesters(connection: Connection, request: Approval) -> list[str]:
    """Who requested the approval, and who requested the run that did so, or a run that it resumed."""
    names, run_id = [request.who], request.run_id
    while run_id is not None:
        run = run_row(connection, run_id)
        names.append(run.requested_by)
        run_id = run.parent_run_id
    return names


def is_same_person(a: str, b: str) -> bool:
    """Whether two names are spellings of one: upper or lower case, with or without outer spaces."""
    return a.strip().casefold() == b.strip().casefold()


def _open_request(connection: Connection, version: str) -> Approval:
    """The request that waits for a decision. Refused when there is none."""
    request = approvals_by_version(connection).get(version)
    if request is not None and request.state == "superseded":
        raise Refused(
            f"The request for model {version} can't be decided any more: {request.why[:1].lower()}{request.why[1:-1]} "
            f"since; run training again, or request it again with `python -m engine promote {version} --reason WHY`."
        )
    if request is None or request.state != "waiting":
        raise Refused(f"Model {version} does not wait for approval; `python -m engine models` shows which ones do.")
    return request
