"""A private Ray on this machine with its folder, token and guard, and the address of a Ray. It does not import Ray."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.cluster.guard import PROJECT, Guard
from engine.cluster.sessions import end_session, new_session
from engine.errors import EngineError

PROBE_TIMEOUT = 2.0  # seconds


class RayUnreachable(EngineError):
    """A Ray can't be started or joined."""

    retryable = True


@dataclass(frozen=True)
class RayAddress:
    """The address of a Ray (`host:port`), and the file with its token; '' uses the token of the environment."""

    address: str
    token: str = ""

    def probe(self) -> None:
        """Raises RayUnreachable when no process listens at the address. Ray itself would wait for minutes."""
        host, _, port = self.address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), PROBE_TIMEOUT).close()
        except OSError as error:
            raise RayUnreachable(
                f"No Ray answers at {self.address} ({error}); start it, or correct LOANWATCH_RAY_ADDRESS."
            ) from error

    def environment(self) -> Mapping[str, str]:
        """The environment of a process that joins this Ray."""
        return {"RAY_AUTH_TOKEN_PATH": self.token} if self.token else {}


@dataclass(frozen=True)
class PrivateRay:
    """The folder of a private Ray with its token, and the guard that removes it."""

    folder: Path
    guard: Guard

    @classmethod
    def begin(cls) -> "PrivateRay":
        """A private Ray with a new folder and token, which only this user can read, and a new guard."""
        folder = new_session()
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32))
        return cls(folder, Guard(folder))

    @property
    def token(self) -> str:
        return str(self.folder / "token")

    def environment(self) -> Mapping[str, str]:
        """The environment of Ray's processes, in addition to `RAY_ENVIRONMENT`."""
        paths = [str(PROJECT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        return {"RAY_AUTH_TOKEN_PATH": self.token, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}

    def guarded(self) -> "PrivateRay":
        """The same private Ray, with a new guard if the old one was killed."""
        if self.guard.is_running:
            return self
        self.guard.close()
        return replace(self, guard=Guard(self.folder))

    def end(self) -> None:
        """Ends its processes and removes its folder, even when the guard was killed."""
        self.guard.close()
        if self.folder.exists():
            end_session(self.folder)
