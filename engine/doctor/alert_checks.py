"""The check of alerts: whether a channel is set, and whether the last message of each was delivered."""

from collections.abc import Iterator

from engine.alerts.actions import NO_CHANNEL
from engine.deployment import Deployment
from engine.doctor.finding import Finding
from storage.ledger.alerts.messages import last_ended


def alert_channels(deployment: Deployment) -> Iterator[Finding]:
    """A warning when nobody is told of alerts, and one for each channel whose last message failed."""
    channels = deployment.settings.alert_channels
    if not channels:
        yield Finding("alerts", "warning", NO_CHANNEL)
        return
    with deployment.ledger.reading() as connection:
        failed = [row for row in last_ended(connection) if row.state == "failed" and row.channel in channels]
    for row in failed:
        advice = "correct it, try it with `alerts test`, then send it again with `alerts retry`"
        yield Finding("alerts", "warning", f"The last message by {row.channel} failed ({row.error}); {advice}.")
    if not failed:
        yield Finding("alerts", "ok", f"told by {', '.join(channels)}")
