"""The signed cookie of a sign-in, and the sign-outs that end it. Both outlast the console's process.

The file `console-sessions` of the home has the key of the signatures and the time of each user's last sign-out. Only
its owner may read it. Without it, every session ends.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from engine.errors import EngineError
from engine.passwords import locked, write_private

FILE = "console-sessions"  # in the home
LONGEST_SESSION = 12 * 3600.0  # seconds after which a user has to sign in again
KEY_BYTES = 32
MOST_SKEW = 5.0  # seconds by which a sign-in may be in the future, because a clock was set back

SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class UnusableSessions(EngineError):
    """The file of the sessions can't be read, so nobody is signed in."""

    exit_code = 5


@dataclass(frozen=True)
class SignedIn:
    """A successful sign-in: the user, their entry's mark and the time. It is valid while the entry is unchanged.

    A browser can put only text, numbers and lists into a session and can't sign a cookie, so it can't forge an object
    of this class.
    """

    name: str
    mark: str
    at: float


class Sessions:
    """The sessions of a home's consoles."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE

    @property
    def cookie_name(self) -> str:
        """The cookie's name. It differs from home to home, because a host's ports share their cookies."""
        return f"loanwatch-{hashlib.sha256(self._key().encode()).hexdigest()[:8]}"

    def cookie(self, signed_in: SignedIn) -> str:
        """The value of the cookie of a sign-in. Raises CantWrite when the home can't keep the key."""
        return str(self._serializer().dumps([signed_in.name, signed_in.mark, signed_in.at]))

    def of_cookie(self, value: str | None) -> SignedIn | None:
        """The sign-in of a cookie; None unless it was signed here."""
        try:
            name, mark, at = self._serializer().loads(value or "")
        except (BadData, ValueError, TypeError):
            return None
        return SignedIn(str(name), str(mark), float(at))

    def last(self, signed_in: SignedIn) -> bool:
        """Whether a sign-in is neither too old nor ended by a sign-out of its user."""
        age = time() - signed_in.at
        return -MOST_SKEW <= age <= LONGEST_SESSION and signed_in.at > self._ended().get(signed_in.name, 0.0)

    def end(self, name: str) -> None:
        """Ends every session of a user that has begun until now, in all browsers. Raises CantWrite."""
        with locked(self._path):
            kept = self._read()
            now = time()
            ended = {each: at for each, at in kept.get("ended", {}).items() if now - at <= LONGEST_SESSION}
            self._write({**kept, "ended": {**ended, name: now}})

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._key(), salt="loanwatch.console.session", signer_kwargs=SIGNER)

    def _key(self) -> str:
        """The key of the signatures. The first use makes it."""
        key = self._read().get("key")
        if key is None:
            with locked(self._path):
                kept = self._read()
                key = kept.get("key")
                if key is None:
                    key = secrets.token_hex(KEY_BYTES)
                    self._write({**kept, "key": key})
        return str(key)

    def _ended(self) -> dict[str, float]:
        ended: dict[str, float] = self._read().get("ended", {})
        return ended

    def _read(self) -> dict[str, Any]:
        """The content of the file; empty when it is missing. Raises UnusableSessions when it can't be read."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            if not isinstance(kept, dict):
                raise ValueError("it is no object of JSON")  # noqa: TRY301, TRY004 - one sentence for all that is damaged
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise UnusableSessions(
                f"{self._path} can't be read ({error}); remove the file, which ends every session."
            ) from None
        return kept

    def _write(self, kept: dict[str, Any]) -> None:
        write_private(self._path, json.dumps(kept))
