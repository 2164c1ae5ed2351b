"""What processes that serve have in common: where their log goes, and how they are told to end."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Annotated

import typer

Tied = Annotated[bool, typer.Option("--tied", hidden=True, help="End when standard input does.")]


def log_to_stderr() -> None:
    """Has this process log to standard error: what Loanwatch says, and warnings of the libraries."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(message)s", level=logging.WARNING)
    logging.getLogger("loanwatch").setLevel(logging.INFO)


def until_told(stop: Callable[[], None], *, tied: bool) -> None:
    """Has SIGTERM and Ctrl-C call `stop`, and the end of standard input too when the process is tied to another."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
    if tied:
        at_end_of_input(stop)


def at_end_of_input(stop: Callable[[], None]) -> None:
    """Has a thread call `stop` when standard input ends, as it does when the process at its other end does."""
    threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True, name="tied").start()


def _stop_at_end_of_input(stop: Callable[[], None]) -> None:
    while os.read(0, 1024):
        pass
    stop()
