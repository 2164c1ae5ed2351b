"""pyarrow, NumPy, SciPy and pandas, imported when they are used first.

They take a third of the start of a command that only reads the ledger and never uses them. A module that such a
command imports has them from here, and `from __future__ import annotations` where they stand in annotations.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = ["fs", "np", "npt", "pa", "parquet", "pc", "pd", "special"]


class _OnUse(ModuleType):
    """Stands for a module. Its attributes are those of the module, which is imported with the first of them."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import fs, parquet
    from scipy import special
else:
    np, npt, pd, special = map(_OnUse, ("numpy", "numpy.typing", "pandas", "scipy.special"))
    pa, pc, fs, parquet = map(_OnUse, ("pyarrow", "pyarrow.compute", "pyarrow.fs", "pyarrow.parquet"))
