"""The rooms: imports run one way, at the top of the file, and only where they are allowed."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"storage": 0, "jobs": 1, "engine": 2, "console": 3}
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
LONGEST_FILE = 250


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=module)
def test_imports_run_from_console_down_to_storage(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    upward = [name for name in imports(TREES[path]) if ROOMS.get(name.split(".")[0], -1) > ROOMS[room]]
    assert not upward


@pytest.mark.parametrize("path", FILES, ids=module)
def test_imports_stand_at_the_top(path: Path) -> None:
    inside = [
        node.lineno
        for function in ast.walk(TREES[path])
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside


def test_modules_do_not_import_one_another_in_a_circle() -> None:
    names = {module(path) for path in FILES}
    graph = {module(path): {name for name in imports(TREES[path]) if name in names} - {module(path)} for path in FILES}
    packages = {name for name in names if name in ROOMS}
    TopologicalSorter({name: needs - packages for name, needs in graph.items()}).prepare()


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("ray", {"engine.executor"}),
        ("streamlit", set()),
        ("sqlalchemy", {"storage", "engine"}),
        ("sklearn", {"jobs.models"}),
        ("altair", {"jobs", "console"}),
    ],
)
def test_a_library_is_imported_only_where_it_belongs(library: str, allowed: set[str]) -> None:
    users = {module(path) for path in FILES if library in {name.split(".")[0] for name in imports(TREES[path])}}
    assert {user for user in users if user not in allowed and user.split(".")[0] not in allowed} <= (
        {user for user in users if user.startswith("console")} if library == "streamlit" else set()
    )


def test_one_file_of_the_engine_knows_the_jobs() -> None:
    knowing = set()
    for path, tree in TREES.items():
        if path.parts[-2] == "engine":
            texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
            named = [text for text in texts if isinstance(text, str) and text.startswith("jobs.")]
            if named or any(name.split(".")[0] == "jobs" for name in imports(tree)):
                knowing.add(module(path))
    assert knowing == {"engine.pipelines"}


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_file_has_one_subject_and_a_name_for_it(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "base", "manager", "misc"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    assert ast.get_docstring(TREES[path])
