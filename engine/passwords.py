"""The console's password file: one line for each user, `name:role:scrypt:n:r:p:salt:hash`. Only its owner may read it.

Empty lines and lines that start with # are kept. Salt and hash are hexadecimal.
"""

import fcntl
import hashlib
import hmac
import os
import re
import secrets
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from engine.errors import EngineError, UnusableRequest
from storage.files.durable import CantWrite, make_durable

Role = Literal["viewer", "operator"]

ROLES: tuple[str, ...] = get_args(Role)
NAME = re.compile(r"[\w.@+-]{1,80}")
LINE = re.compile(
    r"(?P<name>[^:]*):(?P<role>[^:]*):scrypt:(?P<n>\d{1,7}):(?P<r>\d{1,2}):(?P<p>\d{1,2})"
    r":(?P<salt>(?:[0-9a-f]{2}){16,64}):(?P<hash>(?:[0-9a-f]{2}){32})"
)
# The costs in OWASP's Password Storage Cheat Sheet: 32 MiB and a fifth of a second for each check.
COST = (2**15, 8, 3)
MOST_MEMORY = 256 * 1024**2  # bytes that the check of a password may use
SALT_BYTES, HASH_BYTES = 16, 32
SHORTEST, LONGEST = 10, 1024  # characters of a password
TOO_OPEN = stat.S_IRWXO | stat.S_IWGRP


class UnusablePasswords(EngineError):
    """The password file can't be used, so users can't sign in."""

    exit_code = 5


@dataclass(frozen=True)
class Entry:
    """A user of the password file. `mark` changes with the role or the password."""

    name: str
    role: Role
    cost: tuple[int, int, int]
    salt: bytes
    hash: bytes

    @property
    def line(self) -> str:
        """The entry as a line of the file."""
        cost = ":".join(str(each) for each in self.cost)
        return f"{self.name}:{self.role}:scrypt:{cost}:{self.salt.hex()}:{self.hash.hex()}"

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.line.encode()).hexdigest()

    def fits(self, password: str) -> bool:
        """Whether that is the password. Takes the same time for a wrong password."""
        return hmac.compare_digest(self.hash, _scrypt(password, self.salt, self.cost))


# Checked for a name that is not in the file, so that the refusal takes the same time as for a name in the file.
NOBODY = Entry("nobody", "viewer", COST, secrets.token_bytes(SALT_BYTES), secrets.token_bytes(HASH_BYTES))


def new_entry(name: str, role: str, password: str, cost: tuple[int, int, int] = COST) -> Entry:
    """The entry of a user. Raises UnusableRequest for an invalid name, role or password."""
    if not NAME.fullmatch(name):
        raise UnusableRequest(f"{name!r} is not a valid name; use up to 80 letters, digits and . @ + - _.")
    if not SHORTEST <= len(password) <= LONGEST or password == name:
        raise UnusableRequest(
            f"The password must have {SHORTEST} to {LONGEST} characters and differ from the name; choose another."
        )
    salt = secrets.token_bytes(SALT_BYTES)
    return Entry(name, _role(role), cost, salt, _scrypt(password, salt, cost))


def read_entries(path: Path) -> dict[str, Entry]:
    """The entries of a password file by name. Raises UnusablePasswords with the file and the invalid line."""
    lines = _lines(path)
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            entry = _entry(line)
        except UnusableRequest as error:
            raise UnusablePasswords(f"{path} line {number}: {error}") from None
        if entry.name in entries:
            raise UnusablePasswords(f"{path} line {number}: {entry.name} has two lines; remove one of them.")
        entries[entry.name] = entry
    if not entries:
        raise UnusablePasswords(f"{path} has no users; add one with `python -m engine password NAME --role operator`.")
    return entries


def verified(entries: dict[str, Entry], name: str, password: str) -> Entry | None:
    """The entry of a user when the password is right, else None. Takes the same time for an unknown name."""
    entry = entries.get(name, NOBODY)
    fits = entry.fits(password[:LONGEST])
    return entry if fits and entry is not NOBODY else None


def write_entry(path: Path, entry: Entry) -> bool:
    """Adds or replaces the line of a user. Returns whether the user was in the file before.

    Only one process at a time does so, so that no user is lost.
    """
    with locked(path):
        lines = _lines(path) if path.exists() else []
        kept = [line for line in lines if not line.startswith(f"{entry.name}:")]
        write_private(path, "".join(f"{line}\n" for line in [*kept, entry.line]))
    return len(kept) < len(lines)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The lock of a private file. It is a file beside it, which stays, because the private file is replaced."""
    try:
        handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CantWrite(str(path), error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_private(path: Path, content: str) -> None:
    """Replaces a file that only its owner may read, complete or not at all."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        # Only the owner can read it from the first byte on.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
            make_durable(file, draft, path)
    except OSError as error:
        raise CantWrite(str(path), error) from error
    finally:
        draft.unlink(missing_ok=True)


def _entry(line: str) -> Entry:
    match = LINE.fullmatch(line)
    if match is None:
        raise UnusableRequest("it is not `name:role:scrypt:n:r:p:salt:hash`; `python -m engine password` writes one.")
    name, cost = match["name"], (int(match["n"]), int(match["r"]), int(match["p"]))
    if not NAME.fullmatch(name):
        raise UnusableRequest(f"{name!r} is not a valid name; use up to 80 letters, digits and . @ + - _.")
    n, r, p = cost
    if n < 2 or n & (n - 1) or not r or not p or 128 * n * r > MOST_MEMORY:
        raise UnusableRequest(f"scrypt's costs {n}:{r}:{p} can't be used; `python -m engine password` writes others.")
    return Entry(name, _role(match["role"]), cost, bytes.fromhex(match["salt"]), bytes.fromhex(match["hash"]))


def _role(role: str) -> Role:
    if role == "viewer":
        return "viewer"
    if role == "operator":
        return "operator"
    raise UnusableRequest(f"There is no role {role!r}; the roles are {' and '.join(ROLES)}.")


def _lines(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read()
    except FileNotFoundError:
        raise UnusablePasswords(f"{path} is missing; `python -m engine password NAME` creates it.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnusablePasswords(f"{path} can't be read ({error}); correct it or choose another file.") from None
    if mode & TOO_OPEN:
        raise UnusablePasswords(f"{path} can be read by other users of this machine; enter `chmod 600 {path}`.")
    return text.splitlines()


def _scrypt(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    normalized = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(normalized, salt=salt, n=n, r=r, p=p, maxmem=2 * MOST_MEMORY, dklen=HASH_BYTES)
