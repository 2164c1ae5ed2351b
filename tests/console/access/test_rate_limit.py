"""How fast passwords may be guessed."""

from collections.abc import Callable

import pytest

from console.access.rate_limit import FORGOTTEN_AFTER, LONGEST_PAUSE, MOST_FAILURES, WINDOW, RateLimit, TooManyTries


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def wrong() -> None:
    return None


def right() -> bool:
    return True


def pause(tries: RateLimit, name: str, check: Callable[[], bool | None] = wrong) -> str:
    """What one is told instead of being let try; nothing when one is."""
    try:
        tries.attempt(name, check)
    except TooManyTries as refused:
        return str(refused)
    return ""


def test_pauses_grow_with_the_failures_of_a_name(clock: Clock) -> None:
    tries, pauses = RateLimit(clock), []
    for _ in range(12):
        waited = 0
        while pause(tries, "anna"):
            clock.now += 1
            waited += 1
        pauses.append(waited)
    assert pauses == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert max(pauses) == LONGEST_PAUSE


def test_nothing_is_checked_in_a_pause_and_no_other_name_waits(clock: Clock) -> None:
    tries = RateLimit(clock)
    for _ in range(3):
        tries.attempt("anna", wrong)
    checked: list[bool] = []
    with pytest.raises(TooManyTries, match="try again in 1 s"):
        tries.attempt("anna", lambda: checked.append(True))
    assert not checked
    assert tries.attempt("ben", right)


def test_success_and_time_make_failures_forgotten(clock: Clock) -> None:
    tries = RateLimit(clock)
    for _ in range(3):
        tries.attempt("anna", wrong)
    clock.now += 1
    assert tries.attempt("anna", right)
    for _ in range(3):
        assert not pause(tries, "anna")
    clock.now += FORGOTTEN_AFTER + 1
    for _ in range(3):
        assert not pause(tries, "anna")
    assert pause(tries, "anna")


def test_many_names_do_not_make_many_tries(clock: Clock) -> None:
    tries = RateLimit(clock)
    for number in range(MOST_FAILURES):
        assert not pause(tries, f"name {number}")
    assert "try again in 60 s" in pause(tries, "anna", right)
    clock.now += WINDOW + 1
    assert not pause(tries, "anna", right)
