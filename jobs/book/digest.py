"""Digests of a declaration, equal on every machine, and the definition of the label that models are compared by."""

import ast
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

from jobs.book.columns import Source
from jobs.book.declaration import Book

SHOWN_ONLY = {"where", "description"}  # fields that change no result
STALENESS = {"cadence", "new_loans_only"}  # fields of a source that say when it is stale, which changes no table
_DIGESTS: dict[int, tuple[Book, str]] = {}  # of the books that this process uses
WORDS = {
    "prediction": "the prediction (months after the loan's start)",
    "observation": "the observation (months after the loan's start)",
    "source": "the source of the label",
    "column": "the column of the label",
    "above": "the limit of a bad loan",
    "first": "the first month of a bad loan",
    "last": "the last month of a bad loan",
    "month": "the column that counts the months",
}


def digest(book: Book) -> str:
    """SHA-256 (hex) of everything in a book that changes results; descriptions and the book's name do not."""
    known = _DIGESTS.get(id(book))
    if known is None or known[0] is not book:
        form = canonical(book)
        del form["name"]
        known = _DIGESTS[id(book)] = (book, _hash(form))
    return known[1]


def source_digest(source: Source) -> str:
    """SHA-256 (hex) of everything in a source that changes its tables."""
    form = canonical(source)
    return _hash({name: value for name, value in form.items() if name not in STALENESS})


def label_definition(book: Book) -> dict[str, Any]:
    """The offsets and the bad loan as plain JSON, as models keep them."""
    bad_loan = canonical(book.bad_loan)
    del bad_loan["type"]
    bad_loan["above"] = float(bad_loan["above"])
    return {"prediction": book.prediction, "observation": book.observation, "bad_loan": bad_loan}


def same_definition(
    a: Mapping[str, Any], b: Mapping[str, Any], names: tuple[str, str] = ("one", "the other")
) -> str | None:
    """None when two label definitions are the same, else a sentence about all that differs; `names` are a's and b's."""
    left, right = ({**one, **one.get("bad_loan", {})} for one in (a, b))
    told = [
        f"{word} is {_shown(left.get(name))} in {names[0]} and {_shown(right.get(name))} in {names[1]}"
        for name, word in WORDS.items()
        if left.get(name) != right.get(name)
    ]
    return f"The labels are defined differently: {'; '.join(told)}." if told else None


def canonical(value: Any) -> Any:
    """A value of a declaration as plain JSON: dataclasses as dictionaries, functions as their sources."""
    if is_dataclass(value) and not isinstance(value, type):
        held = {one.name: getattr(value, one.name) for one in fields(value) if one.name not in SHOWN_ONLY}
        return {"type": type(value).__name__, **{name: canonical(one) for name, one in held.items()}}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):  # in order: the first feature set is the default
        return [[str(name), canonical(one)] for name, one in value.items()]
    if isinstance(value, tuple | list):
        return [canonical(one) for one in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return {"function": function_source(value)} if callable(value) else repr(value)


def function_source(function: Callable[..., Any]) -> str:
    """The source of a function and of what it uses of its own module, without comments and docstrings.

    A function without Python source is known by its name.
    """
    name = getattr(function, "__qualname__", repr(function))
    module = getattr(function, "__module__", None) or ""
    known = _definitions(module)
    if name not in known:
        return f"{module}.{name}"
    wanted, waiting = {name}, [name]
    while waiting:
        used = {one for statement in known[waiting.pop()] for one in _names(statement)}
        waiting += sorted(used & known.keys() - wanted)
        wanted |= used & known.keys()
    return "\n".join(ast.unparse(statement) for one in sorted(wanted) for statement in known[one])


@cache
def _definitions(module: str) -> dict[str, list[ast.stmt]]:
    """The statements at the top of a module by the names that they define; none when its source is not at hand."""
    loader: Any = getattr(getattr(sys.modules.get(module), "__spec__", None), "loader", None)
    source = loader.get_source(module) if hasattr(loader, "get_source") else None
    found: dict[str, list[ast.stmt]] = {}
    for statement in ast.parse(source or "").body:
        plain = _Plain().visit(statement)
        for name in _defined(statement):
            found.setdefault(name, []).append(plain)
    return found


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    else:
        yield from (
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )


def _names(statement: ast.stmt) -> Iterator[str]:
    yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))


class _Plain(ast.NodeTransformer):
    """Takes the docstrings of functions away: they change no result."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """The function without its docstring."""
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def _hash(form: Any) -> str:
    return hashlib.sha256(json.dumps(form, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _shown(value: Any) -> str:
    return "not known" if value is None else f"{value:g}" if isinstance(value, float) else str(value) or "none"
