"""The Ray that a worker's runs use: a private head as its child, watched, or a cluster that was there before."""

import logging
import math
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Literal, Protocol

from engine.cluster.environment import RAY_ENVIRONMENT, cpus_here
from engine.cluster.private import PrivateRay, RayAddress, RayUnreachable
from engine.cluster.sessions import SERVERS, is_running, servers_of
from engine.errors import Refused
from storage.settings import HOST_AND_PORT, Settings

log = logging.getLogger("loanwatch.engine")

State = Literal["starting", "up", "down"]
LIMIT_TO_START = 120.0  # seconds after which a head that does not come up is given up
BETWEEN_PROBES = 1.0  # seconds
SILENCE = 5.0  # seconds without an answer after which a joined cluster counts as down
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FOREGROUND = ("-m", "ray.scripts.scripts", "start", "--head", "--block")


class RayForRuns(Protocol):
    """What a worker wants to know of the Ray that it hands to its runs."""

    def poll(self) -> State:
        """How it is now; starts it when it is not there."""

    @property
    def address(self) -> RayAddress:
        """Where it listens, once it is up."""

    def end(self) -> None:
        """Ends it, if it is ours."""


class PrivateHead:
    """A head of our own: loopback only, with a token, no dashboard, a capped object store, one thread a task.

    It is started anew when it dies; its folder and processes never outlive this process (see `guard`).
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._private: PrivateRay | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ""
        self._begun = 0.0
        self._servers: set[int] = set()

    def poll(self) -> State:
        if self._private is None or self._process is None:
            self._begin()
            return "starting"
        if self._process.poll() is not None:
            log.warning("the Ray head ended with code %s; a new one is started", self._process.returncode)
            self.end()
            return "down"
        if self._has_lost_a_server(self._process.pid):
            # Ray itself would go on asking the dead for half a minute, a whole one, or for ever.
            log.warning("a server of the Ray head ended; a new head is started")
            self.end()
            return "down"
        self._private = self._private.guarded()
        if self._address:
            return "up"
        found = self._private.folder / "r" / "ray_current_cluster"
        if found.exists() and (address := found.read_text().strip()):
            self._address = address
            return "up"
        if monotonic() - self._begun > LIMIT_TO_START:
            log.warning("the Ray head did not come up in %.0f s; a new one is started", LIMIT_TO_START)
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
            raise RayUnreachable("The Ray head is not up yet; wait some seconds.")
        return RayAddress(self._address, self._private.token)

    @property
    def pid(self) -> int | None:
        """The process id of the head, None while there is none."""
        return None if self._process is None else self._process.pid

    def end(self) -> None:
        if self._private is not None:
            self._private.end()
        if self._process is not None:
            self._process.wait()
        self._private, self._process, self._address, self._servers = None, None, "", set()

    def _begin(self) -> None:
        self._private = PrivateRay.begin()
        options = {
            "port": 0,
            "node-ip-address": "127.0.0.1",
            "num-cpus": self._settings.ray_cpus or cpus_here(),
            "object-store-memory": self._settings.ray_memory,
            "include-dashboard": "false",
            "temp-dir": self._private.folder / "r",  # Ray opens its folder to everybody; the one above stays ours
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
        self._begun = monotonic()


class JoinedCluster:
    """A cluster that was there before, by its address; looked for, but never started or ended, from here."""

    def __init__(self, settings: Settings) -> None:
        self._address = RayAddress(settings.ray_address)
        self._looked = self._answered = -math.inf
        self._state: State = "down"

    def poll(self) -> State:
        if monotonic() - self._looked > BETWEEN_PROBES:
            self._state = self._probed()
            self._looked = monotonic()
        return self._state

    def _probed(self) -> State:
        """How the cluster is; one that misses a single probe is not given up."""
        try:
            self._address.probe()
        except RayUnreachable:
            return "down" if monotonic() - self._answered > SILENCE else self._state
        self._answered = monotonic()
        return "up"

    @property
    def address(self) -> RayAddress:
        return self._address

    def end(self) -> None:
        """Nothing: it is not ours."""


def ray_for_runs(settings: Settings) -> RayForRuns:
    """The Ray that the settings ask for. Refused when its nodes could not see the ledger or the tables."""
    if not settings.ray_address:
        return PrivateHead(settings)
    joined = JoinedCluster(settings)
    refuse_unshared(settings)
    joined.address.probe()
    return joined


def refuse_unshared(settings: Settings) -> None:
    """Refused when the settings name a cluster of other machines, but a ledger or tables of this one."""
    found = HOST_AND_PORT.fullmatch(settings.ray_address)
    if found is None or found["host"].strip("[]") in LOOPBACK:
        return
    if settings.ledger_url.startswith("sqlite"):
        raise Refused(
            f"The Ray cluster at {settings.ray_address} can't share a SQLite ledger; "
            "set LOANWATCH_LEDGER to a PostgreSQL address."
        )
    for name in ("datamart", "models", "reports"):
        if not getattr(settings, name):
            raise Refused(
                f"The Ray cluster at {settings.ray_address} can't see the folder of {name} below this home; set "
                f"LOANWATCH_{name.upper()} to an s3:// address, or to a folder that all its machines share."
            )
