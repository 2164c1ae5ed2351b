"""The metrics over HTTP, on a port of loopback: http://127.0.0.1:PORT/metrics."""

import errno
import logging
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from engine.metrics.collector import LedgerCollector, registry_of
from engine.process.background import Background
from storage.settings import Settings

log = logging.getLogger("loanwatch.engine")

LOOPBACK = "127.0.0.1"
RETRY = 10.0  # seconds between two tries to get a port that is taken
POLL = 0.5


class MetricsServer(Background):
    """Serves the metrics during the `with` block, when LOANWATCH_METRICS_PORT is set.

    While another process has the port, it says so once, and takes the port over as soon as it is free.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__("metrics")
        self._settings = settings
        self._is_served = False

    @property
    def address(self) -> str | None:
        """The URL of the metrics; None while this process does not serve them."""
        return f"http://{LOOPBACK}:{self._settings.metrics_port}/metrics" if self._is_served else None

    def work(self) -> None:
        if not self._settings.metrics_port:
            return
        collector = LedgerCollector(self._settings)
        try:
            self._serve(collector)
        finally:
            collector.close()

    def _serve(self, collector: LedgerCollector) -> None:
        server = self._bound(collector)
        if server is None:
            return
        with server:
            self._is_served = True
            log.info("Metrics are served at %s.", self.address)
            while not self.ended.is_set():
                server.handle_request()
        self._is_served = False

    def _bound(self, collector: LedgerCollector) -> WSGIServer | None:
        """The server, as soon as the port is free; None when the block ends before."""
        app = make_wsgi_app(registry_of(collector))
        told = False
        while not self.ended.is_set():
            try:
                server = make_server(LOOPBACK, self._settings.metrics_port, app, _Server, _Handler)
            except OSError as error:
                if not told:
                    log.warning("%s", _sentence(self._settings.metrics_port, error))
                told = True
                self.ended.wait(RETRY)
            else:
                server.timeout = POLL
                return server
        return None


def _sentence(port: int, error: OSError) -> str:
    reason = "another process has it" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
    return (
        f"Port {port} of the metrics can't be used ({reason}); this worker goes on without metrics until it can, "
        "or set another LOANWATCH_METRICS_PORT."
    )


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    allow_reuse_port = False  # else the workers of a host would share the port, and each scrape see one of them


class _Handler(WSGIRequestHandler):
    timeout = 10  # seconds, after which a client that sends nothing is dropped

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Writes nothing: a scrape is no event of the worker's log."""
