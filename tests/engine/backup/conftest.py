"""A deployment to back up, and a backup of it: made once in a process, copied for each test that changes it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.control.runs import checked_request, request
from engine.passwords import new_entry, write_entry
from tests.commands import document
from tests.sandbox import AS_OF, Sandbox

PASSWORD = "a long enough password"  # noqa: S105 - of a test


@pytest.fixture(scope="session")
def kept_site(monitored_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A monitored deployment with a user and a queued run; not to be changed."""
    sandbox = Sandbox.copied(monitored_home, tmp_path_factory.mktemp("backed-up") / "home")
    write_entry(sandbox.home / "passwords", new_entry("ann", "operator", PASSWORD, (2, 1, 1)))
    request(sandbox.deployment, checked_request(sandbox.deployment, "training", AS_OF))
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def kept_backup(kept_site: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the deployment; not to be changed."""
    folder = tmp_path_factory.mktemp("backups") / "backup"
    document("backup", str(folder), "--home", str(kept_site.home))
    return folder


@pytest.fixture
def backup(kept_backup: Path, tmp_path: Path) -> Path:
    """A backup of the test's own."""
    return Path(shutil.copytree(kept_backup, tmp_path / "backup"))


@pytest.fixture
def site(kept_site: Sandbox, tmp_path: Path) -> Iterator[Sandbox]:
    """The deployment for a test that changes it."""
    sandbox = kept_site.copy(tmp_path / "home")
    yield sandbox
    sandbox.close()
