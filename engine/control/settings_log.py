"""Changes of the deployment's thresholds in the audit log: they are set in the environment, so a worker notes them."""

from typing import Any

from engine.control.runs import who
from engine.control.trials import JUDGING
from engine.deployment import Deployment
from storage.ledger.audit import Action, ActionFilter, action_page, record_action
from storage.settings import Settings

NOTED = (*JUDGING, "anchor_margin", "cooldown_days", "promote", "require_approval", "quarantine_limit", "shrink_limit")
CHANGE, SUBJECT = "change settings", "settings"
WHY = "Found at the start of a worker, under whose account it was started."


def record_changed_settings(deployment: Deployment) -> dict[str, list[Any]]:
    """The value before and the value now of each threshold that is another one than when a worker last started.

    They are recorded in the audit log. Before the first record a threshold has its default.
    """
    now = deployment.settings.model_dump(mode="json")
    with deployment.ledger.writing() as connection:
        before = {name: Settings.model_fields[name].default for name in NOTED}
        known = action_page(connection, ActionFilter(action=CHANGE, subject=SUBJECT), 1000)
        for row in reversed(known):
            before |= {name: after for name, (_, after) in (row.changes or {}).items() if name in before}
        changes = {name: [value, now[name]] for name, value in before.items() if value != now[name]}
        if changes:
            act = Action(who(), CHANGE, SUBJECT, WHY, changes)
            record_action(connection, act, deployment.ledger.now(connection))
    return changes
