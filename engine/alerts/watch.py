"""Who looks and who sends: threads of the worker and of the scheduler, so that each sees the silence of the other."""

import logging
from contextlib import ExitStack, suppress
from time import monotonic

from engine.alerts.delivery import deliver_next
from engine.alerts.evaluation import evaluate
from engine.deployment import Deployment
from engine.process.background import Background
from storage.alert_settings import ChannelName
from storage.errors import LoanwatchError

log = logging.getLogger("loanwatch.engine")

PAUSE = 0.5  # seconds between two looks for messages that are due
PAUSE_AFTER_ERROR = 2.0


class Watch(Background):
    """Looks at the rules of alerts every few seconds."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__("alerts")
        self._deployment = deployment
        self._steady_since = monotonic()

    def work(self) -> None:
        pause = self._deployment.settings.alert_seconds
        while not self.ended.wait(pause):
            try:
                evaluate(self._deployment, steady=self._is_steady())
            except LoanwatchError as error:
                log.warning("Alerts can't be judged now: %s", error)
                self._steady_since = monotonic()
            except Exception as error:  # noqa: BLE001 - a fault in one look must not end the watch
                log.error("Alerts can't be judged now (%s).", type(error).__name__)  # noqa: TRY400

    def _is_steady(self) -> bool:
        """Whether every process could beat for a lease: the ledger was in reach, as far as this process knows."""
        return monotonic() - self._steady_since > self._deployment.settings.lease


class Sender(Background):
    """Delivers the messages of one channel, one after the other."""

    def __init__(self, deployment: Deployment, channel: ChannelName) -> None:
        super().__init__(f"alerts by {channel}")
        self._deployment = deployment
        self._channel = channel

    def work(self) -> None:
        while not self.ended.wait(PAUSE):
            try:
                while not self.ended.is_set() and deliver_next(self._deployment, self._channel):
                    pass
            except LoanwatchError as error:
                log.warning("Alerts can't be sent now: %s", error)
                self.ended.wait(PAUSE_AFTER_ERROR)
            except Exception as error:  # noqa: BLE001 - a fault in one message must not end the sender
                log.error("Alerts by %s can't be sent now (%s).", self._channel, type(error).__name__)  # noqa: TRY400
                self.ended.wait(PAUSE_AFTER_ERROR)


def watching(deployment: Deployment) -> ExitStack:
    """A block in which this process looks for alerts and sends the messages of every channel that is set."""
    with suppress(LoanwatchError):  # each look tells why the book can't be used; here it is read before the threads are
        _ = deployment.pipelines
    with ExitStack() as threads:
        threads.enter_context(Watch(deployment))
        for channel in deployment.settings.alert_channels:
            threads.enter_context(Sender(deployment, channel))
        return threads.pop_all()
