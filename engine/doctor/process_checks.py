"""Looks over what runs a deployment: clock, lock, processes, runs, Ray, and what killed processes left."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from engine.cluster.environment import cpus_here
from engine.cluster.head import refuse_unshared
from engine.cluster.private import RayAddress, RayUnreachable
from engine.cluster.sessions import dead_sessions, remove_dead_sessions
from engine.control.runs import reap_stale_runs
from engine.deployment import Deployment
from engine.doctor.finding import Finding
from engine.documents.processes import health_document
from engine.documents.runs import Document
from engine.errors import Refused
from engine.process.registry import has_worker
from storage.db.checks import holders, server_time, takes_writers
from storage.ledger.runs import newest_heartbeat, recent_runs

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Ray keeps its objects on Linux
CLOCK_SLACK = timedelta(minutes=2)
SERVER_CLOCK_SLACK = timedelta(seconds=5)  # beyond that, a lease of 30 s is no longer a lease of 30 s
LOCK_PATIENCE = 3.0  # seconds after which a writer's turn counts as stuck
MOST_RUNS = 20
LOCK = "lock"


def _lock(deployment: Deployment) -> Iterator[Finding]:
    ledger = deployment.ledger
    if takes_writers(ledger, LOCK_PATIENCE):
        yield Finding(LOCK, "ok", "the ledger takes writers")
        return
    pids = ", ".join(str(pid) for pid in holders(ledger))
    told = f"it is open in process {pids}" if pids else "another process holds it"
    yield Finding(LOCK, "problem", f"{ledger.place} is locked: {told}; let it go on (`kill -CONT`), or end it.")


def _clock(deployment: Deployment) -> Iterator[Finding]:
    now, server = deployment.ledger.clock(), server_time(deployment.ledger)
    with deployment.ledger.reading() as connection:
        newest = newest_heartbeat(connection)
    if server is not None and abs(server - now) > SERVER_CLOCK_SLACK:
        off = (now - server).total_seconds()
        yield Finding(
            "clock", "problem", f"This clock is {off:+.0f} s off against the ledger's server; set one of them."
        )
    elif newest is not None and newest > now + CLOCK_SLACK:
        seen = f"{newest:%Y-%m-%d %H:%M}"
        yield Finding("clock", "problem", f"The ledger has seen {seen}, later than now; set this clock.")
    else:
        yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC, zone {deployment.settings.timezone}")


def _processes(deployment: Deployment) -> Iterator[Finding]:
    rows = health_document(deployment)["processes"]
    alive = [row for row in rows if row["state"] == "alive"]
    lost = [row for row in rows if row["state"] in ("silent", "gone")]
    for row in lost:
        if row["kind"] not in {other["kind"] for other in alive}:
            told = f"{_name(row)} was last seen {row['seen']} and is {row['state']}"
            command = "python -m console" if row["kind"] == "console" else f"python -m engine {row['kind']}"
            advice = f"look at its log and start it again: `{command}`, or `python -m engine up`"
            yield Finding("processes", "problem", f"{told}; {advice}.")
    for row in alive:
        if row["detail"].get("ray") == "down":
            yield Finding("processes", "warning", f"{_name(row)} is alive, but its Ray is down; it starts a new one.")
    told = ", ".join(f"{row['kind']} {row['pid']} on {row['host']}" for row in alive)
    none = "no worker or scheduler runs; `python -m engine up` starts them"
    yield Finding("processes", "ok", f"alive: {told}" if alive else none)


def _name(row: Document) -> str:
    return f"The {row['kind']} with process id {row['pid']} on {row['host']}"


def _runs(deployment: Deployment) -> Iterator[Finding]:
    crashed = reap_stale_runs(deployment)
    for run_id in crashed:
        yield Finding("runs", "warning", f"{run_id} had gone silent and is crashed now; `resume {run_id}` finishes it.")
    with deployment.ledger.reading() as connection:
        waiting = recent_runs(connection, MOST_RUNS, state="queued")
    lonely = bool(waiting) and not has_worker(deployment)
    for run in waiting if lonely else ():
        advice = f"`python -m engine worker` or `run {run.pipeline}` carries it out"
        yield Finding("runs", "warning", f"{run.run_id} is waiting for a worker; {advice}.")
    if not crashed and not lonely:
        yield Finding("runs", "ok", f"{len(waiting)} waiting, none silent")


def _ray(deployment: Deployment) -> Iterator[Finding]:
    settings = deployment.settings
    memory = shutil.disk_usage(SHARED_MEMORY).free if SHARED_MEMORY.exists() else 0
    if settings.ray_address:
        try:
            refuse_unshared(settings)
            RayAddress(settings.ray_address).probe()
        except (Refused, RayUnreachable) as error:
            yield Finding("ray", "problem", str(error))
        else:
            yield Finding("ray", "ok", f"{version('ray')}, a cluster answers at {settings.ray_address}")
    elif memory < settings.ray_memory:
        yield Finding("ray", "warning", f"{SHARED_MEMORY} has less room than ray_memory; lower LOANWATCH_RAY_MEMORY.")
    else:
        yield Finding("ray", "ok", f"{version('ray')}, {settings.ray_cpus or cpus_here()} CPUs")


def _leftovers(_deployment: Deployment) -> Iterator[Finding]:
    folders = dead_sessions()
    remove_dead_sessions()
    for folder in folders:
        kept = os.path.lexists(folder)
        told = "remove it" if kept else "they were ended and removed"
        message = f"{folder} with its sockets and processes was left by a process that was killed; {told}."
        yield Finding("leftovers", "problem" if kept else "warning", message)
    if not folders:
        yield Finding("leftovers", "ok", "no socket, folder or process of a killed one")


PROCESS_CHECKS = (_lock, _clock, _processes, _runs, _ray, _leftovers)
