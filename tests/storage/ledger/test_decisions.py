"""Governance decisions in the ledger: read page by page, and whether a person is still asked for."""

from datetime import UTC, date, datetime

from sqlalchemy import Connection

from storage.db.ledger import Ledger
from storage.db.schema import runs
from storage.ledger.decisions import (
    GovernanceDecision,
    decision_count,
    decision_page,
    decision_rows,
    decisions_between,
    open_escalation,
    record_decision,
)
from storage.ledger.runs import Request, request_run

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def decided(connection: Connection, day: int, status: str, action: str) -> None:
    """A decision about a day of May."""
    as_of = date(2026, 5, day)
    run_id = request_run(connection, Request("monitoring", as_of, "anna"), NOW)
    connection.execute(runs.update().values(state="succeeded", finished_at=NOW))
    record_decision(connection, GovernanceDecision(run_id, as_of, status, {}, action, "why"), NOW)


def days(rows: object) -> list[int]:
    return [row.monitoring_date.day for row in rows]  # type: ignore[attr-defined]


def test_decisions_are_read_page_by_page_all_or_those_that_were_acted_upon(ledger: Ledger) -> None:
    kinds = ("none", "requested", "suppressed", "none", "escalated")
    with ledger.writing() as connection:
        for day, action in enumerate(kinds, 1):
            decided(connection, day, "breach", action)
        assert days(decision_page(connection, 3)) == [5, 4, 3]
        assert days(decision_page(connection, 3, 3)) == [2, 1]
        assert days(decision_page(connection, 2, acted=True)) == [5, 3]
        assert days(decision_page(connection, 2, 2, acted=True)) == [2]
        assert (decision_count(connection), decision_count(connection, acted=True)) == (5, 3)
        assert decision_rows(connection) == decision_page(connection, 9)


def test_a_person_is_asked_for_until_a_decision_is_healthy(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        assert open_escalation(connection) is None
        decided(connection, 3, "healthy", "none")
        assert open_escalation(connection) is None
        decided(connection, 10, "breach", "escalated")
        decided(connection, 11, "watch", "none")
        decided(connection, 12, "breach", "suppressed")
        assert open_escalation(connection).monitoring_date == date(2026, 5, 10)  # type: ignore[union-attr]
        decided(connection, 9, "healthy", "none")  # a replay of an earlier day changes nothing
        assert open_escalation(connection) is not None
        decided(connection, 13, "healthy", "none")
        assert open_escalation(connection) is None
        decided(connection, 20, "breach", "escalated")
        assert open_escalation(connection).monitoring_date == date(2026, 5, 20)  # type: ignore[union-attr]


def test_decisions_of_a_period_are_the_newest_of_it_without_their_numbers(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        for day in (1, 2, 3, 2):
            decided(connection, day, "healthy", "none")
        found = decisions_between(connection, date(2026, 5, 2), date(2026, 5, 3))
        assert days(found) == [2, 3, 2]
        assert not hasattr(found[0], "numbers")
        assert days(decisions_between(connection, date(2026, 5, 1), date(2026, 5, 3), limit=2)) == [2, 3]


def test_an_escalated_data_fault_is_open_while_it_lasts(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        decided(connection, 1, "breach", "escalated")
        decided(connection, 2, "data fault", "escalated")
        decided(connection, 3, "data fault", "suppressed")
        assert days([open_escalation(connection)]) == [2]
        decided(connection, 4, "watch", "none")
        assert days([open_escalation(connection)]) == [1]
        decided(connection, 5, "healthy", "none")
        assert open_escalation(connection) is None
