"""Commands in the test's own process, whose runs are carried out on the Ray that the tests of a process share."""

import json
import shutil
import subprocess
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.cli.commands import runs
from engine.execution.executors import Executor
from tests.commands import command


@dataclass(frozen=True)
class OnRay:
    """`python -m engine` without its imports and without a Ray of its own, which take longer than what it does."""

    executor: Executor

    def __call__(self, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
        """How a command ends in a home."""
        with patch.object(runs, "local_ray", lambda _: nullcontext(self.executor)):
            return command(*words, "--home", str(home))

    def document(self, *words: str, home: Path) -> Any:
        """What a command that goes well says in JSON."""
        done = self(*words, "--json", home=home)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


def copied(extracts: Path, folder: Path) -> Path:
    """A folder with the same extracts, to be changed one by one."""
    return Path(shutil.copytree(extracts, folder))
