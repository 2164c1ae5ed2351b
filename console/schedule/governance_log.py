"""The governance log: what the gate decided at each monitoring date, on which numbers, and what was done about it."""

from datetime import datetime
from typing import Any

import streamlit as st

from console.app.deployment import deployment, ledger
from console.components.elements import callout, count, empty, figure, state_html
from console.components.event_list import chosen_page, lines, note_html, run_link
from console.components.times import day, time_html
from storage.db.ledger import LedgerRow
from storage.ledger.decisions import decision_count, decision_page, open_escalation

PAGE = 20
EVERY, DUE = "every decision", "where a retrain was due"
COLUMNS = "7rem 9rem 19rem 1fr"


def escalation() -> None:
    """That a person is asked for, as long as that stands."""
    with ledger().reading() as connection:
        found = open_escalation(connection)
    if found is not None:
        callout(
            "bad",
            f"A person is asked to look at the model, since {day(found.monitoring_date)}",
            found.reason,
            "No retrain is requested by itself until a decision is healthy. Look at the drift of the features and at "
            "the extracts, then train by hand, or promote another version.",
        )


def governance_log(now: datetime) -> None:
    """The decisions, newest first, page by page."""
    settings = deployment().settings
    st.header("Governance log")
    with ledger().reading() as connection:
        if not decision_count(connection):
            empty(
                "No decisions yet",
                "Each monitoring run writes here whether the champion is healthy, and whether it asks for a retrain.",
                "A run follows from the schedule, or from `python -m engine run monitoring`.",
            )
            return
    st.caption(
        f"A retrain is due when AUC falls below {settings.auc_threshold:g} or PSI reaches {settings.psi_threshold:g}; "
        f"one in {settings.cooldown_days:g} days is asked for."
    )
    shown = st.segmented_control(
        "Show", [EVERY, DUE], default=EVERY, required=True, key="decisions", bind="query-params"
    )
    with ledger().reading() as connection:
        total = decision_count(connection, acted=shown == DUE)
    if not total:
        empty("No retrain was ever due", "Every decision so far found the champion within its thresholds.")
        return
    place = st.container()
    page = chosen_page(total, PAGE)
    with ledger().reading() as connection:
        rows = decision_page(connection, PAGE, (page - 1) * PAGE, acted=shown == DUE)
    with place:
        lines("Governance decisions, newest first", COLUMNS, [_line(row, now) for row in rows])


def _line(row: LedgerRow, now: datetime) -> tuple[str, ...]:
    asked = f"monitoring {run_link(row.run_id)}"
    if row.requested_run_id:
        asked += f" &nbsp; retrain {run_link(row.requested_run_id)}"
    return (
        time_html(row.decided_at, now, day(row.monitoring_date)),
        f"{state_html(row.status)}<br>{state_html(row.action)}",
        _numbers(row.numbers),
        f"{note_html(row.reason)}<br>{asked}",
    )


def _numbers(numbers: dict[str, Any]) -> str:
    """AUC and PSI with what they rest on, and the threshold that was crossed."""
    crossed = {each["metric"]: each["threshold"] for each in numbers.get("breaches", ())}
    auc, psi = numbers.get("auc"), numbers.get("psi")
    interval = f" ({figure(numbers.get('auc_low'))} to {figure(numbers.get('auc_high'))})" if auc is not None else ""
    told = [f"AUC {_value(auc)}{interval}, n {count(numbers.get('labelled'))}"]
    chance = f" (chance {figure(numbers.get('psi_chance_level'))})" if psi is not None else ""
    told.append(f"PSI {_value(psi)}{chance}, n {count(numbers.get('window_rows'))}")
    for index, (metric, sign) in enumerate((("auc", "below"), ("psi", "at or above"))):
        if metric in crossed:
            told[index] = f'<span class="lw-bad">{told[index]}, {sign} {crossed[metric]:g}</span>'
    return "<br>".join(told)


def _value(value: float | None) -> str:
    return "not measured" if value is None else figure(value)
