"""Consoles that were started with `streamlit run`, for tests of who is let in."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.console.live import answers
from tests.paths import ROOT
from tests.processes import until
from tests.sandbox import Sandbox

EVERYWHERE = "0.0.0.0"  # noqa: S104 - to be refused


@contextmanager
def served(sandbox: Sandbox, *words: str, port: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A console that was started with `streamlit run` and answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port), *words],
        cwd=ROOT,
        env={**os.environ, "LOANWATCH_HOME": str(sandbox.home), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/_stcore/health"), "console")
        yield process
    finally:
        process.kill()
        process.communicate()
