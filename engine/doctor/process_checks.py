"""Checks of lock, clock, processes, runs, Ray, and remains of killed processes. They only read."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from engine.cluster.environment import cpus_here
from engine.cluster.head import refuse_unshared
from engine.cluster.health import refuse_unanswered
from engine.cluster.private import RayAddress, RayUnreachable
from engine.cluster.sessions import dead_sessions
from engine.control.runs import stale_runs
from engine.deployment import Deployment
from engine.doctor.finding import Finding
from engine.documents.processes import OUTDATED, health_document
from engine.documents.values import Document
from engine.errors import Refused
from engine.process.registry import has_worker
from engine.process.run_settings import other_settings
from storage.db.checks import lock_is_free, pids_with_open_file, server_time
from storage.ledger.runs import newest_heartbeat, queued_runs

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Ray keeps its objects on Linux
CLOCK_SLACK = timedelta(minutes=2)
SERVER_CLOCK_SLACK = timedelta(seconds=5)  # more would distort a lease of 30 s
LOCK_PATIENCE = 3.0  # seconds to wait for the write lock


def _lock(deployment: Deployment) -> Iterator[Finding]:
    ledger = deployment.ledger
    if lock_is_free(ledger, LOCK_PATIENCE):
        yield Finding("lock", "ok", "the ledger accepts writes")
        return
    pids = ", ".join(str(pid) for pid in pids_with_open_file(ledger))
    owner = f"it is open in process {pids}" if pids else "another process has the lock"
    yield Finding(
        "lock", "problem", f"{ledger.address} is locked: {owner}; let that process continue (`kill -CONT`), or end it."
    )


def _clock(deployment: Deployment) -> Iterator[Finding]:
    now, server = deployment.ledger.clock(), server_time(deployment.ledger)
    with deployment.ledger.reading() as connection:
        newest = newest_heartbeat(connection)
    if server is not None and abs(server - now) > SERVER_CLOCK_SLACK:
        difference = (now - server).total_seconds()
        yield Finding(
            "clock",
            "problem",
            f"This machine's clock differs from the database server's by {difference:+.0f} s; set one of them.",
        )
    elif newest is not None and newest > now + CLOCK_SLACK:
        time = f"{newest:%Y-%m-%d %H:%M}"
        yield Finding(
            "clock",
            "problem",
            f"The newest heartbeat in the ledger, {time}, is later than now; set this machine's clock.",
        )
    else:
        yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC, zone {deployment.settings.timezone}")


def _processes(deployment: Deployment) -> Iterator[Finding]:
    rows = health_document(deployment)["processes"]
    alive = [row for row in rows if row["state"] == "alive"]
    lost = [row for row in rows if row["state"] in ("silent", "gone")]
    for row in lost:
        if row["kind"] not in {other["kind"] for other in alive}:
            message = f"{_name(row)} is {row['state']}, its last heartbeat was at {row['seen']}"
            command = "python -m console" if row["kind"] == "console" else f"python -m engine {row['kind']}"
            advice = f"check its log and restart it with `{command}` or `python -m engine up`"
            yield Finding("processes", "problem", f"{message}; {advice}.")
    for row in alive:
        if row["detail"].get("ray") == "down":
            joined = row["detail"].get("ray_address")
            own = "its Ray is down; the worker restarts it"
            down = f"the Ray at {joined} is down; start it there" if joined else own
            yield Finding("processes", "warning", f"{_name(row)} is running, but {down}.")
        if row["detail"].get("outdated"):
            yield Finding("processes", "warning", f"{_name(row)} {OUTDATED}")
    for sentence in other_settings(deployment):
        yield Finding("processes", "warning", sentence)
    running = ", ".join(f"{row['kind']} {row['pid']} on {row['host']}" for row in alive)
    none = "no worker or scheduler is running; start them with `python -m engine up`"
    yield Finding("processes", "ok", f"running: {running}" if alive else none)


def _metrics(deployment: Deployment) -> Iterator[Finding]:
    """Whether a worker of this host serves the metrics; no finding without a port, and without a worker."""
    document, port = health_document(deployment), deployment.settings.metrics_port
    workers = [row for row in document["processes"] if (row["kind"], row["state"]) == ("worker", "alive")]
    if not port or not workers:
        return
    if document["metrics"]:
        yield Finding("metrics", "ok", f"served at {', '.join(document['metrics'])}")
    else:
        advice = "another process has the port, or the worker was started without it"
        yield Finding(
            "metrics",
            "warning",
            f"No worker serves metrics at port {port}: {advice}; set another LOANWATCH_METRICS_PORT and restart it.",
        )


def _name(row: Document) -> str:
    return f"The {row['kind']} with process id {row['pid']} on {row['host']}"


def _runs(deployment: Deployment) -> Iterator[Finding]:
    stale = stale_runs(deployment)
    for run_id in stale:
        advice = "mark it as crashed with `doctor --fix`, then `resume` it"
        yield Finding("runs", "warning", f"Run {run_id} is running but sends no heartbeat; {advice}.")
    with deployment.ledger.reading() as connection:
        queued = queued_runs(connection)
    unserved = bool(queued) and not has_worker(deployment)
    for run in queued if unserved else ():
        advice = f"start one with `python -m engine worker`, or execute it with `run {run.pipeline}`"
        yield Finding("runs", "warning", f"Run {run.run_id} is waiting for a worker; {advice}.")
    if not stale and not unserved:
        yield Finding("runs", "ok", f"{len(queued)} queued, none without heartbeat")


def _ray(deployment: Deployment) -> Iterator[Finding]:
    settings = deployment.settings
    memory = shutil.disk_usage(SHARED_MEMORY).free if SHARED_MEMORY.exists() else 0
    if settings.ray_address:
        try:
            refuse_unshared(settings)
            refuse_unanswered(RayAddress(settings.ray_address))
        except (Refused, RayUnreachable) as error:
            yield Finding("ray", "problem", str(error))
        else:
            yield Finding("ray", "ok", f"{version('ray')}, a cluster answers at {settings.ray_address}")
    elif memory < settings.ray_memory:
        yield Finding("ray", "warning", f"{SHARED_MEMORY} has less space than ray_memory; lower LOANWATCH_RAY_MEMORY.")
    else:
        yield Finding("ray", "ok", f"{version('ray')}, {settings.ray_cpus or cpus_here()} CPUs")


def _leftovers(_deployment: Deployment) -> Iterator[Finding]:
    folders = dead_sessions()
    for folder in folders:
        advice = "`doctor --fix` ends these processes and removes it"
        message = f"{folder} has sockets and processes of a Ray whose owner was killed; {advice}."
        yield Finding("leftovers", "warning", message)
    if not folders:
        yield Finding("leftovers", "ok", "no remains of killed processes")


LOCK_CHECK = _lock
PROCESS_CHECKS = (_lock, _clock, _processes, _metrics, _runs, _ray, _leftovers)
