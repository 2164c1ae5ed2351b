"""What follows from a breach: one retrain a cooldown, three at most that don't help, then a person."""

import itertools
from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.governance.breaches import Status
from jobs.governance.retraining import MOST_RETRAINS, Past, Step, fault_step, next_step, retrains_in_a_row

FIRST = date(2024, 3, 1)
STATUSES: list[Status] = ["healthy", "watch", "breach", "insufficient"]


def after(statuses: Iterable[Status], cooldown_days: float = 7, every: int = 1) -> list[Past]:
    """What a deployment comes to that is monitored every so many days with these results."""
    history: list[Past] = []
    for number, status in enumerate(statuses):
        day = FIRST + timedelta(days=number * every)
        step = Step("none", "fine.")
        if status == "breach":
            step = next_step(day, "PSI is too high.", history, cooldown_days)
        run_id = f"training-{day}" if step.action == "requested" else step.run_id
        history.append(Past(day, status, step.action, run_id))
    return history


def days(history: list[Past], action: str) -> list[int]:
    return [(past.day - FIRST).days for past in history if past.action == action]


def test_a_month_of_breach_makes_one_retrain_a_cooldown_and_then_asks_for_a_person() -> None:
    history = after(["breach"] * 31)
    assert days(history, "requested") == [0, 7, 14]
    assert days(history, "escalated") == [21, 28]
    assert days(history, "suppressed") == [day for day in range(31) if day % 7]


def test_every_suppressed_trigger_says_why() -> None:
    history = after(["breach"] * 3)
    step = next_step(FIRST + timedelta(days=3), "PSI is too high.", history, 7)
    assert step == Step(
        "suppressed",
        "PSI is too high. No run was requested: a retraining was requested on 2024-03-01, within 7 days.",
        "training-2024-03-01",
    )
    weeks = after(["breach"] * 22)
    step = next_step(FIRST + timedelta(days=22), "PSI is too high.", weeks, 7)
    assert (step.action, step.run_id) == ("suppressed", None)
    assert "a review was requested on 2024-03-22, within 7 days" in step.reason


def test_an_escalation_says_what_was_tried() -> None:
    step = next_step(FIRST + timedelta(days=21), "AUC is too low.", after(["breach"] * 21), 7)
    assert step.action == "escalated"
    assert step.reason == (
        "AUC is too low. No run was requested: 3 retrainings in a row did not help "
        "(the first was requested on 2024-03-01). The model needs a review."
    )


def test_a_healthy_decision_begins_the_count_anew() -> None:
    history = after(["breach"] * 20 + ["healthy"] + ["breach"] * 25)
    assert days(history, "requested") == [0, 7, 14, 21, 28, 35]
    assert days(history, "escalated") == [42]


@pytest.mark.parametrize("between", ["watch", "insufficient"])
def test_what_is_not_healthy_proves_nothing(between: Status) -> None:
    statuses: list[Status] = ["breach", between] * 16
    assert len(days(after(statuses), "requested")) == MOST_RETRAINS
    assert days(after(statuses), "escalated")


def test_monthly_decisions_are_beyond_every_cooldown() -> None:
    history = after(["breach"] * 6, every=30)
    assert [past.action for past in history] == ["requested"] * 3 + ["escalated"] * 3


@pytest.mark.parametrize(("gap", "action"), [(0, "suppressed"), (6, "suppressed"), (7, "requested"), (8, "requested")])
def test_the_cooldown_ends_with_its_last_day(gap: int, action: str) -> None:
    history = [Past(FIRST, "breach", "requested", "r")]
    assert next_step(FIRST + timedelta(days=gap), "why.", history, 7).action == action


def test_without_a_cooldown_the_cap_alone_holds() -> None:
    assert [past.action for past in after(["breach"] * 5, cooldown_days=0)] == ["requested"] * 3 + ["escalated"] * 2


def test_what_comes_later_is_not_known_yet() -> None:
    history = [Past(FIRST + timedelta(days=n), "breach", "requested", "r") for n in (1, 8, 15)]
    assert next_step(FIRST, "why.", history, 7).action == "requested"


def test_a_cancelled_retrain_counts_as_not_asked_for() -> None:
    history = [Past(FIRST, "breach", "none", "cancelled")] * 4
    assert next_step(FIRST + timedelta(days=1), "why.", history, 7).action == "requested"


@given(st.lists(st.sampled_from(STATUSES), max_size=80), st.integers(0, 10), st.integers(1, 40))
def test_no_history_makes_more_retrains_than_the_rule_allows(statuses: list[Status], cooldown: int, every: int) -> None:
    history = after(statuses, cooldown, every)
    called = [past.day for past in history if past.action in ("requested", "escalated")]
    assert all((later - earlier).days >= cooldown for earlier, later in itertools.pairwise(called))
    for number, past in enumerate(history):
        assert (past.action == "none") == (past.status != "breach")
        assert len(retrains_in_a_row(history[: number + 1])) <= MOST_RETRAINS
        if past.action == "escalated":
            assert len(retrains_in_a_row(history[:number])) == MOST_RETRAINS


def test_a_data_fault_asks_a_person_once_in_a_cooldown_and_leaves_later_breaches_alone() -> None:
    first, second, third = date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 9)
    assert fault_step(first, "It broke.", [], 7).action == "escalated"
    asked = [Past(first, "data fault", "escalated")]
    again = fault_step(second, "It broke.", asked, 7)
    assert (again.action, "a person was asked on 2026-05-01, within 7 days" in again.reason) == ("suppressed", True)
    assert fault_step(third, "It broke.", asked, 7).action == "escalated"
    assert fault_step(second, "It broke.", [*asked, Past(first, "healthy", "none")], 7).action == "escalated"
    assert next_step(second, "It drifted.", asked, 7).action == "requested"
