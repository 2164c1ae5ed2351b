"""The metrics as a collector of Prometheus' client: a scrape reads the ledger, in bounded time."""

import logging
import threading
from collections.abc import Iterable
from time import monotonic

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from engine.deployment import Deployment
from engine.metrics.families import families_of
from engine.metrics.reading import Reading, reading_of
from storage.errors import LoanwatchError
from storage.settings import Settings

log = logging.getLogger("loanwatch.engine")

FRESH = 2.0  # seconds for which a reading answers further scrapes
PATIENCE = 4.0  # seconds that a scrape waits for the ledger; below Prometheus' own limit of 10 s


class LedgerCollector(Collector):
    """Collects the metrics of a deployment. It has connections of its own, and never raises.

    A thread reads the ledger, so that a server that does not answer delays a scrape by PATIENCE at most.
    """

    def __init__(self, settings: Settings) -> None:
        self._deployment = Deployment.as_it_is(settings)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._read: Reading | None = None  # by the thread
        self._answer: Reading | None = None
        self._answered_at = -FRESH
        self._failed = False

    def collect(self) -> Iterable[Metric]:
        """The metrics of now, or of FRESH seconds ago."""
        return families_of(self._deployment.settings, self.newest())

    def newest(self) -> Reading | None:
        """The newest reading; None when the ledger can't be read."""
        with self._lock:
            if monotonic() - self._answered_at >= FRESH:
                self._answer, self._answered_at = self._reading(), monotonic()
            return self._answer

    def close(self) -> None:
        """Closes the connections."""
        self._deployment.ledger.close()

    def _reading(self) -> Reading | None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._fill, daemon=True, name="metrics-reading")
            self._thread.start()
        self._thread.join(PATIENCE)
        return None if self._thread.is_alive() else self._read

    def _fill(self) -> None:
        self._read = None
        try:
            self._read = reading_of(self._deployment)
            self._failed = False
        except LoanwatchError:
            pass  # the worker's log says it, and the metric `ledger_up`
        except Exception:
            if not self._failed:
                log.exception("The metrics could not be read; see the error, and `python -m engine doctor`.")
            self._failed = True


def metrics_text(settings: Settings) -> str:
    """The metrics in Prometheus' text format, for the textfile collector of a node exporter."""
    collector = LedgerCollector(settings)
    try:
        return generate_latest(registry_of(collector)).decode()
    finally:
        collector.close()


def registry_of(collector: LedgerCollector) -> CollectorRegistry:
    """A registry of that collector alone: without the client's metrics of this Python process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return registry
