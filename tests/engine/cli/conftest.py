"""Commands on a shared Ray, and a home in which the three pipelines were run."""

from pathlib import Path

import pytest

from engine.execution.executors import Executor
from tests.engine.cli.on_ray import OnRay


@pytest.fixture(scope="session")
def engine(ray_executor: Executor) -> OnRay:
    """Carries out commands in this process."""
    return OnRay(ray_executor)


@pytest.fixture(scope="session")
def home(engine: OnRay, small_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the three pipelines were run."""
    folder = tmp_path_factory.mktemp("home")
    for words in (["training", "--data", str(small_book)], ["inference"], ["monitoring"]):
        done = engine("run", *words, home=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder
