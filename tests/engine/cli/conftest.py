"""Commands on a shared Ray, and a home in which the three pipelines were run."""

from pathlib import Path

import pytest

from engine.execution.executors import Executor
from tests.commands import own_process
from tests.engine.cli.on_ray import OnRay


@pytest.fixture(scope="session")
def engine(ray_executor: Executor) -> OnRay:
    """Carries out commands in this process."""
    return OnRay(ray_executor)


@pytest.fixture(scope="session")
def home(engine: OnRay, small_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the three pipelines were run: the first by a process of its own, on a Ray of its own."""
    folder = tmp_path_factory.mktemp("home")
    done = own_process("run", "training", "--data", str(small_book), "--home", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "store_best_model" in done.stdout
    assert "\x1b[" not in done.stdout  # plain lines when not on a terminal
    for pipeline in ("inference", "monitoring"):
        done = engine("run", pipeline, home=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder
