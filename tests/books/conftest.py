"""Pages of the console, as the tests of the console open them."""

from tests.console.conftest import opened

__all__ = ["opened"]
