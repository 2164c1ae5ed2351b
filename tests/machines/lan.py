"""Machines that share nothing but a network: each has its own network, host name, processes, memory and files.

They are namespaces of Linux. A machine sees below /tmp its own folder alone, and nothing of the checkout: it has a copy
of the project, and the libraries. Its first process ends with its input, so that nothing outlives a test.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.machines.services import ADDRESS, BRIDGE, BUCKET, KEYS, LEDGER_PORT, S3_PORT
from tests.paths import ROOT
from tests.postgres import SUPERUSER, Postgres
from tests.processes import DEADLINE, PIPES, until

ROOMS = ("storage", "jobs", "engine")
RAY_PORT = 6379
TOKEN = "0123456789abcdef" * 4  # of all nodes of the cluster
STORE = f"s3://{BUCKET}/{{}}?scheme=http&endpoint_override={ADDRESS}:{S3_PORT}&region=us-east-1"
# What a machine does before it starts its first process. It sees its own folder as /tmp, and the libraries there.
BOOT = f"""
set -e
hostname "$1"
mkdir -p "$2/libraries"
mount --bind "{sys.prefix}" "$2/libraries"
mount --rbind "$2" /tmp
mount -t tmpfs tmpfs /dev/shm
[ -d "{ROOT}" ] && mount -t tmpfs tmpfs "{ROOT}"
ip link set lo up
cd /tmp
echo up
exec tini -- cat
"""


@dataclass(frozen=True)
class Machine:
    """A machine: its name and address, its folder as the test sees it, and its first process."""

    name: str
    address: str
    folder: Path
    first: int
    environment: dict[str, str]
    started: list[subprocess.Popen[str]]

    @property
    def home(self) -> str:
        """A folder of the machine, as the machine sees it."""
        return f"/tmp/{self.name}-home"

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Starts a program of this machine: `python` and its words."""
        entered = ["nsenter", "-t", str(self.first), "-n", "-m", "-u", "-p", "--wd=/tmp", "env", "-i"]
        told = [f"{name}={value}" for name, value in self.environment.items()]
        self.started.append(
            subprocess.Popen([*entered, *told, "/tmp/libraries/bin/python", *words], text=True, **options)
        )
        return self.started[-1]

    def engine(self, *words: str) -> subprocess.CompletedProcess[str]:
        """How `python -m engine WORDS` ends."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = self.start("-m", "engine", *words, **pipes)
        out, err = process.communicate(timeout=DEADLINE)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def document(self, *words: str, code: int = 0) -> Any:
        """What a command of the engine says in JSON."""
        done = self.engine(*words, "--json")
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def processes(self) -> dict[int, str]:
        """The command lines of what runs on this machine, apart from its first process, by process id."""
        space, found = _space(self.first), {}
        for process in psutil.process_iter():
            with suppress(OSError, psutil.Error):
                if process.pid != self.first and process.ppid() != self.first and _space(process.pid) == space:
                    found[process.pid] = " ".join(process.cmdline())
        return found

    def kill_everything(self) -> None:
        """Kills what runs on this machine, at once: Ray's raylet, and the processes of its calls."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@dataclass
class Lan:
    """A network with an S3 server and a PostgreSQL, and the machines in it."""

    folder: Path
    switch: int
    stack: ExitStack
    machines: list[Machine] = field(default_factory=list)

    def machine(self, name: str) -> Machine:
        """A new machine with a copy of the project."""
        number = len(self.machines) + 10
        folder = self.folder / name
        app = folder / f"{name}-app"
        for room in ROOMS:
            shutil.copytree(ROOT / room, app / room)
        words = ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
        started: list[subprocess.Popen[str]] = []
        self.stack.callback(lambda: [process.wait() for process in started])
        init = subprocess.Popen([*words, "sh", "-c", BOOT, "boot", name, str(folder)], **PIPES)
        self.stack.callback(_ended, init)
        assert init.stdout.readline() == b"up\n"
        (first,) = psutil.Process(init.pid).children()
        address = f"{ADDRESS.rpartition('.')[0]}.{number}"
        self._connect(first.pid, f"v{number}", address)
        own = {
            "PATH": f"/tmp/libraries/bin:{os.environ['PATH']}",
            "HOME": "/tmp",
            "PYTHONPATH": f"/tmp/{name}-app",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": TOKEN,
            **KEYS,
        }
        made = Machine(name, address, folder, first.pid, own, started)
        self.machines.append(made)
        return made

    def _connect(self, first: int, link: str, address: str) -> None:
        for pid, words in (
            (self.switch, f"link add {link} type veth peer name eth0 netns {first}"),
            (self.switch, f"link set {link} master {BRIDGE} up"),
            (first, f"addr add {address}/24 dev eth0"),
            (first, "link set eth0 up"),
        ):
            subprocess.run(["nsenter", "-t", str(pid), "-n", "ip", *words.split()], check=True)


def why_not_here() -> str:
    """Why this machine lets nobody make networks and machines, in a sentence; '' where it does."""
    words = ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "ip", "link", "add", BRIDGE, "type", "bridge"]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"Machines can't be made here: {tried.stderr.strip()}; be root, and allow namespaces." * bool(
        tried.returncode
    )


@contextmanager
def running_lan(postgres: Postgres) -> Iterator[Lan]:
    """A network whose machines reach the databases of this PostgreSQL. Everything is gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="lw-lan-", dir="/tmp"))  # short: a socket's path has at most 107 characters
    socket = str(postgres.folder / ".s.PGSQL.5432")
    words = ["unshare", "--net", "--fork", "--kill-child", sys.executable, "-m", "tests.machines.services", socket]
    try:
        with ExitStack() as stack:
            services = subprocess.Popen(words, cwd=ROOT, **PIPES, stderr=subprocess.DEVNULL)
            stack.callback(_ended, services)
            assert services.stdout.readline() == b"ready\n"
            (switch,) = psutil.Process(services.pid).children()
            yield Lan(folder, switch.pid, stack)
    finally:
        shutil.rmtree(folder)


def ledger_at(database: str) -> str:
    """The address of a database as the machines know it."""
    return f"postgresql+psycopg://{SUPERUSER}@{ADDRESS}:{LEDGER_PORT}/{database}"


def started_node(machine: Machine, *words: str, cpus: int = 1) -> subprocess.Popen[str]:
    """A node of Ray on a machine: the head with `--head`, else one that joins with `--address=HOST:PORT`."""
    options = (
        f"--node-ip-address={machine.address}",
        f"--num-cpus={cpus}",
        f"--object-store-memory={100 * 1024**2}",
        f"--temp-dir=/tmp/{machine.name}-ray",
        *(["--include-dashboard=false"] if "--head" in words else []),
        "--disable-usage-stats",
        "--block",
    )
    program = "from ray.scripts.scripts import main; main()"
    place = machine.folder / "ray.log"
    with place.open("w") as log:
        node = machine.start("-c", program, "start", *words, *options, stdout=log, stderr=log)
    until(lambda: "Ray runtime started" in place.read_text() or node.poll() is not None, f"node on {machine.name}")
    assert node.poll() is None, place.read_text()
    return node


def _space(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/pid")  # noqa: PTH115 - a name, not a path


def _ended(process: subprocess.Popen[bytes]) -> None:
    """Ends a process by the end of its input, and waits until all that it had is gone."""
    process.communicate()
