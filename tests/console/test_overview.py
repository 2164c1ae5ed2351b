"""The Overview page."""

from tests.conftest import House
from tests.console.conftest import Opened, words


def test_an_empty_home_says_what_to_do(opened: Opened, empty_house: House) -> None:
    assert "Overview" in words(opened(empty_house.home))
