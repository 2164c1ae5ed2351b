"""Commands of the engine that run in the test's own process: most of what a process of their own takes is imports."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch

from engine.cli.app import main
from storage.db.ledger import Ledger
from tests.paths import ROOT
from tests.processes import DEADLINE


def command(*words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """How `python -m engine WORDS` ends; `env` is what the environment has besides."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        closed_ledgers(),
        patch.object(sys, "argv", ["engine", *words]),
        patch.dict(os.environ, env or {}),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def own_process(*words: str) -> subprocess.CompletedProcess[str]:
    """How `python -m engine WORDS` ends in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "engine", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@contextmanager
def closed_ledgers() -> Iterator[None]:
    """Closes what a command leaves open, as the end of its process would."""
    opened: list[Ledger] = []
    begin = Ledger.__init__

    def noted(ledger: Ledger, *words: Any, **more: Any) -> None:
        begin(ledger, *words, **more)
        opened.append(ledger)

    try:
        with patch.object(Ledger, "__init__", noted):
            yield
    finally:
        for ledger in opened:
            ledger.close()


def document(*words: str, code: int = 0, env: Mapping[str, str] | None = None) -> Any:
    """What a command says in JSON."""
    done = command(*words, "--json", env=env)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)
