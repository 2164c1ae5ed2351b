"""`backup` and `restore` that are killed at any step: what is there afterwards is complete, or it is not there."""

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.backup.backup import back_up, deployment_at
from engine.backup.restore import restore
from storage.settings import load_settings
from tests.commands import command, document
from tests.sandbox import Sandbox

STEPS = ("fsync", "rename", "replace", "unlink", "rmdir")  # the calls of the system that decide what is seen
BETWEEN = 3  # kills, besides those at the first and at the last steps


def killed_at(step: int, act: Callable[[], object]) -> bool:
    """Whether `act`, in a process of its own, was killed before a step (from 1); if not, it came to its end."""
    return os.WIFSIGNALED(_ended(act, step))


def steps_of(act: Callable[[], object], told: Path) -> list[int]:
    """Steps at which to kill `act`: the first, the last three and some between, of those that it takes undisturbed."""
    _ended(act, None, told)
    last = int(told.read_text())
    told.unlink()
    return sorted({1, *range(2, last, last // BETWEEN), *range(last - 2, last + 1)})


def _ended(act: Callable[[], object], step: int | None, told: Path | None = None) -> int:
    """The status of a process that does it and is killed at a step, or tells the number of its steps in a file."""
    child = os.fork()
    if not child:
        try:
            count = itertools.count(1)
            for name in STEPS:
                setattr(os, name, _counted(getattr(os, name), count, step))
            act()
            if told:
                told.write_text(str(next(count) - 1))
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def _counted(call: Callable[..., Any], steps: Iterator[int], last: int | None) -> Callable[..., Any]:
    def counted(*given: Any, **named: Any) -> Any:
        if next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given, **named)

    return counted


@pytest.mark.thorough
def test_a_killed_backup_is_no_backup(kept_site: Sandbox, tmp_path: Path) -> None:
    def act(folder: Path) -> None:
        back_up(deployment_at(load_settings(home=kept_site.home)), folder, lambda *_: None)

    for step in steps_of(lambda: act(tmp_path / "undisturbed"), tmp_path / "steps"):
        folder = tmp_path / f"backup-{step}"
        assert killed_at(step, lambda folder=folder: act(folder))
        if folder.exists():
            assert command("restore", str(folder), "--check").returncode == 0
    drafts = [entry for entry in tmp_path.iterdir() if entry.name.startswith(".")]
    assert len(drafts) > BETWEEN
    assert {command("restore", str(draft), "--check").returncode for draft in drafts} <= {0, 3}
    assert command("backup", str(tmp_path / "backup-1"), "--home", str(kept_site.home)).returncode == 0


@pytest.mark.thorough
def test_a_killed_restore_is_repeated(kept_backup: Path, tmp_path: Path) -> None:
    def act(home: Path) -> None:
        restore(kept_backup, load_settings(home=home), lambda *_: None)

    for step in steps_of(lambda: act(tmp_path / "undisturbed"), tmp_path / "steps"):
        home = tmp_path / f"home-{step}"
        assert killed_at(step, lambda home=home: act(home))
        if home.exists():
            checks = document("doctor", "--home", str(home))
            assert [each for each in checks if each["level"] == "problem"] == []
        else:
            document("restore", str(kept_backup), "--home", str(home))
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []
