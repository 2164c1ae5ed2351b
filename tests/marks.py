"""Marks of parametrised tests."""

from collections.abc import Iterable
from typing import Any

import pytest


def others_thorough(values: Iterable[Any], *, kept: int = 1) -> list[Any]:
    """The values of a parameter, of which only the first ones belong to `make test`; the rest are thorough.

    A tuple holds the values of several parameters.
    """
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else (value,)), marks=[pytest.mark.thorough] if place >= kept else []
        )
        for place, value in enumerate(values)
    ]
