"""Names of processes that tell, on the machine they run on, whether the process is still there."""

import hashlib
import os
import socket
from functools import lru_cache
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE = Path("/proc/self/ns/pid")
UNKNOWN = "unknown"


def this_process() -> str:
    """The name under which this process holds leases: host, machine, process id, and when it began."""
    pid = os.getpid()
    return f"{host()}:{_machine()}:{pid}:{_began(pid)}"


def host() -> str:
    """The name of this host, without what would break a process's name."""
    return socket.gethostname().replace(":", "-")[:60]


def is_gone(name: str) -> bool:
    """Whether the process of that name was of this machine and has ended; False when that can't be known from here."""
    parts = name.split(":")
    if len(parts) != 4 or parts[1] != _machine() or parts[1] == UNKNOWN or not parts[2].isdigit():
        return False
    return _began(int(parts[2])) != parts[3]


@lru_cache(maxsize=1)
def _machine() -> str:
    """Tells apart machines of one name, and containers: this boot and this space of process ids."""
    try:
        seen = BOOT.read_text() + str(NAMESPACE.readlink())
    except OSError:
        return UNKNOWN
    return hashlib.sha256(seen.encode()).hexdigest()[:8]


def _began(pid: int) -> str:
    """When a process began, in the kernel's ticks; '' when it is not there or only waits to be buried."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
