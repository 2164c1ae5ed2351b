"""The Ray of a worker's runs: a head of its own, started anew when it dies, or a cluster that was there before."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from engine.cluster.head import JoinedCluster, PrivateHead, ray_for_runs, refuse_unshared
from engine.cluster.private import RayAddress, RayUnreachable
from engine.cluster.sessions import servers_of
from engine.errors import Refused
from storage.settings import load_settings
from tests.processes import tree, until

pytestmark = pytest.mark.alone

TOLD_WITHIN = 60.0  # seconds; Ray itself would ask for minutes
GIVEN_UP_WITHIN = 20.0  # seconds; Ray itself asks a dead raylet for 30, a dead GCS for 60
POSTGRESQL = "postgresql+psycopg://loanwatch@db/ledger"
SHARED = {"datamart": "s3://bucket/tables", "models": "s3://bucket/models", "reports": "s3://bucket/reports"}


@pytest.fixture
def joinable(ray_head: RayAddress, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a Ray head whose token this process has."""
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", ray_head.token)
    return ray_head.address


@pytest.fixture
def dead_port() -> str:
    """An address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.thorough
def test_a_joined_cluster_is_up_while_it_answers(joinable: str) -> None:
    joined = ray_for_runs(load_settings(ray_address=joinable))
    assert isinstance(joined, JoinedCluster)
    assert joined.poll() == "up"
    assert joined.address.address == joinable
    joined.end()
    assert joined.poll() == "up"  # it is not ours to end


def test_a_dead_cluster_is_told_at_once_and_is_down(dead_port: str) -> None:
    before = monotonic()
    with pytest.raises(RayUnreachable, match=f"No Ray answers at {dead_port}"):
        ray_for_runs(load_settings(ray_address=dead_port))
    assert monotonic() - before < TOLD_WITHIN
    assert JoinedCluster(load_settings(ray_address=dead_port)).poll() == "down"


@pytest.mark.thorough
def test_a_machine_without_a_node_of_the_cluster_is_told_at_once(
    joinable: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = f"start one with `ray start --address={joinable}`"
    ray_for_runs(load_settings(ray_address=joinable))
    assert told in caplog.text
    caplog.clear()
    words = ["/opt/ray/raylet", "-c", "input()"]  # a process of that name, as far as this machine can tell
    with subprocess.Popen(words, executable=sys.executable, stdin=subprocess.PIPE) as node:
        ray_for_runs(load_settings(ray_address=joinable))
        node.communicate(b"\n")
    assert caplog.text == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_cluster_on_this_machine_needs_nothing_shared(host: str) -> None:
    refuse_unshared(load_settings(ray_address=f"{host}:6379"))


def test_a_cluster_of_other_machines_needs_a_shared_ledger() -> None:
    with pytest.raises(Refused, match="can't share a SQLite ledger") as refused:
        refuse_unshared(load_settings(ray_address="10.0.0.9:6379", **SHARED))
    assert refused.value.exit_code == 5


@pytest.mark.parametrize("own", sorted(SHARED))
def test_a_cluster_of_other_machines_needs_every_store_shared(own: str) -> None:
    shared = {name: place for name, place in SHARED.items() if name != own}
    settings = load_settings(ray_address="10.0.0.9:6379", ledger=POSTGRESQL, **shared)
    with pytest.raises(Refused, match=f"LOANWATCH_{own.upper()}"):
        refuse_unshared(settings)
    refuse_unshared(settings.changed(**{own: "/shared"}))


@pytest.mark.thorough
def test_a_private_head_is_started_anew_when_it_dies_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = PrivateHead(load_settings(ray_cpus=1, ray_memory=100 * 1024**2))
    with pytest.raises(RayUnreachable, match="not up yet"):
        assert head.address
    try:
        until(lambda: head.poll() == "up", "head")
        first, address = head.pid, head.address
        assert first
        assert Path(address.token).stat().st_mode & 0o777 == 0o600
        os.kill(first, signal.SIGKILL)
        until(lambda: head.poll() == "down", "death of the head")
        assert not Path(address.token).parent.exists()
        until(lambda: head.poll() == "up", "new head")
        assert head.pid not in (None, first)
        assert head.address.token != address.token
    finally:
        last, folder = head.pid or 0, Path(head.address.token).parent
        head.end()
    assert tree(last) == {}
    assert not folder.exists()


@pytest.mark.thorough
@pytest.mark.parametrize("server", ["gcs_server", "raylet"])
@pytest.mark.parametrize("then", ["starting", "up"])
def test_a_head_that_loses_a_server_is_given_up_at_once(server: str, then: str) -> None:
    head = PrivateHead(load_settings(ray_cpus=1, ray_memory=100 * 1024**2))

    def found() -> list[int]:
        there = [pid for pid in servers_of(head.pid or 0) if is_program(pid, server)]
        return there if head.poll() == then else []

    try:
        (victim,) = until(found, f"{server} of a head that is {then}")
        first = head.pid
        os.kill(victim, signal.SIGKILL)
        until(lambda: head.poll() == "down", "end of the head", GIVEN_UP_WITHIN)
        assert tree(first or 0) == {}
        until(lambda: head.poll() == "up", "new head")
    finally:
        head.end()


def is_program(pid: int, name: str) -> bool:
    """Whether the process runs the program of that name."""
    return Path(f"/proc/{pid}/comm").read_text().strip() == name
