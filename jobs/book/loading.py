"""The book that a reference names: the default, a `.py` file or a module. It is validated when it is loaded."""

import hashlib
import importlib
import sys
import traceback
from collections.abc import Callable
from functools import lru_cache
from importlib.abc import SourceLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from jobs.book import retail
from jobs.book.checks.finding import Finding
from jobs.book.declaration import Book
from jobs.book.validation import declaration_findings, findings
from jobs.errors import BookRejected

T = TypeVar("T")
DEFAULT = ""
ADVICE = "name a `.py` file or a module that has BOOK"


class BookFile(SourceLoader):
    """Loads a module from the content that was read once, so that what is cached and what runs are the same."""

    def __init__(self, path: str, content: bytes) -> None:
        self.path, self.content = path, content

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002 - the import system's signature
        """The path of the file."""
        return self.path

    def get_data(self, path: str | bytes) -> bytes:  # noqa: ARG002 - the import system's signature
        """The content of the file, as it was read."""
        return self.content


def load(reference: str = DEFAULT) -> Book:
    """The validated book of a reference; BookRejected with every finding when it can't be used.

    '' is the default book. Estimators are not imported here: `book check` and training do that.
    """
    return _validated(module_of(reference)) if reference else retail.BOOK


def examined(reference: str = DEFAULT) -> Book:
    """The book of a reference after every check, the import of its estimators included; BookRejected as for `load`."""
    return _accepted(book_of(module_of(reference)), findings)


def module_of(reference: str = DEFAULT) -> ModuleType:
    """The module of a reference, which has BOOK and may have more, such as PIPELINES; BookRejected when it fails.

    A file is run once for each content that it has.
    """
    if not reference:
        return retail
    if not reference.endswith(".py"):
        if not all(part.isidentifier() for part in reference.split(".")):
            raise _rejected(reference, 0, f"this is neither a file nor a module; {ADVICE}")
        return _run(reference, lambda: importlib.import_module(reference))
    path = Path(reference).expanduser().absolute()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _rejected(str(path), 0, f"the file can't be read ({error.strerror}); {ADVICE}") from None
    return _module(str(path), content)


def book_of(module: ModuleType) -> Book:
    """The BOOK of a module; BookRejected when it has none."""
    file = module.__file__ or module.__name__
    if not hasattr(module, "BOOK"):
        raise _rejected(file, 1, "there is no BOOK; add `BOOK = Book(...)`")
    if not isinstance(module.BOOK, Book):
        raise _rejected(file, 1, f"BOOK is of type {type(module.BOOK).__name__}; write `BOOK = Book(...)`")
    return module.BOOK


@lru_cache(maxsize=8)
def _validated(module: ModuleType) -> Book:
    return _accepted(book_of(module), declaration_findings)


def _accepted(book: Book, checks: Callable[[Book], list[Finding]]) -> Book:
    if found := checks(book):
        raise BookRejected([str(finding) for finding in found])
    return book


@lru_cache(maxsize=8)
def _module(path: str, content: bytes) -> ModuleType:
    name = "loanwatch_book_" + hashlib.sha256(path.encode() + b"\0" + content).hexdigest()[:12]
    loader = BookFile(path, content)
    spec = spec_from_loader(name, loader)
    assert spec is not None  # noqa: S101 - for the type checker: a loader was given
    module = module_from_spec(spec)
    sys.modules[name] = module  # functions of the file are found by name
    try:
        _run(path, lambda: loader.exec_module(module))
    except BookRejected:
        del sys.modules[name]
        raise
    return module


def _run(reference: str, action: Callable[[], T]) -> T:
    """The result of running a lender's code; whatever it raises becomes a finding with file and line."""
    try:
        return action()
    except SyntaxError as error:
        file, line = error.filename or reference, error.lineno or 1
        raise _rejected(file, line, f"this is no Python ({error.msg}); correct the line") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a declaration may raise anything
        file, line = _place(error, reference)
        if isinstance(error, ModuleNotFoundError) and error.name and reference.startswith(error.name):
            raise _rejected(reference, 0, f"there is no module {error.name}; {ADVICE}") from None
        what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise _rejected(file, line, f"the declaration fails ({what}); correct the line") from None


def _place(error: BaseException, reference: str) -> tuple[str, int]:
    """The file and line of a lender's code that an error came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == reference]
    machinery = (__file__, importlib.__file__)
    imported = [frame for frame in frames if not frame.filename.startswith("<") and frame.filename not in machinery]
    for frame in (*own[-1:], *imported[:1]):
        return frame.filename, frame.lineno or 1
    return reference, 1


def _rejected(file: str, line: int, message: str) -> BookRejected:
    return BookRejected([str(Finding(file, line, message))])
