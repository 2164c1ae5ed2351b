"""The list of commands is complete and says what each command says; it and the readers have no slow imports."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_group

import engine.cli.commands
from engine.cli.app import command_named
from engine.cli.catalogue import COMMANDS
from tests.commands import command
from tests.paths import ROOT
from tests.processes import DEADLINE

FOLDER = Path(engine.cli.commands.__path__[0])
SLOW = {"alembic", "altair", "pandas", "polars", "prometheus_client", "ray", "scipy", "sklearn", "streamlit"}
NOT_FOR_THE_LIST = {"numpy", "pyarrow", "pydantic", "sqlalchemy"}
READERS = (
    *("runs", "show", "logs", "status", "metrics", "models", "tables", "audit", "notes", "alerts", "schedule"),
    *("drift", "validation", "explain", "lookup"),
    *("health", "profile", "run", "resume", "cancel"),  # a run may be executed by a worker, or be cached as a whole
)
READ_TABLES = {"explain", "lookup"}
WITH_THEIR_IMPORTS = """
import sys
from engine.cli.app import command_named
for name in sys.argv[1:]:
    command_named(name)
print(*sys.modules)
"""


def printed(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=DEADLINE, check=True
    )
    return done.stdout


def test_the_list_of_commands_is_shown_without_slow_imports() -> None:
    program = (
        "import atexit, sys\natexit.register(lambda: print(*sys.modules))\nfrom engine.cli.app import main\nmain()"
    )
    told = printed("-c", program, "--help")
    assert "List the newest runs." in told
    names = {name.partition(".")[0] for name in told.splitlines()[-1].split()}
    assert "typer" in names
    assert names & (SLOW | NOT_FOR_THE_LIST) == set()


def test_commands_that_read_the_ledger_have_no_slow_imports() -> None:
    names = set(printed("-c", WITH_THEIR_IMPORTS, *READERS).split())
    assert {f"engine.cli.commands.{COMMANDS[name].module}" for name in READERS} <= names
    assert {name.partition(".")[0] for name in names} & SLOW == set()
    assert {name for name in names if name.startswith("sqlalchemy.dialects.postgresql")} == set()


def test_commands_that_need_the_ledger_alone_import_neither_pyarrow_nor_numpy() -> None:
    names = set(printed("-c", WITH_THEIR_IMPORTS, *(name for name in READERS if name not in READ_TABLES)).split())
    assert names & {"numpy", "pyarrow"} == set()


def test_every_command_is_listed_with_its_module() -> None:
    modules = {
        ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        for path in FOLDER.rglob("*.py")
        if path.name != "__init__.py"
    }
    declared = {
        (name, module)
        for module in modules
        for name in get_group(import_module(f"engine.cli.commands.{module}").app).commands
    }
    assert {(name, listed.module) for name, listed in COMMANDS.items()} == declared


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_the_start_of_its_help(name: str) -> None:
    first = command_named(name).help.partition("\n\n")[0]
    assert COMMANDS[name].help == " ".join(first.split())


def test_a_command_that_is_not_listed_is_refused_with_those_like_it() -> None:
    done = command("runns")
    assert done.returncode == 2
    assert "No such command 'runns'" in done.stderr
    assert "'runs'" in done.stderr
