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

PROBE = 2.0  # seconds in which a living Ray answers
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
        """RayUnreachable when nothing listens there: Ray itself would wait for minutes."""
        host, _, port = self.address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), PROBE).close()
        except OSError as error:
            raise RayUnreachable(
                f"No Ray answers at {self.address} ({error}); start it, or mend LOANWATCH_RAY_ADDRESS."
            ) from error

    def environment(self) -> Mapping[str, str]:
        """What a process that joins needs in its environment."""
        return {"RAY_AUTH_TOKEN_PATH": self.token} if self.token else {}


@dataclass(frozen=True)
class PrivateRay:
    """The folder of a private Ray with a fresh token in it, and the guard that removes what is left of it."""

    folder: Path
    guard: Guard

    @classmethod
    def begin(cls) -> "PrivateRay":
        """A new folder with its token, which only this user can read, guarded from now on."""
        folder = new_session()
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32))
        return cls(folder, Guard(folder))

    @property
    def token(self) -> str:
        return str(self.folder / "token")

    def environment(self) -> Mapping[str, str]:
        """What Ray's processes need besides `ray_environment.RAY_ENVIRONMENT`."""
        paths = [str(PROJECT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        return {"RAY_AUTH_TOKEN_PATH": self.token, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}

    def kill_bystanders(self) -> None:
        """Ends those of its processes that have nothing to finish, but would be waited for at the end."""
        kill_bystanders(self.folder, BYSTANDERS)

    def guarded(self) -> "PrivateRay":
        """The same, under a new guard if somebody has killed the old one."""
        if self.guard.watches:
            return self
        self.guard.dismiss()
        return replace(self, guard=Guard(self.folder))

    def end(self) -> None:
        """Ends what is left of it and removes its folder, also when the guard itself was killed."""
        self.guard.dismiss()
        if self.folder.exists():
            end_session(self.folder)
