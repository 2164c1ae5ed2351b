"""Names of processes. The machine of a process can check by its name whether it still runs."""

import hashlib
import os
import socket
from functools import lru_cache
from pathlib import Path

import psutil

BOOT = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE = Path("/proc/self/ns/pid")
UNKNOWN = "unknown"
TICKS = os.sysconf("SC_CLK_TCK")


def this_process() -> str:
    """The name of this process, which owns its leases: host, machine, process id and start time."""
    pid = os.getpid()
    return f"{host()}:{_machine()}:{pid}:{_start_ticks(pid)}"


def host() -> str:
    """The name of this host, without the separator `:` of process names."""
    return socket.gethostname().replace(":", "-")[:60]


def mark_of(pid: int) -> str:
    """What the titles of Ray tasks have of the process of this host that asked for them."""
    return f"{host()}:{pid}"


def is_gone(name: str) -> bool:
    """Whether a process of this machine has ended. False for a process of another machine."""
    parts = name.split(":")
    if len(parts) != 4 or parts[1] != _machine() or parts[1] == UNKNOWN or not parts[2].isdigit():
        return False
    return _start_ticks(int(parts[2])) != parts[3]


@lru_cache(maxsize=1)
def _machine() -> str:
    """A digest of this boot and this namespace of process ids. Machines and containers may have the same host name."""
    try:
        identity = BOOT.read_text() + str(NAMESPACE.readlink())
    except OSError:
        return UNKNOWN
    return hashlib.sha256(identity.encode()).hexdigest()[:8]


def _start_ticks(pid: int) -> str:
    """The start time of a process in kernel ticks since boot; '' when it does not exist or is a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return ""
        # psutil adds the boot time, which changes when the clock is set. The difference does not change.
        boot = psutil.boot_time()
        while True:
            started, before, boot = psutil.Process(pid).create_time(), boot, psutil.boot_time()
            if boot == before:
                return str(round((started - boot) * TICKS))
    except psutil.Error:
        return ""
