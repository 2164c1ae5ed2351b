"""The architecture: which package may import which, where a library may be used, how long a file may be."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.thorough

# From the bottom to the top. A package imports from the lines above its own, never from its own line or from below.
ORDER = """
storage.errors    storage.on_use
storage.cut_off   storage.alert_settings
storage.operation_settings
storage.fit_settings
storage.settings
storage.files
storage.db
storage.lake
storage.ledger

jobs.errors
jobs.accounting  jobs.book
jobs.profiles
jobs.job           jobs.loan_calendar
jobs.subtasks
jobs.statistics    jobs.sample
jobs.governance    jobs.bronze
jobs.silver        jobs.charts
jobs.gold
jobs.modelling
jobs.monitoring

engine.errors
engine.cluster     engine.passwords
engine.definitions
engine.deployment
engine.process
engine.stores
engine.control
engine.execution
engine.scheduling  engine.worker
engine.documents
engine.alerts
engine.status
engine.backfill    engine.backup     engine.doctor    engine.metrics   engine.report    engine.units
engine.cli
engine.__main__

console.components
console.access
console.app
console.__main__   console.runs   console.alerts  console.decisions
console.overview   console.run     console.drift  console.models  console.data  console.schedule  console.audit
"""
LEVEL = {name: level for level, line in enumerate(ORDER.strip().splitlines()) for name in line.split()}
ROOMS = ("storage", "jobs", "engine", "console")
FILES = sorted(path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py"))
LIBRARIES = {  # where a library may be imported; a room stands for everything in it
    "ray": {"engine.execution.ray_executor"},
    "streamlit": {"console"},
    "sqlalchemy": {"storage", "engine"},
    "sklearn": {
        "jobs.modelling.calibrated",
        "jobs.modelling.pipelines",
        "jobs.modelling.reproducible",
        "jobs.modelling.scorecard.bins",
        "jobs.modelling.scorecard.estimator",
    },
    "altair": {"jobs", "console"},
}
LONGEST_FILE = 250
MOST_FILES = 14
VAGUE = {"utils", "helpers", "common", "base", "manager", "misc"}


def module(path: Path) -> str:
    """`a/b/c.py` is a.b.c, `a/b/__init__.py` is a.b."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def package(name: str) -> str:
    """The package of a module, as `ORDER` names it: engine.cli.app is of engine.cli, engine.errors of itself."""
    return ".".join(name.split(".")[:2])


@cache
def tree_of(path: Path, root: Path = ROOT) -> ast.Module:
    return ast.parse((root / path).read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def findings(root: Path = ROOT) -> list[str]:
    """Everything that is wrong with the imports of the project under `root`, a line each."""
    paths = sorted(path.relative_to(root) for room in ROOMS for path in (root / room).rglob("*.py"))
    return [line for path in paths for line in _wrong(module(path), tree_of(path, root))]


def _wrong(name: str, tree: ast.Module) -> Iterator[str]:
    own = package(name)
    if own not in LEVEL and own not in ROOMS:
        yield f"{name}: the package {own} has no place in ORDER"
        return
    for used in imports(tree):
        other = package(used)
        if used.startswith("."):
            yield f"{name} imports {used} relatively"
        elif other in LEVEL and other != own and LEVEL[other] >= LEVEL.get(own, -1):
            yield f"{name} imports {used} upward"
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = (node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))
            yield from (f"{name}:{node.lineno} imports inside of {function.name}" for node in inside)


def test_imports_run_downward_and_stand_at_the_top() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("planted", "line", "found"),
    [
        ("storage/files/planted.py", "from storage.ledger.runs import request_run", "upward"),
        ("jobs/silver/planted.py", "import jobs.gold.features", "upward"),
        ("engine/process/planted.py", "from engine.cli import app", "upward"),
        ("engine/worker/planted.py", "from engine.scheduling.slots import Slot", "upward"),
        ("jobs/gold/nested/planted.py", "from engine.deployment import Deployment", "upward"),
        ("console/drift/planted.py", "from console.models import query", "upward"),
        ("engine/control/planted.py", "def late():\n    import storage.settings", "inside of late"),
        ("jobs/planted/planted.py", "import json", "no place"),
        ("jobs/silver/planted.py", "from . import cleaning", "relatively"),
    ],
)
def test_a_planted_import_is_found_in_a_nested_package(planted: str, line: str, found: str, tmp_path: Path) -> None:
    (tmp_path / planted).parent.mkdir(parents=True)
    (tmp_path / planted).write_text(f'"""Planted."""\n\n{line}\n')
    told = findings(tmp_path)  # the planted file is all that there is
    assert told
    assert [line for line in told if module(Path(planted)) not in line or found not in line] == []


def test_every_package_of_the_order_is_there() -> None:
    assert {package(module(path)) for path in FILES} - set(ROOMS) == set(LEVEL)


def test_modules_do_not_import_one_another_in_a_circle() -> None:
    names = {module(path) for path in FILES}
    graph = {module(path): {name for name in imports(tree_of(path)) if name in names} for path in FILES}
    packages = {module(path) for path in FILES if path.name == "__init__.py"}
    try:
        TopologicalSorter({name: used - packages - {name} for name, used in graph.items()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    users = {module(path) for path in FILES if library in {name.split(".")[0] for name in imports(tree_of(path))}}
    assert {user for user in users if not {user, user.split(".")[0]} & LIBRARIES[library]} == set()


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_file_has_one_subject_and_a_name_for_it(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert path.stem not in VAGUE
    assert len(text.splitlines()) <= LONGEST_FILE
    assert ast.get_docstring(ast.parse(text))


def test_no_folder_holds_more_than_a_reader_takes_in() -> None:
    folders = Counter(path.parent for path in FILES)
    assert {folder: count for folder, count in folders.items() if count > MOST_FILES} == {}


def test_a_package_file_holds_nothing_but_its_docstring() -> None:
    assert [path for path in FILES if path.name == "__init__.py" and len(tree_of(path).body) > 1] == []
