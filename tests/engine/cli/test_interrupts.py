"""Ctrl-C after a run has published: it succeeded, and the command says so."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import engine.execution.execute
import engine.execution.runner
from tests.engine.cli.on_ray import OnRay

pytestmark = pytest.mark.thorough


def interrupted(act: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, after which the person presses Ctrl-C."""

    def acts(*given: Any, **named: Any) -> None:
        act(*given, **named)
        os.kill(os.getpid(), signal.SIGINT)

    return acts


@pytest.mark.parametrize(
    ("module", "name"),
    [(engine.execution.runner, "commit"), (engine.execution.execute, "vacuum")],
    ids=["commit", "vacuum"],
)
def test_an_interrupt_after_the_commit_changes_nothing(
    engine: OnRay, home: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    monkeypatch.setattr(module, name, interrupted(getattr(module, name)))
    done = engine("run", "inference", home=home)
    assert (done.returncode, "succeeded after" in done.stdout) == (0, True), done.stdout + done.stderr
    assert engine.document("runs", "--limit", "1", home=home)[0]["state"] == "succeeded"
