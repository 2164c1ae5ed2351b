"""A Ray head for the workers and commands of the tests, so that they need not start one of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.cluster.head import PrivateHead
from engine.cluster.private import RayAddress
from storage.settings import load_settings
from tests.processes import until


@contextmanager
def running_head() -> Iterator[RayAddress]:
    """A Ray head of the tests' own, for workers that join one."""
    head = PrivateHead(load_settings(ray_cpus=2, ray_memory=200 * 1024**2))
    try:
        until(lambda: head.poll() == "up", "Ray head")
        yield head.address
    finally:
        head.end()


def joining(head: RayAddress) -> dict[str, str]:
    """The environment of a process that is to use that head."""
    return {"LOANWATCH_RAY_ADDRESS": head.address, "RAY_AUTH_TOKEN_PATH": head.token}


@pytest.fixture(scope="session")
def ray_head() -> Iterator[RayAddress]:
    """A Ray head that workers join, so that they need not start one of their own."""
    with running_head() as address:
        yield address
