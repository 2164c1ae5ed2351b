"""Ctrl-C while the ledger is written: the transaction ends first, so that whoever handles the interrupt can write."""

import signal
import sqlite3
from contextlib import closing
from datetime import date

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from engine.process.signals import interrupt_on_sigterm
from storage.db.ledger import Ledger
from storage.ledger.runs import Request, request_run
from tests.databases import sqlite_only
from tests.storage.ledger.made import NOW


def write(ledger: Ledger, pipeline: str) -> None:
    with ledger.writing() as connection:
        request_run(connection, Request(pipeline, date(2024, 5, 3), "x"), NOW)


def pipelines(ledger: Ledger) -> list[str]:
    with ledger.reading() as connection:
        return list(connection.exec_driver_sql("SELECT pipeline FROM runs ORDER BY pipeline").scalars())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_when_the_transaction_has_been_committed(ledger: Ledger, number: signal.Signals) -> None:
    with interrupt_on_sigterm():
        with pytest.raises(KeyboardInterrupt), ledger.writing() as connection:
            signal.raise_signal(number)
            request_run(connection, Request("training", date(2024, 5, 3), "x"), NOW)
        write(ledger, "inference")  # and the next one is not interrupted
    assert pipelines(ledger) == ["inference", "training"]


def test_a_signal_at_the_beginning_of_a_transaction_leaves_no_lock(ledger: Ledger) -> None:
    with interrupt_on_sigterm():
        event.listen(Engine, "begin", lambda _: signal.raise_signal(signal.SIGINT), once=True)
        try:
            write(ledger, "training")
        except KeyboardInterrupt:
            write(ledger, "inference")  # while the interrupted frames are held
    assert pipelines(ledger) == ["inference", "training"]


@sqlite_only
def test_a_signal_interrupts_a_writer_that_waits_for_its_turn(ledger: Ledger) -> None:
    with closing(sqlite3.connect(make_url(ledger.url).database or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        event.listen(Engine, "handle_error", lambda _: signal.raise_signal(signal.SIGINT), once=True)
        with pytest.raises(KeyboardInterrupt), interrupt_on_sigterm():
            write(ledger, "training")
    assert pipelines(ledger) == []
