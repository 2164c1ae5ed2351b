"""The garbage collector waits for the imports of a command, and works when the command runs."""

import subprocess
import sys

import pytest

from tests.paths import ROOT
from tests.processes import DEADLINE

PROGRAM = """
import atexit, gc, runpy
during_imports = []
gc.callbacks.append(lambda phase, _: gc.get_freeze_count() or during_imports.append(phase))
atexit.register(lambda: print(len(during_imports), gc.isenabled(), gc.get_freeze_count() > 10_000))
runpy.run_module("engine", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(("words", "told"), [(("--help",), "0 False False"), (("runs", "--help"), "0 True True")])
def test_a_command_is_imported_without_a_collection_and_runs_with_the_collector(
    words: tuple[str, ...], told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        check=True,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=DEADLINE,
    )
    assert done.stdout.splitlines()[-1] == told
