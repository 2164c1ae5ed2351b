"""The verdict of a monitoring date in one sentence, with the numbers, the rows and the noise behind it."""

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from console.components.elements import count, state_html, with_code
from console.components.times import day
from console.drift.query import View
from jobs.governance.policy import Thresholds
from jobs.statistics.rounding import rounded_apart
from storage.db.ledger import LedgerRow

MOST_NAMED = 3  # features that a sentence names
DONE = {
    "none": "",
    "requested": "the gate asked for a retrain",
    "suppressed": "the gate asked for no retrain, for the last one was not long before",
    "escalated": "the gate asks for a person, for retraining did not help",
}


def show_verdict(view: View) -> None:
    """The verdict at the top of the page, why, and the ways to its runs."""
    row = view.row
    sentence = verdict(row, view.decision, view.thresholds)
    why = drivers(view.features) if row["status"] in ("breach", "watch") else ""
    told = [part for part in (why, _standing(view)) if part]
    st.html(
        f'<div class="lw-verdict"><p class="lw-says">{state_html(row["status"], row["status"].capitalize())} '
        f"on {day(view.choice.day)}: {escape(sentence)}</p>"
        f'<p class="lw-note">{escape(" ".join(told))} {_links(view)}</p>{_reason(view.decision)}</div>'
    )


def verdict(row: Mapping[str, Any], decision: LedgerRow | None, limits: Thresholds) -> str:
    """The sentence about a row of the monitoring history and the decision on it, if one is known."""
    done = DONE.get(decision.action, "") if decision else ""
    parts = [auc_words(row, limits), psi_words(row, limits)]
    if row["psi"] is not None and row["psi"] >= limits.psi_watch:
        parts.reverse()  # what is the matter stands first
    parts.append(done)
    return "; ".join(part for part in parts if part) + "."


def auc_words(row: Mapping[str, Any], limits: Thresholds) -> str:
    """What the AUC says, with interval, labelled loans and threshold."""
    if row["auc_status"] != "measured":
        estimate = row["auc_estimate"]
        hint = f" (estimated without labels: {estimate:.3f})" if estimate is not None else ""
        return f"AUC can't be judged on {count(row['labelled'])} labelled loans{hint}"
    value = rounded_apart(row["auc"], limits.auc)
    numbers = f"(95% interval {row['auc_low']:.3f} to {row['auc_high']:.3f}, {count(row['labelled'])} labelled loans)"
    if row["auc"] >= limits.auc:
        near = ", though its interval goes below" if row["auc_low"] < limits.auc else ""
        return f"AUC {value} {numbers} is above the minimum of {limits.auc:.2f}{near}"
    sure = "with its whole interval" if row["auc_high"] < limits.auc else "but within noise"
    return f"AUC {value} {numbers} is below {limits.auc:.2f}, {sure}"


def psi_words(row: Mapping[str, Any], limits: Thresholds) -> str:
    """What the PSI says, with the window's loans and cohorts, the level of chance and the threshold."""
    if row["psi"] is None:
        return f"drift can't be judged on {count(row['window_rows'])} loans in the current window"
    value, level = rounded_apart(row["psi"], limits.psi), row["psi_chance_level"]
    cohorts = " to ".join(dict.fromkeys(str(row[name]) for name in ("window_from", "window_to")))
    numbers = f"({count(row['window_rows'])} loans of {cohorts}; noise level (99%) {level:.3f})"
    if row["psi"] < limits.psi_watch:
        return f"the scores are stable, PSI {value} {numbers}"
    if row["psi"] < limits.psi:
        return f"the scores have moved, PSI {value} {numbers} is below {limits.psi:g} and watched"
    sure = "" if row["psi"] > level else ", within noise"
    return f"the scores have drifted, PSI {value} {numbers} is at or above {limits.psi:g}{sure}"


def drivers(features: pd.DataFrame) -> str:
    """Which inputs moved the most, beyond what chance reaches; that none did, if so."""
    moved = features[(features["band"] != "stable") & (features["csi"] > features["chance_level"])]
    if moved.empty:
        return "No single input has drifted beyond chance." if len(features) else ""
    first = moved.sort_values("csi", ascending=False).head(MOST_NAMED)
    named = ", ".join(f"{name} {csi:.2f}" for name, csi in zip(first["feature"], first["csi"], strict=True))
    more = f" and {len(moved) - len(first)} more" if len(moved) > len(first) else ""
    return f"Inputs that drifted the most (CSI): {named}{more}."


def _standing(view: View) -> str:
    version = view.row["model_version"]
    if version == view.champion:
        return f"Model {version}, the champion."
    now = f"; now it is {view.champion}" if view.champion else ""
    return f"Model {version}, champion then{now}."


def _links(view: View) -> str:
    links = [("the monitoring run", view.measured.run_id)]
    if view.decision is not None:
        links.append(("the retrain", view.decision.requested_run_id))
    told = [f'<a href="/run?run_id={escape(run_id)}">{escape(words)}</a>' for words, run_id in links if run_id]
    return "See " + " and ".join(told) + "." if told else ""


def _reason(decision: LedgerRow | None) -> str:
    """The gate's own words where it did something, as they were recorded."""
    if decision is not None and decision.action == "none":
        return ""
    if decision is None:
        return '<p class="lw-note">The gate recorded no decision about this date.</p>'
    return f'<p class="lw-note">The gate recorded: {with_code(decision.reason)}</p>'
