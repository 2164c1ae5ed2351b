"""Ctrl-C of a command that follows a run."""

import os
import signal
import threading

import pytest

from engine.process.signals import ctrl_c_noted


def press() -> None:
    """Ctrl-C, as the terminal sends it."""
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_is_noted_and_interrupts_nothing() -> None:
    before = signal.getsignal(signal.SIGINT)
    with ctrl_c_noted() as pressed:
        assert not pressed()
        press()
        assert pressed()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), ctrl_c_noted():
        press()
        press()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_that_gets_no_signals_notes_none() -> None:
    noted: list[bool] = []

    def enter() -> None:
        with ctrl_c_noted() as pressed:
            noted.append(pressed())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert noted == [False]


def test_where_sigint_is_ignored_it_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ctrl_c_noted() as pressed:
            press()
            assert not pressed()
    finally:
        signal.signal(signal.SIGINT, before)
