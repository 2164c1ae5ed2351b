"""The models: registered once, listed, and which one was champion when."""

import itertools
from datetime import timedelta

from storage.db.ledger import Ledger
from storage.ledger.audit import Action, record_action
from storage.ledger.models import (
    AliasEvent,
    alias_rows,
    anchor,
    champions,
    free_version,
    model_by_alias,
    model_count,
    model_names,
    model_row,
    model_rows,
    move_alias,
    register,
)
from tests.storage.ledger.made import NOW, model, started


def test_who_was_champion_when_has_an_answer(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        assert model_by_alias(connection) is None
        for number, name in enumerate(("m1", "m2")):
            assert register(connection, lease, model(name), NOW)
            move_alias(connection, AliasEvent(name, "me", "better"), NOW + timedelta(days=number))
        move_alias(connection, AliasEvent("m1", "me", "rolled back"), NOW + timedelta(days=2))
    with ledger.reading() as connection:
        at = {day: model_by_alias(connection, at=NOW + timedelta(days=day, hours=1)) for day in range(3)}
        assert [at[day].version for day in range(3) if at[day]] == ["m1", "m2", "m1"]  # type: ignore[union-attr]
        assert model_by_alias(connection, at=NOW - timedelta(days=1)) is None
        assert [known.version for known in champions(connection)] == ["m1", "m2"]


def test_a_model_is_registered_once_and_names_never_collide(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        assert free_version(connection, NOW) == "20240503_120000"
        assert register(connection, lease, model("20240503_120000"), NOW)
        assert not register(connection, lease, model("20240503_120000"), NOW)
        assert free_version(connection, NOW) == "20240503_120001"


def test_models_are_listed_page_by_page(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        for number in range(5):
            register(connection, lease, model(f"m{number}"), NOW + timedelta(hours=number // 2))
        assert model_count(connection) == 5
        pages = [[row.version for row in model_rows(connection, 2, skip)] for skip in (0, 2, 4, 6)]
        assert pages == [["m4", "m3"], ["m2", "m1"], ["m0"], []]
        assert model_names(connection, 3) == ["m4", "m3", "m2"]
        found = model_row(connection, "m3")
        assert found is not None
        assert (found.created_at, found.run_id) == (NOW + timedelta(hours=1), lease.run_id)
        assert model_row(connection, "m9") is None


def test_the_times_of_one_champion(ledger: Ledger) -> None:
    lease = started(ledger)
    with ledger.writing() as connection:
        for name in ("m1", "m2"):
            register(connection, lease, model(name), NOW)
        for day, name in enumerate(("m1", "m2", "m1")):
            move_alias(connection, AliasEvent(name, "me", f"day {day}"), NOW + timedelta(days=day))
        assert [row.why for row in alias_rows(connection, version="m1")] == ["day 2", "day 0"]
        assert [row.version for row in alias_rows(connection)] == ["m1", "m2", "m1"]


def test_the_anchor_is_the_champion_that_a_person_chose_last_else_the_first(ledger: Ledger) -> None:
    lease = started(ledger)

    def champion_now(name: str, run_id: str | None = None) -> str:
        with ledger.writing() as connection:
            register(connection, lease, model(name), NOW)
            move_alias(connection, AliasEvent(name, "run" if run_id else "me", "better", run_id), NOW)
            found = anchor(connection)
        assert found is not None
        return found.version

    with ledger.reading() as connection:
        assert anchor(connection) is None
    by_run = [champion_now(f"m{number}", lease.run_id) for number in range(7)]
    assert by_run == ["m0"] * 7
    assert champion_now("p1") == "p1"
    assert champion_now("m8", lease.run_id) == "p1"
    assert champion_now("m2") == "m2"


def test_a_rollback_makes_no_anchor_of_a_model_that_nobody_chose(ledger: Ledger) -> None:
    lease = started(ledger)
    times = itertools.count()

    def champion_now(name: str, run_id: str | None = None, action: str = "promote") -> str:
        now = NOW + timedelta(days=next(times))
        with ledger.writing() as connection:
            register(connection, lease, model(name), NOW)
            move_alias(connection, AliasEvent(name, "run" if run_id else "me", "better", run_id), now)
            if run_id is None:
                record_action(connection, Action("me", action, name, "better"), now)
            found = anchor(connection)
        assert found is not None
        return found.version

    assert champion_now("first", lease.run_id) == "first"
    assert champion_now("chosen") == "chosen"
    assert champion_now("retrained", lease.run_id) == "chosen"
    assert champion_now("again", lease.run_id) == "chosen"
    assert champion_now("retrained", action="rollback") == "chosen"
    assert champion_now("again", action="rollback") == "chosen"
    assert champion_now("retrained", action="rollback") == "chosen"  # the earlier rollback chose nothing either
    assert champion_now("first", action="rollback") == "first"
    assert champion_now("chosen", action="rollback") == "chosen"
    assert champion_now("retrained") == "retrained"
