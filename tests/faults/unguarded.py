"""Tests without a guard: `python -m tests.faults.unguarded FOLDER [NUMBER...]`, in a fork for each number of a guard.

The imports of the libraries are behind all of them. A fork compiles the guard's module from a text that lacks the
guard, runs the guard's test, and ends. Without a number the tests of all guards run with their guards. Prints a line of
JSON for each test: the guard's number (-1 for none), its id, its outcome, and the type of what was raised.
"""

import json
import os
import sys
import traceback
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tests.faults.guards import GUARDS, Guard
from tests.paths import ROOT

# What takes long to import, and nothing of the product.
LIBRARIES = (
    *("alembic.command", "altair", "moto", "pandas", "playwright.sync_api", "polars", "psycopg"),
    *("pyarrow.dataset", "pyarrow.parquet", "rich.console", "scipy.stats", "sklearn.ensemble", "sklearn.linear_model"),
    *(
        "sqlalchemy.dialects.postgresql",
        "sqlalchemy.dialects.sqlite",
        "streamlit.testing.v1",
        "typer",
        "_pytest.pytester",
    ),
)
AT_ONCE = 2
IMPORTED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # plugins that are imported before pytest looks at them


class Outcomes:
    """Prints the outcome of each test."""

    def __init__(self, number: int) -> None:
        self.number = number

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        report = (yield).get_result()
        if report.when == "call" or report.failed:
            raised = call.excinfo.typename if call.excinfo else ""
            told = [self.number, item.nodeid, f"{report.when} {report.outcome}", raised]
            os.write(3, f"{json.dumps(told)}\n".encode())


def leave_out(guard: Guard) -> None:
    """From now on the guard's module is compiled without it."""
    path = str(ROOT / guard.file)
    text = Path(path).read_text(encoding="utf-8")
    if text.count(guard.text) != 1:
        raise SystemExit(f"{guard.file} has the text of the guard {guard.name!r} {text.count(guard.text)} times")
    whole = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        if self.path == path:
            return self.source_to_code(text.replace(guard.text, guard.without).encode(), path)
        return whole(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]


def run(number: int, folder: Path) -> int:
    """Runs the test of a guard without it, or of every guard with it; returns what pytest ends with."""
    if number >= 0:
        leave_out(GUARDS[number])
    tests = [GUARDS[number].test] if number >= 0 else list(dict.fromkeys(guard.test for guard in GUARDS))
    words = [
        "-p",
        "no:cacheprovider",
        "-q",
        "--no-summary",
        *IMPORTED,
        "--basetemp",
        str(folder / f"of-{number}"),
        *tests,
    ]
    return int(pytest.main(words, plugins=[Outcomes(number)]))


def main(folder: Path, numbers: list[int]) -> None:
    """Forks for each number, a few at a time."""
    for name in LIBRARIES:
        import_module(name)
    os.dup2(1, 3)  # the answers; what pytest prints goes elsewhere
    os.dup2(2, 1)
    working = 0
    for number in numbers:
        if working == AT_ONCE:
            os.wait()
            working -= 1
        if os.fork() == 0:
            try:
                run(number, folder)
            except BaseException:  # noqa: BLE001 - a fork must end here
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)
        working += 1
    while working:
        os.wait()
        working -= 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(word) for word in sys.argv[2:]] or [-1, *range(len(GUARDS))])
