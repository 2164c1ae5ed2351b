"""The audit log: what was done stays, and is found by person and kind, page by page."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.db.ledger import Ledger
from storage.ledger.audit import Action, ActionFilter, action_count, action_page, people_and_kinds, record_action

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    with ledger.writing() as connection:
        for number in range(6):
            who = "anna" if number % 2 else "ben"
            record_action(connection, Action(who, "pause" if number < 4 else "run", f"subject {number}", "why"), NOW)
    return ledger


def test_pages_follow_each_other_newest_first(filled: Ledger) -> None:
    with filled.reading() as connection:
        pages = [action_page(connection, ActionFilter(), 4, skip) for skip in (0, 4, 8)]
        assert [[row.subject[-1] for row in page] for page in pages] == [["5", "4", "3", "2"], ["1", "0"], []]
        assert action_page(connection, ActionFilter(), 100) == [*pages[0], *pages[1]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ActionFilter(), "543210"),
        (ActionFilter(who="anna"), "531"),
        (ActionFilter(action="run"), "54"),
        (ActionFilter("ben", "pause"), "20"),
        (ActionFilter(action="run", subject="subject 4"), "4"),
        (ActionFilter("anna", subject="subject 4"), ""),
        (ActionFilter("ben' OR 1=1 --"), ""),
        (ActionFilter(about="JECT 3"), "3"),
        (ActionFilter(about="%"), ""),
        (ActionFilter(since=NOW, until=NOW + timedelta(seconds=1)), "543210"),
        (ActionFilter(since=NOW + timedelta(seconds=1)), ""),
        (ActionFilter(until=NOW), ""),
    ],
)
def test_actions_are_found_by_person_and_kind(filled: Ledger, wanted: ActionFilter, found: str) -> None:
    with filled.reading() as connection:
        rows = action_page(connection, wanted, 10)
        assert "".join(row.subject[-1] for row in rows) == found
        assert action_count(connection, wanted) == len(found)


def test_people_and_kinds_are_told_once_each(filled: Ledger) -> None:
    with filled.reading() as connection:
        assert people_and_kinds(connection) == (["anna", "ben"], ["pause", "run"])
        assert people_and_kinds(connection, 1) == (["anna"], ["pause"])
