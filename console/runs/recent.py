"""The recent runs of each pipeline as bars, with their states and durations."""

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment, ledger
from console.app.navigation import run_address
from console.components.elements import join, note_html, write_html
from console.components.theme import STATES
from console.components.times import exact, span
from engine.control.trials import is_trial, trial_words
from storage.db.ledger import LedgerRow
from storage.db.schema import ACTIVE_STATES
from storage.ledger.run_search import RunFilter, runs_page

RECENT = 30
HIGHEST, LOWEST = 38, 3  # pixels of the bar of the longest run and of the shortest possible one; see min-height

RECENT_SHEET = Markup("""<style>
.lw-recent h2 { margin: 0; padding: 0; font-size: 0.95rem; font-weight: 600; }
.lw-bars-of-runs { display: flex; align-items: flex-end; gap: 2px; min-height: 58px; padding: 2px; overflow-x: auto;
  margin: 0; }
.lw-bars-of-runs a { flex: 0 0 11px; display: flex; flex-direction: column; align-items: center; font-size: 0.7rem;
  line-height: 1.2; text-decoration: none; font-weight: 700; }
.lw-bars-of-runs a i { display: block; width: 9px; background: currentColor; border-radius: 2px 2px 0 0; }
.lw-bars-of-runs a i.lw-hollow { background: none; border: 2px dashed currentColor; border-bottom: 0;
  min-height: 8px; }
.lw-bars-of-runs a:hover i { outline: 2px solid var(--lw-ink); }
</style>""")


def recent() -> None:
    """Draws the newest runs of each pipeline, the newest on the right."""
    for column, pipeline in zip(st.columns(len(deployment().pipelines)), deployment().pipelines, strict=True):
        with ledger().reading() as connection:
            rows = runs_page(connection, RECENT, RunFilter(pipeline))
        with column:
            write_html(recent_html(pipeline, rows[::-1]))


def recent_html(pipeline: str, rows: Sequence[LedgerRow]) -> Markup:
    """A bar for each run, oldest first, with the sign of its state below. The height is the duration."""
    frame = Markup('<div class="lw-recent"><h2>{}</h2>{}{}</div>')
    if not rows:
        return frame.format(pipeline, "", note_html("No runs yet"))
    longest = max(map(took, rows))
    bars = Markup('<div class="lw-bars-of-runs" role="group" tabindex="0" aria-label="{}">{}</div>').format(
        f"The newest {len(rows)} runs of {pipeline}", join(_bar(row, longest) for row in rows)
    )
    return frame.format(pipeline, bars, note_html(in_words(rows, longest)))


def in_words(rows: Sequence[LedgerRow], longest: float) -> str:
    """The number of succeeded runs without trials, the number of trials, and the longest duration."""
    trials = sum(is_trial(row) for row in rows)
    ended = [row for row in rows if row.state not in (*ACTIVE_STATES, "skipped") and not is_trial(row)]
    succeeded = sum(row.state == "succeeded" for row in ended)
    told = f"{succeeded} of {len(ended)} succeeded, the longest took {span(longest)}" if ended else "none has ended yet"
    return f"{told}; {trials} {'trial' if trials == 1 else 'trials'} (hollow)" if trials else told


def took(row: LedgerRow) -> float:
    """The duration of a run in seconds; 0 for a run that has not started or not ended."""
    return float((row.finished_at - row.started_at).total_seconds()) if row.started_at and row.finished_at else 0.0


def _bar(row: LedgerRow, longest: float) -> Markup:
    sign, tone, word = STATES.get(row.state, ("?", "quiet", row.state))
    height = LOWEST + (HIGHEST - LOWEST) * (took(row) / longest if longest else 0)
    trial = trial_words(row)
    words = f"{row.run_id}: {f'{trial}, ' if trial else ''}{word}, as of {row.as_of}, {exact(row.requested_at)}"
    words += f", took {span(took(row))}" if took(row) else ""
    hollow = Markup(' class="lw-hollow"') if trial else ""
    return Markup(
        '<a class="lw-{}" href="{}" title="{words}" aria-label="{words}"><i{} style="height:{}px"></i>{}</a>'
    ).format(tone, run_address(row.run_id), hollow, f"{height:.0f}", sign, words=words)
