"""A changed threshold of the deployment is in the audit log once, with its value before and after."""

from engine.control.settings_log import record_changed_settings
from engine.deployment import Deployment
from storage.ledger.audit import ActionFilter, action_page


def test_a_changed_threshold_is_recorded_once_with_before_and_after(deployment: Deployment) -> None:
    assert record_changed_settings(deployment) == {}
    for threshold, changes in (
        (0.75, {"auc_threshold": [0.7, 0.75]}),
        (0.75, {}),
        (0.7, {"auc_threshold": [0.75, 0.7]}),
    ):
        changed = deployment.with_settings(deployment.settings.changed(auc_threshold=threshold))
        assert record_changed_settings(changed) == changes
    with deployment.ledger.reading() as connection:
        rows = action_page(connection, ActionFilter(action="change settings"), 10)
    assert [row.changes["auc_threshold"] for row in rows] == [[0.75, 0.7], [0.7, 0.75]]
