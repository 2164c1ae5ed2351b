"""The Ray of a worker's runs: a private head, which is a child process of the worker, or an existing cluster."""

import logging
import math
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Literal, Protocol

from engine.cluster.environment import RAY_ENVIRONMENT, WITHOUT_BYSTANDERS, cpus_here
from engine.cluster.health import refuse_unanswered
from engine.cluster.private import PrivateRay, RayAddress, RayUnreachable
from engine.cluster.sessions import SERVERS, has_cluster_node, is_running, servers_of
from engine.errors import Refused
from storage.settings import HOST_AND_PORT, Settings

log = logging.getLogger("loanwatch.engine")

State = Literal["starting", "up", "down"]
START_TIMEOUT = 120.0  # seconds that a head may take to come up
PROBE_INTERVAL = 1.0  # seconds
ANSWER_TIMEOUT = 5.0  # seconds without an answer after which a joined cluster counts as down
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FOREGROUND = ("-c", WITHOUT_BYSTANDERS, "start", "--head", "--block")


class RayForRuns(Protocol):
    """The Ray of a worker's runs: its state and its address."""

    def poll(self) -> State:
        """The current state. A private Ray is started when it is not running."""

    @property
    def address(self) -> RayAddress:
        """The address on which it listens. Raises RayUnreachable when a private Ray is not up yet."""

    @property
    def pid(self) -> int | None:
        """The process id of a private head; None for a joined cluster."""

    def end(self) -> None:
        """Ends a private Ray; does nothing for a joined cluster."""


class PrivateHead:
    """A private head: loopback only, with a token, no dashboard, a limited object store, one thread per task.

    It is restarted when it ends. The guard removes its folder and processes when this process ends (see `guard`).
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._private: PrivateRay | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ""
        self._started_at = 0.0
        self._servers: set[int] = set()

    def poll(self) -> State:
        if self._private is None or self._process is None:
            self._start()
            return "starting"
        if self._process.poll() is not None:
            log.warning("The Ray head ended with code %s; starting a new one.", self._process.returncode)
            self.end()
            return "down"
        if self._has_lost_a_server(self._process.pid):
            # Ray itself would wait for the ended server for half a minute, a minute, or without a limit.
            log.warning("A server of the Ray head ended; starting a new head.")
            self.end()
            return "down"
        self._private = self._private.guarded()
        if self._address:
            return "up"
        address_file = self._private.folder / "r" / "ray_current_cluster"
        if address_file.exists() and (address := address_file.read_text().strip()):
            self._address = address
            return "up"
        if monotonic() - self._started_at > START_TIMEOUT:
            log.warning("The Ray head did not come up within %.0f s; starting a new one.", START_TIMEOUT)
            self.end()
            return "down"
        return "starting"

    def _has_lost_a_server(self, head: int) -> bool:
        if len(self._servers) < len(SERVERS):
            self._servers |= servers_of(head)
        return not all(map(is_running, self._servers))

    @property
    def address(self) -> RayAddress:
        if self._private is None or not self._address:
            raise RayUnreachable("The Ray head is not up yet; try again in a few seconds.")
        return RayAddress(self._address, self._private.token)

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def end(self) -> None:
        if self._private is not None:
            self._private.end()
        if self._process is not None:
            self._process.wait()
        self._private, self._process, self._address, self._servers = None, None, "", set()

    def _start(self) -> None:
        self._private = PrivateRay.begin()
        options = {
            "port": 0,
            "node-ip-address": "127.0.0.1",
            "num-cpus": self._settings.ray_cpus or cpus_here(),
            "object-store-memory": self._settings.ray_memory,
            "include-dashboard": "false",
            "temp-dir": self._private.folder / "r",  # Ray opens this folder to all users; its parent stays private
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        with Path(self._private.folder, "head.log").open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *FOREGROUND, *words],
                env={**os.environ, **RAY_ENVIRONMENT, **self._private.environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started_at = monotonic()


class JoinedCluster:
    """An existing cluster, by its address. Loanwatch never starts or stops it."""

    def __init__(self, settings: Settings) -> None:
        self._address = RayAddress(settings.ray_address)
        self._probed_at = self._answered_at = -math.inf
        self._state: State = "down"

    def poll(self) -> State:
        if monotonic() - self._probed_at > PROBE_INTERVAL:
            self._state = self._probe()
            self._probed_at = monotonic()
        return self._state

    def _probe(self) -> State:
        """The state of the cluster. A single missed probe does not count as down."""
        try:
            self._address.probe()
        except RayUnreachable:
            return "down" if monotonic() - self._answered_at > ANSWER_TIMEOUT else self._state
        self._answered_at = monotonic()
        return "up"

    @property
    def address(self) -> RayAddress:
        return self._address

    @property
    def pid(self) -> None:
        """None: the cluster has no process of this worker."""

    def end(self) -> None:
        """Does nothing: the cluster continues to run."""


def ray_for_runs(settings: Settings) -> RayForRuns:
    """The Ray of the settings.

    Raises Refused when the cluster is none or refuses this process, or can't reach the ledger or the tables.
    """
    if not settings.ray_address:
        return PrivateHead(settings)
    joined = JoinedCluster(settings)
    refuse_unshared(settings)
    refuse_unanswered(joined.address)
    if not has_cluster_node():  # it may run in a container beside this one, so nothing is refused
        log.warning(
            "No node of the Ray cluster at %s runs on this machine, so runs fail here; start one with "
            "`ray start --address=%s`.",
            settings.ray_address,
            settings.ray_address,
        )
    return joined


def refuse_unshared(settings: Settings) -> None:
    """Raises Refused for a cluster on other machines when the ledger or the tables are on this machine."""
    match = HOST_AND_PORT.fullmatch(settings.ray_address)
    if match is None or match["host"].strip("[]") in LOOPBACK:
        return
    if settings.ledger_url.startswith("sqlite"):
        raise Refused(
            f"The Ray cluster at {settings.ray_address} can't share a SQLite ledger; "
            "set LOANWATCH_LEDGER to a PostgreSQL address."
        )
    for name in ("datamart", "models", "reports"):
        if not getattr(settings, name):
            raise Refused(
                f"The Ray cluster at {settings.ray_address} can't read the folder of {name} below this home; set "
                f"LOANWATCH_{name.upper()} to an s3:// address, or to a folder that all its machines share."
            )
