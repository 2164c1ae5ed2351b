"""Lines with counts, which a test run ends with."""

from collections.abc import Callable

Count = Callable[[str], None]
