"""A head that refuses this process, and what is no head, are told in one sentence before a run is claimed."""

import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.cluster.health import refuse_unanswered
from engine.cluster.private import RayAddress
from engine.errors import Refused
from tests.heads import joining, running_head
from tests.live import Site
from tests.processes import listeners, until

pytestmark = [pytest.mark.thorough, pytest.mark.alone]

WRONG = "fedcba9876543210" * 4


@pytest.fixture
def listener() -> Iterator[str]:
    """The address of something that listens on loopback and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A deployment without runs."""
    home = tmp_path / "home"
    opened = Site(home, f"sqlite:///{home / 'loanwatch.db'}")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # Ray looks there too


def test_a_head_answers_to_its_token_only(ray_head: RayAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match=f"There is no token for the Ray cluster at {ray_head.address}; set RAY_AUTH_TOK"):
        refuse_unanswered(ray_head)
    monkeypatch.setenv("RAY_AUTH_TOKEN", WRONG)
    with pytest.raises(Refused, match=f"The Ray cluster at {ray_head.address} refuses this RAY_AUTH_TOKEN; set the on"):
        refuse_unanswered(ray_head)
    monkeypatch.setenv("RAY_AUTH_TOKEN", Path(ray_head.token).read_text())
    refuse_unanswered(ray_head)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with pytest.raises(Refused, match="RAY_AUTH_MODE=token"):
        refuse_unanswered(ray_head)


def test_another_port_of_ray_is_no_head(ray_head: RayAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", ray_head.token)
    port = listeners([each.pid for each in servers_of(ray_head, "raylet")])[0].laddr.port
    with pytest.raises(Refused, match=f"127.0.0.1:{port} is no Ray head"):
        refuse_unanswered(RayAddress(f"127.0.0.1:{port}"))


def test_a_worker_with_a_wrong_token_refuses_to_start_and_doctor_says_why(ray_head: RayAddress, site: Site) -> None:
    told = f"The Ray cluster at {ray_head.address} refuses this RAY_AUTH_TOKEN"
    site.more = {"RAY_AUTH_TOKEN": WRONG}
    worker = site.process("worker", ray_address=ray_head.address)
    assert (worker.returncode, told in worker.stderr) == (5, True), worker.stderr
    assert "gcs_client" not in worker.stderr
    doctor = site.process("doctor", ray_address=ray_head.address)
    assert (doctor.returncode, told in doctor.stdout) == (1, True), doctor.stdout


def test_a_worker_refuses_what_is_no_ray(listener: str, site: Site) -> None:
    told = f"What listens at {listener} does not answer as a Ray head"
    site.more = {"RAY_AUTH_TOKEN": WRONG}
    worker = site.process("worker", ray_address=listener)
    assert (worker.returncode, told in worker.stderr) == (5, True), worker.stderr


def test_a_worker_whose_head_ends_goes_on_and_tells_where_to_start_it(site: Site) -> None:
    with running_head() as head:
        site.more = joining(head)
        with site.worker() as worker:
            worker.wait_up()
            told = f"he Ray at {head.address} is down; start it there."
            end_of(head)
            until(lambda: worker.row and worker.row.detail["ray"] == "down", "end of the head")
            assert f"WARNING T{told}" in " ".join(worker.log.read_text().split())
            assert f"is running, but t{told}" in site.process("doctor").stdout
            assert worker.process.poll() is None


def end_of(head: RayAddress) -> None:
    """Kills the server of a head."""
    for process in servers_of(head, "gcs_server"):
        process.kill()


def servers_of(head: RayAddress, name: str) -> list[psutil.Process]:
    """The running servers of a private head with that name."""
    folder = str(Path(head.token).parent)
    every = psutil.process_iter(["name", "cmdline"])
    return [each for each in every if each.info["name"] == name and folder in " ".join(each.info["cmdline"] or ())]
