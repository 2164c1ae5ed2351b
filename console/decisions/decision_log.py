"""The retraining decisions: status, metrics and action of each monitoring date."""

from datetime import datetime
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment, ledger
from console.app.navigation import run_link
from console.components.elements import Text, callout, count, empty, figure, join, note, note_html, state_html
from console.components.table import chosen_page, columns, table
from console.components.times import day, time_html
from jobs.governance.sentences import auc_loans, pooled_words
from jobs.statistics.rounding import two_decimals
from storage.db.ledger import LedgerRow
from storage.ledger.decisions import DATA_FAULT, decision_count, decision_page, open_escalation

PAGE = 20
EVERY, BREACHES = "All decisions", "Breaches and data faults"
COLUMNS = columns("Date", "Decision", "Numbers", "Reason")
BREAK = Markup("<br>")


def escalation() -> None:
    """Shows an alert while an escalated decision is open."""
    with ledger().reading() as connection:
        decision = open_escalation(connection)
    if decision is not None and decision.status == DATA_FAULT:
        callout(
            "bad",
            f"Data fault: a person must check the extracts since {day(decision.monitoring_date)}",
            decision.reason,
            "No retraining is requested while the fault lasts. Deliver the extract again and run `inference` and "
            "`monitoring`; if the values are right as they are, start a training and promote its model with a reason.",
        )
    elif decision is not None:
        callout(
            "bad",
            f"The model needs a review since {day(decision.monitoring_date)}",
            decision.reason,
            "No retraining is requested automatically until a decision is healthy. Check the drift of the features and "
            "the extracts, then start a training, or promote another version.",
        )


def decision_log(now: datetime) -> None:
    """Shows the decisions, newest first, page by page."""
    settings = deployment().settings
    with ledger().reading() as connection:
        if not decision_count(connection):
            empty(
                "No decisions yet",
                "Each monitoring run adds a decision: whether the champion is healthy, and whether to retrain.",
                "Start one with `python -m engine run monitoring`, or wait for the schedule.",
            )
            return
    note(
        f"The present rule retrains when AUC is below {two_decimals(settings.auc_threshold)} or PSI is at least "
        f"{two_decimals(settings.psi_threshold)}, at most once in {settings.cooldown_days:g} days."
    )
    shown = st.segmented_control(
        "Show", [EVERY, BREACHES], default=EVERY, required=True, key="decisions", bind="query-params"
    )
    with ledger().reading() as connection:
        total = decision_count(connection, acted=shown == BREACHES)
    if not total:
        empty("No breaches or data faults", "The champion was within its thresholds at every decision.")
        return
    place = st.container()
    page = chosen_page(total, PAGE)
    with ledger().reading() as connection:
        rows = decision_page(connection, PAGE, (page - 1) * PAGE, acted=shown == BREACHES)
    with place:
        table("Retraining decisions, newest first", COLUMNS, [_cells(row, now) for row in rows], stacked=True)


def _cells(row: LedgerRow, now: datetime) -> tuple[Text, ...]:
    runs = [Markup("Run {}").format(run_link(row.run_id))]
    if row.requested_run_id:
        runs.append(Markup("retraining {}").format(run_link(row.requested_run_id)))
    return (
        time_html(row.decided_at, now, day(row.monitoring_date)),
        join([state_html(row.status), state_html(row.action)], BREAK),
        _numbers(row.numbers),
        join([note_html(row.reason), join(runs, ", ")], BREAK),
    )


def _numbers(numbers: dict[str, Any]) -> Markup:
    """AUC and PSI with interval, noise level and number of loans. A crossed threshold is shown in red."""
    crossed = {each["metric"]: each["threshold"] for each in numbers.get("breaches", ())}
    auc, psi = numbers.get("auc"), numbers.get("psi")
    interval = f" ({figure(numbers.get('auc_low'))} to {figure(numbers.get('auc_high'))})" if auc is not None else ""
    noise = f" (noise level {figure(numbers.get('psi_chance_level'))})" if psi is not None else ""
    loans = auc_loans(numbers) if "labelled" in numbers else ""
    lines: dict[str, Text] = {
        "auc": ", ".join(part for part in (f"AUC {_value(auc)}{interval}", loans, pooled_words(numbers)) if part),
        "psi": f"PSI {_value(psi)}{noise}, {count(numbers.get('window_rows'))} loans",
    }
    for metric, relation in (("auc", "below"), ("psi", "at or above")):
        if metric in crossed:
            words = f"{lines[metric]}, {relation} {two_decimals(crossed[metric])}"
            lines[metric] = Markup('<span class="lw-bad">{}</span>').format(words)
    return join([*lines.values(), _rule(numbers.get("thresholds"))], BREAK)


def _rule(thresholds: dict[str, Any] | None) -> Markup:
    """The thresholds that a decision was made with. Decisions of earlier releases do not have them."""
    if not thresholds:
        return Markup()
    return note_html(
        f"judged by: AUC below {two_decimals(thresholds['auc'])}, PSI at or above {two_decimals(thresholds['psi'])}"
    )


def _value(value: float | None) -> str:
    return "not measured" if value is None else figure(value)
