"""Digests of the code of tasks: of one function for its cache key, of a call for the process that carries it out."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from engine.definitions.sources import code_digest, content_of, libraries
from engine.definitions.task import BOOK, Task
from jobs.book.loading import BookFile, module_of

PACKAGES = ("jobs", "storage")
DECLARATIONS = ("jobs.book.retail",)  # the book's digest covers what it declares


def function_code(reference: str, declaration: str) -> str:
    """`code_of`; of a function in the file or module that declares the book, SHA-256 of that as it is loaded."""
    if reference.partition(":")[0] != BOOK:
        return code_of(reference)
    return hashlib.sha256(reference.encode() + _book_content(declaration)).hexdigest()


def call_code(task: Task, declaration: str) -> str:
    """What a process must have to carry out a call of the task: the project's code, and the book's if it runs that."""
    if not any(reference.startswith(f"{BOOK}:") for reference in task.functions):
        return code_digest()
    return hashlib.sha256(code_digest().encode() + _book_content(declaration)).hexdigest()


@cache
def code_of(reference: str) -> str:
    """SHA-256 of a function's module, of all modules of the project that it imports, and of the library versions."""
    code = hashlib.sha256(reference.encode())
    for name in sorted(_imported_modules(reference.partition(":")[0])):
        code.update(content_of(name) or b"")
    code.update(libraries().encode())
    return code.hexdigest()


def _book_content(declaration: str) -> bytes:
    module = module_of(declaration)
    loader = module.__spec__.loader if module.__spec__ else None
    if isinstance(loader, BookFile):
        return loader.content
    return content_of(module.__name__) or _content_at(module.__file__ or "")


@cache
def _content_at(file: str) -> bytes:
    return Path(file).read_bytes()


def _imported_modules(module: str) -> set[str]:
    found: set[str] = set()
    open_modules = [module]
    while open_modules:
        name = open_modules.pop()
        if name not in found and name not in DECLARATIONS and content_of(name) is not None:
            found.add(name)
            open_modules += _project_imports(name)
    return found


@cache
def _project_imports(module: str) -> tuple[str, ...]:
    tree = ast.parse(content_of(module) or b"")
    return tuple(name for name in _imports(tree) if name.split(".")[0] in PACKAGES)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
