"""A Ray of our own on this machine, or the address of another: folder, token, guard. Nothing here imports Ray."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.cluster.guard import PROJECT, Guard
from engine.cluster.sessions import end_session, kill_bystanders, new_session
from engine.errors import EngineError

PROBE_TIMEOUT = 2.0  # seconds
BYSTANDERS = (b"/monitor.py", b"/log_monitor.py", b"/dashboard.py")


class RayUnreachable(EngineError):
    """A Ray that can't be started or joined."""

    retryable = True


@dataclass(frozen=True)
class RayAddress:
    """Where a Ray listens (`host:port`), and the file with its token; '' leaves the token to the environment."""

    address: str
    token: str = ""

    def probe(self) -> None:
        """RayUnreachable when nothing listens there. Ray itself would wait for minutes."""
        host, _, port = self.address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), PROBE_TIMEOUT).close()
        except OSError as error:
            raise RayUnreachable(
                f"No Ray answers at {self.address} ({error}); start it, or correct LOANWATCH_RAY_ADDRESS."
            ) from error

    def environment(self) -> Mapping[str, str]:
        """The environment of a process that joins."""
        return {"RAY_AUTH_TOKEN_PATH": self.token} if self.token else {}


@dataclass(frozen=True)
class PrivateRay:
    """The folder of a private Ray with its token, and the guard that removes it."""

    folder: Path
    guard: Guard

    @classmethod
    def begin(cls) -> "PrivateRay":
        """A new folder with a new token, readable for this user only, and its guard."""
        folder = new_session()
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32))
        return cls(folder, Guard(folder))

    @property
    def token(self) -> str:
        return str(self.folder / "token")

    def environment(self) -> Mapping[str, str]:
        """The environment of Ray's processes besides `RAY_ENVIRONMENT`."""
        paths = [str(PROJECT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        return {"RAY_AUTH_TOKEN_PATH": self.token, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}

    def kill_bystanders(self) -> None:
        """Kills those of its processes that have nothing to finish: Ray would wait for them at shutdown."""
        kill_bystanders(self.folder, BYSTANDERS)

    def guarded(self) -> "PrivateRay":
        """The same, with a new guard if the old one was killed."""
        if self.guard.is_running:
            return self
        self.guard.close()
        return replace(self, guard=Guard(self.folder))

    def end(self) -> None:
        """Ends its processes and removes its folder, even when the guard was killed."""
        self.guard.close()
        if self.folder.exists():
            end_session(self.folder)
