"""Libraries that are imported when they are used first.

pyarrow and NumPy take a third of the start of a command that only reads the ledger and never uses them. A module that
such a command imports has them as `pa = on_use("pyarrow")`, and imports them for the type checker alone.
"""

from importlib import import_module
from types import ModuleType
from typing import Any


class _OnUse(ModuleType):
    """Stands for a module. Its attributes are those of the module, which is imported with the first of them."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value


def on_use(name: str) -> Any:
    """The module of that name, imported when an attribute is used first, once for all threads."""
    return _OnUse(name)
